// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands, and the ones that only print.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings_table.h"
#include "base/result.h"

namespace kaigara::app {

struct Command {
    Commands bit;
    std::string_view name;
    std::string_view operands;  // as the help shows them
    std::string_view help;
    std::size_t fewest_operands;
    std::size_t most_operands;
    // Further text of its help, above the options; lines with their ends.
    std::string_view details = {};
};

std::span<const Command> command_table() noexcept;

// By name; "--help", "-h" and "--version" are names of help and version. nullptr for none.
const Command* find_command(std::string_view name) noexcept;
std::string_view command_name(Commands bit) noexcept;

// Fault::usage when there are too few or too many.
Result<void> check_operands(Commands command, const std::vector<std::string_view>& operands);

// The text of `kaigara help [COMMAND]`; an empty name is the overview. Fault::usage for a name that
// is none.
Result<std::string> help_text(std::string_view name);

std::string version_text();

}  // namespace kaigara::app
