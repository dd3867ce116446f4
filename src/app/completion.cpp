// SPDX-License-Identifier: Apache-2.0
#include "app/completion.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "app/completion_words.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

using Kind = Offer::Kind;

// ---- bash

// Which commands have the option with just this meaning: all that have it, where none has another.
std::string bash_pattern(const Setting& setting) {
    bool is_alone = true;
    for (const Setting& other : settings_table())
        is_alone &= &other == &setting || other.name != setting.name;
    std::string pattern;
    for (const Command& command : command_table()) {
        if ((setting.commands & command.bit) == 0) continue;
        if (!pattern.empty()) pattern += '|';
        const std::string_view name = is_alone ? std::string_view("*") : command.name;
        pattern += fmt::format("{}:--{}", name, setting.name);
        if (setting.letter != 0) pattern += fmt::format("|{}:-{}", name, setting.letter);
        if (is_alone) break;
    }
    return pattern;
}

std::string bash_action(const Offer& offer) {
    switch (offer.kind) {
    case Kind::nothing: return "return 1";
    case Kind::anything: return ":";
    case Kind::words: return fmt::format("offer=(-W '{}')", offer.words);
    case Kind::files: return "offer=(-f); compopt -o filenames 2>/dev/null";
    case Kind::folders: return "offer=(-d); compopt -o filenames 2>/dev/null";
    case Kind::users: return "offer=(-u)";
    case Kind::program: return "offer=(-c)";
    }
    return {};
}

constexpr std::string_view bash_tail = R"(
_kaigara() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=start i=1
    local -a offer=()
    COMPREPLY=()
    # Bash makes three words of --option=value.
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD == 1)) && [[ $word != -* ]]; then
        _kaigara_operands help
        COMPREPLY=($(compgen "${offer[@]}" -- "$word"))
        return
    fi
    if [[ ${COMP_WORDS[1]} != -* ]]; then
        command=${COMP_WORDS[1]}
        i=2
    fi
    if [[ $command == start || $command == exec ]]; then
        # Behind its options begins the program.
        while ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -* && ${COMP_WORDS[i]} != -- ]]; do
            if [[ ${COMP_WORDS[i + 1]} == = ]]; then
                ((i += 2))
            elif _kaigara_value "$command:${COMP_WORDS[i]}"; then
                ((i += 1))
            fi
            ((i += 1))
        done
        offer=()
        if [[ ${COMP_WORDS[i]} == -- ]] && ((i < COMP_CWORD)); then
            ((i += 1))
        elif ((i == COMP_CWORD)) && [[ $word == -* ]]; then
            i=0
        fi
        if ((i > 0 && i <= COMP_CWORD)); then
            if declare -F _command_offset >/dev/null; then
                _command_offset "$i"
            elif ((i == COMP_CWORD)); then
                COMPREPLY=($(compgen -c -- "$word"))
            else
                compopt -o default 2>/dev/null
            fi
            return
        fi
    fi
    if _kaigara_value "$command:$before"; then
        :
    elif [[ $word == -* ]]; then
        _kaigara_options "$command"
    else
        _kaigara_operands "$command"
    fi
    ((${#offer[@]} == 0)) || COMPREPLY=($(compgen "${offer[@]}" -- "$word"))
}
complete -F _kaigara kaigara
)";

std::string bash_script() {
    std::string options = "_kaigara_options() {\n    case $1 in\n";
    std::string operands = "_kaigara_operands() {\n    case $1 in\n";
    for (const Command& command : command_table()) {
        std::string names;
        for (const Setting* setting : settings_of(command))
            names += fmt::format("--{} ", setting->name);
        options += fmt::format("    {}) offer=(-W '{}--help') ;;\n", command.name, names);
        const Offer offer = offer_of_operands(command);
        if (offer.kind != Kind::nothing && offer.kind != Kind::anything)
            operands += fmt::format("    {}) {} ;;\n", command.name, bash_action(offer));
    }
    constexpr std::string_view end = "    esac\n}\n\n";
    std::string out = "# bash completion of kaigara\n\n" + options + std::string(end) + operands +
                      std::string(end) + "_kaigara_value() {\n    case $1 in\n";
    for (const Setting& setting : settings_table()) {
        if (!setting.is_switch())
            out += fmt::format("    {}) {} ;;\n", bash_pattern(setting),
                               bash_action(offer_of(setting)));
    }
    out += "    *) return 1 ;;\n    esac\n}\n";
    out += bash_tail;
    return out;
}

// ---- zsh

// Within '...' of a specification: [ ] and : have a meaning there.
std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out;
}

std::string zsh_action(const Offer& offer) {
    switch (offer.kind) {
    case Kind::nothing: return {};
    case Kind::anything: return " ";
    case Kind::words: return "(" + offer.words + ")";
    case Kind::files: return "_files";
    case Kind::folders: return "_files -/";
    case Kind::users: return "_users";
    case Kind::program: return {};
    }
    return {};
}

