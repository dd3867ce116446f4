// SPDX-License-Identifier: Apache-2.0
#include "app/completion_words.h"

#include "app/completion.h"
#include "app/settings_kinds.h"
#include "platform/signals.h"

namespace kaigara::app {

namespace {

constexpr int last_standard_signal = 31;

void append(std::string& words, std::string_view word) {
    if (!words.empty()) words += ' ';
    words += word;
}

std::string signal_words() {
    std::string words;
    for (int signal = 1; signal <= last_standard_signal; ++signal)
        append(words, platform::signal_name(signal));
    return words;
}

std::string command_words() {
    std::string words;
    for (const Command& command : command_table()) append(words, command.name);
    return words;
}

// {"enum": ["a", "b", false]}: a and b.
std::string words_of_enumeration(std::string_view schema) {
    std::string words;
    std::size_t quote = schema.find('[');
    while ((quote = schema.find('"', quote)) != std::string_view::npos) {
        const std::size_t end = schema.find('"', quote + 1);
        append(words, schema.substr(quote + 1, end - quote - 1));
        quote = end + 1;
    }
    return words;
}

// The first word of each line that is set in, as in the help of `ledger`.
std::string words_of_details(std::string_view details) {
    std::string words;
    while (!details.empty()) {
        const std::string_view line = details.substr(0, details.find('\n'));
        details.remove_prefix(std::min(line.size() + 1, details.size()));
        if (line.starts_with("  ")) append(words, line.substr(2, line.find(' ', 2) - 2));
    }
    return words;
}

}  // namespace

Offer offer_of(const Setting& setting) {
    using enum Offer::Kind;
    if (setting.is_switch()) return {};
    if (setting.schema.starts_with("{\"enum\""))
        return {words, words_of_enumeration(setting.schema)};
    if (setting.schema == kind::signal) return {words, signal_words()};
    if (setting.schema == kind::user) return {users};
    if (setting.argument == "DIR") return {folders};
    if (setting.schema == kind::path || setting.argument == "FILE") return {files};
    return {anything};
}

Offer offer_of_operands(const Command& command) {
    using enum Offer::Kind;
    switch (command.bit) {
    case command::start:
    case command::exec: return {program};
    case command::render: return {files};
    case command::init: return {folders};
    case command::help: return {words, command_words()};
    case command::ledger: return {words, words_of_details(command.details)};
    case command::completion: return {words, std::string(shells)};
    default: return command.most_operands == 0 ? Offer{} : Offer{anything};
    }
}

std::vector<const Setting*> settings_of(const Command& command) {
    std::vector<const Setting*> found;
    for (const Setting& setting : settings_table()) {
        if ((setting.commands & command.bit) != 0) found.push_back(&setting);
    }
    return found;
}

}  // namespace kaigara::app
