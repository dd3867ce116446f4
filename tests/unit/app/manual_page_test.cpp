// SPDX-License-Identifier: Apache-2.0

// docs/man: what people write stands in *.in, and a line @NAME@ in it becomes what the tables of
// commands and settings say. KAIGARA_UPDATE_DOCS=1 writes the pages anew.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "app/commands.h"
#include "app/settings_objects.h"
#include "app/settings_structure.h"
#include "app/settings_table.h"

using namespace kaigara;
using namespace kaigara::app;

namespace {

const std::string folder = KAIGARA_SOURCE_ROOT "/docs/man/";

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Text as man(7) wants it: a minus that can be copied, no line that begins with a control
// character.
std::string roff(std::string_view text) {
    std::string out;
    if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
    for (const char c : text) {
        if (c == '-')
            out += "\\-";
        else if (c == '\\')
            out += "\\e";
        else
            out += c;
    }
    return out;
}

std::string names(Commands commands) {
    std::string out;
    for (const Command& command : command_table()) {
        if ((commands & command.bit) == 0) continue;
        if (!out.empty()) out += ", ";
        out += command.name;
    }
    return out;
}

std::string commands_text() {
    std::string out;
    for (const Command& command : command_table()) {
        out += fmt::format(".TP\n\\fBkaigara {}\\fR {}\n{}.\n", roff(command.name),
                           roff(command.operands), roff(command.help));
        if (!command.details.empty())
            out += fmt::format(".RS\n.PP\n.nf\n{}.fi\n.RE\n", roff(command.details));
    }
    return out;
}

std::string options_text() {
    constexpr Commands with_variables = command::start | command::exec | command::provision;
    std::string out;
    for (const Setting& setting : settings_table()) {
        out += ".TP\n";
        if (setting.letter != 0) out += fmt::format("\\fB\\-{}\\fR, ", setting.letter);
        out += fmt::format("\\fB\\-\\-{}\\fR{}\n{}.\n", roff(setting.name),
                           setting.is_switch() ? ""
                                               : fmt::format(" \\fI{}\\fR", roff(setting.argument)),
                           roff(setting.help));
        out += fmt::format("Of {}.\n", names(setting.commands));
        if ((setting.commands & with_variables) != 0)
            out += fmt::format("Environment: \\fB{}\\fR.\n", roff(variable_of(setting)));
        if (!setting.key.empty())
            out += fmt::format("In kaigara.yml: \\fB{}\\fR.\n", roff(setting.key));
        if (setting.repeats) out += "May be given several times.\n";
    }
    return out;
}

std::string keys_text() {
    std::map<std::string, std::string, std::less<>> keys;
    for (const StructuredKey& key : structured_keys())
        keys[std::string(key.name)] = roff(key.help) + ".\n";
    for (const Setting& setting : settings_table()) {
        if (setting.key.empty()) continue;
        keys[std::string(setting.key)] =
            fmt::format("{}{}.\nOption: \\fB\\-\\-{}\\fR.\n", roff(setting.help),
                        setting.repeats ? "; one, or a list" : "", roff(setting.name));
    }
    std::string out;
    for (const auto& [name, text] : keys)
        out += fmt::format(".TP\n\\fB{}\\fR\n{}", roff(name), text);
    return out;
}

template <class Keys>
std::string objects_text(const Keys& keys) {
    std::string out;
    for (const auto& key : keys)
        out += fmt::format(".TP\n\\fB{}\\fR\n{}{}.\n", roff(key.name), roff(key.help),
                           key.is_needed ? " (needed)" : "");
    return out;
}

std::string page(const std::string& name) {
    const std::map<std::string, std::function<std::string()>, std::less<>> parts = {
        {"@COMMANDS@", commands_text},
        {"@OPTIONS@", options_text},
        {"@KEYS@", keys_text},
        {"@SOURCES@", [] { return objects_text(source_keys()); }},
        {"@TEMPLATES@", [] { return objects_text(file_entry_keys()); }},
    };
    std::istringstream lines(content(folder + name + ".in"));
    std::string out =
        ".\\\" Made from " + name + ".in and the tables of settings: see tests/unit/app.\n";
    for (std::string line; std::getline(lines, line);) {
        const auto part = parts.find(line);
        out += part == parts.end() ? line + "\n" : part->second();
    }
    return out;
}

}  // namespace

TEST_SUITE("app") {

TEST_CASE("the manual pages are what the settings tables say") {
    for (const char* const name : {"kaigara.1", "kaigara.yml.5"}) {
        CAPTURE(name);
        const std::string path = folder + name;
        if (std::getenv("KAIGARA_UPDATE_DOCS") != nullptr) std::ofstream(path) << page(name);
        CHECK(content(path) == page(name));
        CHECK(content(path).find("\n@") == std::string::npos);
    }
}

}  // TEST_SUITE("app")
