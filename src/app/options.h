// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line, and how its options meet the environment and kaigara.yml: an option beats the
// environment, which beats kaigara.yml, which beats the default.

#include <optional>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "app/settings_table.h"
#include "base/result.h"

namespace kaigara::app {

// Views into argv.
struct CommandLine {
    Commands command = command::start;
    struct Given {
        const Setting* setting;
        std::string_view value;
    };
    std::vector<Given> options{};
    // Of start and exec: the program and its arguments, null-terminated; null when there is none.
    char** program = nullptr;
    // Of the other commands.
    std::vector<std::string_view> operands{};
};

// Reads argv[1..]. For start and exec the first word that is no option ends them; the other
// commands take options anywhere. Fault::usage, with the nearest word for one that is unknown.
Result<CommandLine> parse_command_line(int argc, char** argv);

// The settings of a command. kaigara.yml is read by those commands that take --config; with
// `file_errors` what is wrong in it is put there and the rest is used.
Result<Settings, Errors> load_settings(const CommandLine& line, char** environment,
                                       Errors* file_errors = nullptr);

}  // namespace kaigara::app
