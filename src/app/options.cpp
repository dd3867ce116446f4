// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <bitset>
#include <cstring>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/settings_file.h"
#include "app/settings_objects.h"
#include "base/text.h"
#include "platform/files.h"

namespace kaigara::app {

namespace {

Error usage(std::string message) { return {Fault::usage, 0, std::move(message), ""}; }

class Parser {
public:
    Parser(int argc, char** argv) : argc_(argc), argv_(argv) {}

    Result<CommandLine> parse() {
        KG_TRY(read_command());
        const bool runs_program = (line_.command & (command::start | command::exec)) != 0;
        while (next_ < argc_) {
            const std::string_view word = argv_[next_];
            if (word == "--") {
                ++next_;
                break;
            }
            if (word.size() < 2 || word[0] != '-') {
                if (runs_program) break;
                line_.operands.push_back(word);
                ++next_;
                continue;
            }
            ++next_;
            KG_TRY(word[1] == '-' ? read_long(word.substr(2)) : read_letters(word.substr(1)));
        }
        if (runs_program) {
            if (next_ < argc_) line_.program = argv_ + next_;
        } else {
            while (next_ < argc_) line_.operands.emplace_back(argv_[next_++]);
        }
        KG_TRY(check_operands(line_.command, line_.operands));
        return std::move(line_);
    }

private:
    Result<void> read_command() {
        if (argc_ < 2) return usage("a command is needed: see 'kaigara help'");
        const std::string_view word = argv_[1];
        // `kaigara -- PROGRAM` and `kaigara --log-level debug -- PROGRAM` are `start`.
        if (word.starts_with('-') && word != "--help" && word != "-h" && word != "--version")
            return {};
        ++next_;
        const Command* found = find_command(word);
        if (found == nullptr) {
            std::vector<std::string_view> names;
            for (const Command& command : command_table()) names.push_back(command.name);
            return usage(fmt::format("unknown command '{}'{}; see 'kaigara help'",
                                     text::printable(word, 60), text::did_you_mean(word, names)));
        }
        line_.command = found->bit;
        return {};
    }

    Result<void> read_long(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        if (name == "help") return ask_for_help();
        for (const Setting& setting : settings_table()) {
            if (setting.name != name || (setting.commands & line_.command) == 0) continue;
            if (equals != std::string_view::npos) {
                line_.options.push_back({&setting, word.substr(equals + 1)});
                return {};
            }
            if (setting.is_switch()) {
                line_.options.push_back({&setting, "1"});
                return {};
            }
            return take_argument(setting, fmt::format("--{}", name));
        }
        std::vector<std::string_view> names;
        for (const Setting& setting : settings_table()) {
            if ((setting.commands & line_.command) != 0) names.push_back(setting.name);
        }
        const auto near = text::nearest(name, names);
        return usage(fmt::format("unknown option '--{}' of '{}'{}", text::printable(name, 60),
                                 command_name(line_.command),
                                 near ? fmt::format(" (did you mean '--{}'?)", *near) : ""));
    }

    Result<void> read_letters(std::string_view letters) {
        while (!letters.empty()) {
            const char letter = letters[0];
            letters.remove_prefix(1);
            if (letter == 'h') return ask_for_help();
            const Setting* setting = find_letter(letter);
            if (setting == nullptr)
                return usage(fmt::format("unknown option '-{}' of '{}'; see 'kaigara help {}'",
                                         text::printable({&letter, 1}), command_name(line_.command),
                                         command_name(line_.command)));
            if (setting->is_switch()) {
                line_.options.push_back({setting, "1"});
                continue;
            }
            if (letters.empty()) return take_argument(*setting, fmt::format("-{}", letter));
            line_.options.push_back({setting, letters});
            return {};
        }
        return {};
    }

    const Setting* find_letter(char letter) const {
        for (const Setting& setting : settings_table()) {
            if (setting.letter == letter && (setting.commands & line_.command) != 0)
                return &setting;
        }
        return nullptr;
    }

    Result<void> take_argument(const Setting& setting, const std::string& option) {
        if (next_ >= argc_)
            return usage(fmt::format("option '{}' needs a value: {}", option, setting.argument));
        line_.options.push_back({&setting, argv_[next_++]});
        return {};
    }

    // `kaigara start --help` is `kaigara help start`.
    Result<void> ask_for_help() {
        line_.operands = {command_name(line_.command)};
        line_.command = command::help;
        next_ = argc_;
        return {};
    }