std::string zsh_option(const Setting& setting) {
    std::string value;
    if (!setting.is_switch())
        value = fmt::format(":{}:{}", zsh_text(setting.argument), zsh_action(offer_of(setting)));
    std::string both = fmt::format("--{}{}", setting.name, setting.is_switch() ? "" : "=");
    const std::string words = fmt::format("[{}]{}", zsh_text(setting.help), value);
    const std::string_view star = setting.repeats ? "*" : "";
    if (setting.letter == 0) return fmt::format(" \\\n        '{}{}{}'", star, both, words);
    const std::string excluded =
        setting.repeats ? "*" : fmt::format("(-{} --{})", setting.letter, setting.name);
    return fmt::format(" \\\n        '{}'{{-{}{},{}}}'{}'", excluded, setting.letter,
                       setting.is_switch() ? "" : "+", both, words);
}

constexpr std::string_view zsh_head = R"(#compdef kaigara
# zsh completion of kaigara

_kaigara() {
    local command=start
    local -a of_kaigara=(
)";

constexpr std::string_view zsh_middle = R"(    )
    if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
        _describe -t commands 'kaigara command' of_kaigara
        return
    fi
    if [[ $words[2] != -* ]]; then
        command=$words[2]
        shift words
        ((CURRENT--))
    fi
    case $command in
)";

constexpr std::string_view zsh_tail = R"(    *) _default ;;
    esac
}

if [[ $funcstack[1] == _kaigara ]]; then
    _kaigara "$@"
else
    compdef _kaigara kaigara
fi
)";

std::string zsh_script() {
    std::string out(zsh_head);
    for (const Command& command : command_table())
        out += fmt::format("        '{}:{}'\n", command.name, zsh_text(command.help));
    out += zsh_middle;
    for (const Command& command : command_table()) {
        const Offer offer = offer_of_operands(command);
        out += fmt::format("    {})\n        _arguments -s -S", command.name);
        for (const Setting* setting : settings_of(command)) out += zsh_option(*setting);
        out += " \\\n        '(- *)'{-h,--help}'[print its help]'";
        if (offer.kind == Kind::program)
            out += " \\\n        '(-)1:program: _command_names -e' '*::argument: _normal'";
        else if (offer.kind != Kind::nothing)
            out += fmt::format(" \\\n        '*:{}:{}'", zsh_text(command.operands),
                               zsh_action(offer));
        out += "\n        ;;\n";
    }
    out += zsh_tail;
    return out;
}

// ---- fish

std::string fish_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

// A program behind options: fish has to know which of them have a value. It takes long ones at the
// begin for its own.
std::string fish_program() {
    std::string letters;
    std::string names;
    for (const Setting& setting : settings_table()) {
        const bool runs_program = (setting.commands & (command::start | command::exec)) != 0;
        if (!runs_program || setting.is_switch()) continue;
        if (setting.letter != 0) letters += fmt::format(" -{}", setting.letter);
        names += fmt::format(" --{}", setting.name);
    }
    return fmt::format(" -x -a '(__fish_complete_subcommand --fcs-skip=2{}{})'", letters, names);
}

std::string fish_action(const Offer& offer) {
    switch (offer.kind) {
    case Kind::nothing: return {};
    case Kind::anything: return " -x";
    case Kind::words: return fmt::format(" -x -a '{}'", offer.words);
    case Kind::files: return " -r -F";
    case Kind::folders: return " -x -a '(__fish_complete_directories)'";
    case Kind::users: return " -x -a '(__fish_complete_users)'";
    case Kind::program: return fish_program();
    }
    return {};
}

std::string fish_commands_of(const Setting& setting) {
    std::string names;
    for (const Command& command : command_table()) {
        if ((setting.commands & command.bit) != 0) names += fmt::format(" {}", command.name);
    }
    return names;
}

std::string fish_script() {
    std::string out = "# fish completion of kaigara\n\ncomplete -c kaigara -f\n";
    for (const Command& command : command_table()) {
        out += fmt::format("complete -c kaigara -n __fish_use_subcommand -a {} -d '{}'\n",
                           command.name, fish_text(command.help));
        const Offer offer = offer_of_operands(command);
        if (offer.kind == Kind::nothing || offer.kind == Kind::anything) continue;
        out += fmt::format("complete -c kaigara -n '__fish_seen_subcommand_from {}'{}\n",
                           command.name, fish_action(offer));
    }
    for (const Setting& setting : settings_table()) {
        out += fmt::format(
            "complete -c kaigara -n '__fish_seen_subcommand_from{}' -l {}{}{} -d '{}'\n",
            fish_commands_of(setting), setting.name,
            setting.letter == 0 ? "" : fmt::format(" -s {}", setting.letter),
            fish_action(offer_of(setting)), fish_text(setting.help));
    }
    return out;
}

struct Shell {
    std::string_view name;
    std::string (*script)();
};

constexpr std::array table = {Shell{"bash", bash_script}, Shell{"zsh", zsh_script},
                              Shell{"fish", fish_script}};

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
    for (const Shell& known : table) {
        if (known.name == shell) return known.script();
    }
    return Error{Fault::usage, 0,
                 fmt::format("there is no completion for '{}': bash, zsh and fish have one",
                             text::printable(shell, 60)),
                 ""};
}

}  // namespace kaigara::app
