// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/waiter.h"

namespace kaigara::app {

namespace {

constexpr std::size_t any_number = 100'000;

constexpr std::string_view ledger_actions =
    "Actions:\n"
    "  list                            each operation, and where it stands\n"
    "  history [NAME]                  what has happened, line by line\n"
    "  verify                          is every line as it was written?\n"
    "  forget NAME                     as if it had never run: it runs at the next start\n"
    "  baseline [NAME]                 it (or all that have not run) is done, though not by "
    "kaigara\n"
    "  accept NAME                     it was interrupted or edited: it is done as it is now\n"
    "  salvage                         make a damaged ledger whole, and keep a copy of it\n";

// clang-format off
constexpr std::array table = {
    Command{command::start, "start", "[PROGRAM [ARG]...]",
            "resolve metadata, write files, run the operations, supervise the program", 0, any_number},
    Command{command::exec, "exec", "PROGRAM [ARG]...",
            "supervise only: no configuration, no metadata, no operations", 0, any_number},
    Command{command::provision, "provision", "",
            "resolve metadata, write files, run the operations, end", 0, 0},
    Command{command::plan, "plan", "",
            "what provision would do now, with a diff of each file; changes nothing", 0, 0},
    Command{command::check, "check", "",
            "find all errors in kaigara.yml, metadata, templates and operations", 0, 0},
    Command{command::ledger, "ledger", "ACTION [NAME]",
            "read and mend the record of operations", 1, 2, ledger_actions},
    Command{command::render, "render", "TEMPLATE",
            "render one template of the resources, or a path", 1, 1},
    Command{command::get, "get", "PATH",
            "print one metadata value: a scalar as it is, a map or list as JSON", 1, 1},
    Command{command::metadata, "metadata", "",
            "print the whole metadata tree, secrets masked", 0, 0},
    Command{command::wait, "wait", "TARGET...",
            "wait until all answer: tcp:HOST:PORT, http://HOST/PATH, unix:PATH, file:PATH", 1,
            platform::Waiter::most_targets},
    Command{command::status, "status", "",
            "what the kaigara of this container is doing, and how its application fares", 0, 0},
    Command{command::health, "health", "",
            "exit 0 when the application is ready (--live: live, --startup: was ready), else 1", 0, 0},
    Command{command::reload, "reload", "",
            "make the application read its configuration again, as --on-reload says", 0, 0},
    Command{command::restart, "restart", "",
            "stop the application in order and start it again", 0, 0},
    Command{command::init, "init", "[DIR]",
            "make a kaigara.yml, metadata, resources, operations and a Dockerfile", 0, 1},
    Command{command::completion, "completion", "SHELL",
            "print the completion script of bash, zsh or fish", 1, 1},
    Command{command::version, "version", "",
            "print the version", 0, 0},
    Command{command::help, "help", "[COMMAND]",
            "print this text, or that of a command", 0, 1},
};
// clang-format on

constexpr std::string_view overview_head =
    "kaigara: the first process of a container. It resolves metadata, provisions, and supervises "
    "one\napplication.\n\n"
    "  kaigara COMMAND [OPTION]... [--] [ARG]...\n"
    "  kaigara -- PROGRAM [ARG]...               the same as 'kaigara start PROGRAM [ARG]...'\n\n"
    "Commands:\n";

constexpr std::string_view overview_tail =
    "\nThe options of a command: kaigara help COMMAND. Each option of start, exec and provision "
    "is\n"
    "also an environment variable: --stop-timeout is KAIGARA_STOP_TIMEOUT.\n"
    "Called tini, docker-init, dumb-init, catatonit or podman-init, kaigara is that program.\n";

constexpr std::size_t left_column = 34;

void append_row(std::string& out, std::string left, std::string_view right) {
    if (left.size() >= left_column) {
        out += fmt::format("{}\n", left);
        left.clear();
    }
    out += fmt::format("{:<{}}{}\n", left, left_column, right);
}

std::string setting_text(const Setting& setting) {
    std::string left = setting.letter == 0 ? "      " : fmt::format("  -{}, ", setting.letter);
    left += fmt::format("--{}", setting.name);
    if (!setting.is_switch()) left += fmt::format(" {}", setting.argument);
    return left;
}

}  // namespace

std::span<const Command> command_table() noexcept { return table; }

const Command* find_command(std::string_view name) noexcept {
    if (name == "--help" || name == "-h") name = "help";
    if (name == "--version") name = "version";
    const auto found = std::ranges::find(table, name, &Command::name);
    return found == table.end() ? nullptr : &*found;
}

std::string_view command_name(Commands bit) noexcept {
    const auto found = std::ranges::find(table, bit, &Command::bit);
    return found == table.end() ? std::string_view() : found->name;
}

Result<void> check_operands(Commands bit, const std::vector<std::string_view>& operands) {
    const Command& command = *std::ranges::find(table, bit, &Command::bit);
    if (operands.size() < command.fewest_operands)
        return Error{Fault::usage, 0,
                     fmt::format("'{}' needs an argument: kaigara {} {}", command.name,
                                 command.name, command.operands),
                     ""};
    if (operands.size() > command.most_operands)
        return Error{Fault::usage, 0,
                     fmt::format("'{}' does not take '{}'; see 'kaigara help {}'", command.name,
                                 text::printable(operands[command.most_operands], 60),
                                 command.name),
                     ""};
    return {};
}

Result<std::string> help_text(std::string_view name) {
    std::string out;
    if (name.empty()) {
        out = overview_head;
        for (const Command& command : table)
            append_row(out, fmt::format("  {} {}", command.name, command.operands), command.help);
        out += overview_tail;
        return out;
    }
    const Command* command = find_command(name);
    if (command == nullptr) {
        std::vector<std::string_view> names;
        for (const Command& known : table) names.push_back(known.name);
        return Error{Fault::usage, 0,
                     fmt::format("unknown command '{}'{}; see 'kaigara help'",
                                 text::printable(name, 60), text::did_you_mean(name, names)),
                     ""};
    }
    const bool has_options =
        std::ranges::any_of(settings_table(), [command](const Setting& setting) {
            return (setting.commands & command->bit) != 0;
        });
    out =
        fmt::format("kaigara {}{}{}{}\n\n  {}\n", command->name, has_options ? " [OPTION]..." : "",
                    command->operands.empty() ? "" : " ", command->operands, command->help);
    if (!command->details.empty()) out += fmt::format("\n{}", command->details);
    if (!has_options) return out;
    out += "\nOptions:\n";
    for (const Setting& setting : settings_table()) {
        if ((setting.commands & command->bit) != 0)
            append_row(out, setting_text(setting), setting.help);
    }
    append_row(out, "  -h, --help", "print this text");
    return out;
}

std::string version_text() { return "kaigara " KAIGARA_VERSION "\n"; }

}  // namespace kaigara::app