    int argc_;
    char** argv_;
    int next_ = 1;
    CommandLine line_;
};

// The words of a repeated setting in one environment variable: lines for --set, whose values may
// hold anything else; blanks and commas for the others.
std::vector<std::string_view> split_variable(const Setting& setting, std::string_view value) {
    if (!setting.repeats) return {value};
    std::vector<std::string_view> words;
    const std::string_view separators = setting.name == "set" ? "\n" : " \t\n,";
    while (!value.empty()) {
        const std::size_t end = value.find_first_of(separators);
        if (const std::string_view word = value.substr(0, end); !word.empty())
            words.push_back(word);
        if (end == std::string_view::npos) break;
        value.remove_prefix(end + 1);
    }
    return words;
}

// Whether `variable` (without KAIGARA_) is the setting's.
bool is_variable_of(std::string_view variable, const Setting& setting) {
    if (variable.size() != setting.name.size()) return false;
    for (std::size_t i = 0; i < variable.size(); ++i) {
        const char c = setting.name[i];
        const char wanted = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
        if (variable[i] != wanted) return false;
    }
    return true;
}

constexpr std::string_view variable_prefix = "KAIGARA_";
constexpr Commands with_variables = command::start | command::exec | command::provision;

using Chosen = std::bitset<64>;

void assign(Settings& settings, const Setting& setting, std::string_view value, std::string where,
            Errors& errors) {
    auto assigned = setting.assign(settings, value);
    if (assigned) return;
    assigned.error().where = std::move(where);
    errors.push_back(std::move(assigned).error());
}

void apply_environment(Settings& settings, Commands command, char** environment,
                       const Chosen& from_options, Chosen& chosen, Errors& errors) {
    const auto table = settings_table();
    for (char** entry = environment; *entry != nullptr; ++entry) {
        if (std::strncmp(*entry, variable_prefix.data(), variable_prefix.size()) != 0) continue;
        const std::string_view text = *entry + variable_prefix.size();
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        for (std::size_t i = 0; i < table.size(); ++i) {
            const Setting& setting = table[i];
            if ((setting.commands & command) == 0 || (setting.commands & with_variables) == 0 ||
                !is_variable_of(text.substr(0, equals), setting))
                continue;
            chosen.set(i);
            if (from_options[i]) continue;
            for (const std::string_view word : split_variable(setting, text.substr(equals + 1)))
                assign(settings, setting, word, variable_of(setting), errors);
        }
    }
}

// KAIGARA_CONSUL=prefix and KAIGARA_ETCD=prefix, for who has no kaigara.yml. etcd is below Consul.
void add_store_sources(Settings& settings, char** environment, Errors& errors) {
    constexpr std::pair<std::string_view, metadata::SourceKind> variables[] = {
        {"KAIGARA_ETCD=", metadata::SourceKind::etcd},
        {"KAIGARA_CONSUL=", metadata::SourceKind::consul}};
    for (const auto& [name, kind] : variables) {
        for (char** entry = environment; *entry != nullptr; ++entry) {
            const std::string_view text = *entry;
            if (!text.starts_with(name) || text.size() == name.size()) continue;
            auto source =
                read_store_source(kind, text.substr(name.size()), name.substr(0, name.size() - 1));
            if (source)
                settings.sources.push_back(std::move(*source));
            else
                errors.push_back(std::move(source).error());
        }
    }
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, char** argv) { return Parser(argc, argv).parse(); }

Result<Settings, Errors> load_settings(const CommandLine& line, char** environment,
                                       Errors* file_errors) {
    const auto table = settings_table();
    Settings settings;
    Errors errors;
    Chosen from_options;
    for (const CommandLine::Given& given : line.options) {
        from_options.set(static_cast<std::size_t>(given.setting - table.data()));
        assign(settings, *given.setting, given.value, fmt::format("--{}", given.setting->name),
               errors);
    }
    Chosen chosen = from_options;
    apply_environment(settings, line.command, environment, from_options, chosen, errors);
    constexpr Commands without_file = command::exec | command::help | command::version |
                                      command::init | command::wait | command::status |
                                      command::health | command::reload | command::restart;
    if (errors.empty() && (line.command & without_file) == 0)
        read_settings_file(settings, line.command, chosen,
                           file_errors != nullptr ? *file_errors : errors);
    const bool has_file = settings.config.named || platform::exists(settings.config.path);
    if ((line.command & without_file) == 0 && !has_file)
        add_store_sources(settings, environment, errors);
    if (!errors.empty()) return errors;
    return settings;
}

}  // namespace kaigara::app
