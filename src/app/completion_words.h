// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a shell offers when TAB is pressed, read off the tables of commands and settings: no list of
// options exists a second time. The scripts that shells read are made of this (completion.h).

#include <string>
#include <string_view>
#include <vector>

#include "app/commands.h"
#include "app/settings_table.h"

namespace kaigara::app {

// What stands behind an option, or as an operand.
struct Offer {
    enum class Kind {
        nothing,   // no value: a switch, a command without operands
        anything,  // a value that nobody can guess
        words,     // one of `words`, blanks between them
        files,     //
        folders,   //
        users,     //
        program,   // a program, and then whatever that program is completed with
    };
    Kind kind = Kind::nothing;
    std::string words{};
};

Offer offer_of(const Setting& setting);
Offer offer_of_operands(const Command& command);

// The settings that a command takes, in the order of its help.
std::vector<const Setting*> settings_of(const Command& command);

}  // namespace kaigara::app
