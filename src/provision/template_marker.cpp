// SPDX-License-Identifier: Apache-2.0
#include "provision/template_marker.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

constexpr std::string_view each_prefix = "each";
constexpr std::size_t shown_bytes = 60;

// Bounds the search for the end of a marker that has none.
constexpr std::size_t max_marker_bytes = std::size_t{64} << 10;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_name_byte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '/' || c == '@' || byte >= 0x80;
}

bool is_modifier_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

std::string quoted(std::string_view text) {
    return fmt::format("'{}'", text::printable(text, shown_bytes));
}

// Dotted, without empty steps; a dot at the front is dropped before.
bool is_path(std::string_view path) {
    if (path.empty() || path.front() == '-' || path.front() == '@') return false;
    bool step_is_empty = true;
    for (const char c : path) {
        if (c == '.' && step_is_empty) return false;
        if (c != '.' && !is_name_byte(c)) return false;
        step_is_empty = c == '.';
    }
    return !step_is_empty && !text::invalid_utf8(path);
}

// Other languages' actions, by their first word: said by name, they are quickly put right.
std::string hint_for(std::string_view word) {
    constexpr std::array<std::string_view, 8> actions{"range",  "if",       "with",  "else",
                                                      "define", "template", "block", "end"};
    const std::string_view first = word.substr(0, std::min(word.find(' '), word.size()));
    if (first != word && std::ranges::find(actions, first) != actions.end())
        return "; sections are written {{#name}}...{{/name}}, includes {{>file}}";
    if (word.starts_with('*')) return "; comments are written {{! ... }}";
    if (first == "-" || word.starts_with("- ") || word.ends_with(" -"))
        return "; {{- and -}} are not needed: lines that hold only section markers leave no line";
    if (word.find(' ') != std::string_view::npos)
        return "; modifiers stand behind the name: {{name:upper}} or {{ .name | upper }}";
    return "; a name has letters, digits, '_', '-', '/' and dots between its steps";
}

class MarkerParser {
public:
    MarkerParser(std::string_view source, std::size_t at, const Delimiters& delimiters)
        : source_(source), at_(at), limit_(std::min(source.size(), at + max_marker_bytes)),
          open_(delimiters.open), close_(delimiters.close) {}

    ParsedMarker parse();

private:
    bool fail(std::string fault);
    // Markers, comments aside, stand on one line.
    bool at_line_end() const { return at_ >= limit_ || source_[at_] == '\n'; }
    bool at_close() const { return source_.substr(at_).starts_with(close_); }
    bool at_char(char c) const { return at_ < limit_ && source_[at_] == c && !at_close(); }
    std::string_view rest_of_line() const;
    void skip_blanks();
    bool finish();

    std::string_view take_word();
    bool parse_comment();
    bool parse_delimiters();
    bool parse_include();
    bool parse_named(Form form);
    bool parse_subject(std::string_view word);
    bool parse_optional();
    bool parse_modifiers();
    bool parse_modifier(bool piped);
    bool parse_quoted(std::string& argument);
    void parse_bare(std::string& argument, bool piped);

    std::string_view source_;
    std::size_t at_;
    std::size_t limit_;
    std::string_view open_;
    std::string_view close_;
    ParsedMarker result_;
};

std::string_view MarkerParser::rest_of_line() const {
    const std::string_view rest = source_.substr(at_, limit_ - at_);
    return rest.substr(0, rest.find('\n'));
}

// After a fault, reading goes on behind the marker where its end can be told, else right behind
// its opening delimiter. Always false, to be returned.
bool MarkerParser::fail(std::string fault) {
    result_.fault = std::move(fault);
    const std::size_t close = rest_of_line().find(close_);
    result_.end = close == std::string_view::npos ? at_ : at_ + close + close_.size();
    return false;
}

void MarkerParser::skip_blanks() {
    while (!at_line_end() && is_blank(source_[at_]) && !at_close()) ++at_;
}

bool MarkerParser::finish() {
    skip_blanks();
    if (at_close()) {
        result_.end = at_ + close_.size();
        return true;
    }
    if (at_line_end()) {
        return fail(fmt::format("marker is not closed on its line: '{}' is missing (to print '{}' "
                                "itself, choose other delimiters: {{{{=<% %>=}}}})",
                                close_, open_));
    }
    const std::string_view rest = rest_of_line();
    return fail(fmt::format("unexpected {} in a marker",
                            quoted(rest.substr(0, std::min(rest.find(close_), rest.size())))));
}

// All up to what may stand behind a name: a modifier or the end of the marker.
std::string_view MarkerParser::take_word() {
    const std::size_t begin = at_;
    while (!at_line_end() && !at_char(':') && !at_char('|') && !at_close()) ++at_;
    return text::trim(source_.substr(begin, at_ - begin));
}

bool MarkerParser::parse_comment() {
    result_.form = Form::comment;
    const std::size_t close = source_.find(close_, at_);
    if (close == std::string_view::npos) {
        fail(fmt::format("comment is not closed: '{}' is missing", close_));
        result_.end = source_.size();  // all the rest is comment
        return false;
    }
    result_.end = close + close_.size();
    return true;
}

bool MarkerParser::parse_delimiters() {
    result_.form = Form::delimiters;
    const std::string_view line = rest_of_line();
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !line.substr(equals + 1).starts_with(close_)) {
        return fail(fmt::format("delimiters are set like this: {0}=<% %>={1}, with one blank "
                                "between them and no '=' in them",
                                open_, close_));
    }
    std::vector<std::string_view> parts;
    for (const std::string_view part : text::split(text::trim(line.substr(0, equals)), ' ')) {
        if (!part.empty()) parts.push_back(part);
    }
    at_ += equals + 1;
    if (parts.size() != 2)
        return fail(fmt::format("{} delimiters are given, two are needed: the opening and the "
                                "closing one",
                                parts.size()));
    const auto is_odd = [](std::string_view part) {
        return text::printable(part, part.size()) != part;
    };
    if (std::ranges::any_of(parts, is_odd))
        return fail("delimiters cannot hold control characters or bytes that are not UTF-8");
    result_.delimiters = {std::string(parts[0]), std::string(parts[1])};
    result_.end = at_ + close_.size();
    return true;
}

bool MarkerParser::parse_include() {
    result_.form = Form::include;
    const std::size_t begin = at_;
    while (!at_line_end() && !at_close()) ++at_;
    result_.path = text::trim(source_.substr(begin, at_ - begin));
    if (!finish()) return false;
    if (result_.path.empty()) return fail("the include names no file");
    if (text::printable(result_.path, result_.path.size()) != result_.path)
        return fail(fmt::format("{} is no file name", quoted(result_.path)));
    return true;
}

bool MarkerParser::parse_subject(std::string_view word) {
    std::string_view path = word;
    if (path.starts_with('.')) path.remove_prefix(1);
    if (word == ".") {
        result_.subject = Subject::item;
    } else if (word == "@index" || word == "@key") {
        result_.subject = word == "@key" ? Subject::key : Subject::index;
    } else if (word.empty()) {
        return fail("marker without a name");
    } else if (word.starts_with('@')) {
        constexpr std::array<std::string_view, 2> known{"@index", "@key"};
        return fail(fmt::format("{} is unknown{}", quoted(word), text::did_you_mean(word, known)));
    } else if (!is_path(path)) {
        return fail(fmt::format("{} is no name{}", quoted(word), hint_for(word)));
    }
    result_.path = path;
    return true;
}

// Sections take one modifier, and it says what a missing name means.
bool MarkerParser::parse_optional() {
    if (!at_char(':')) return true;
    ++at_;
    const std::string_view word = take_word();
    if (word != "optional")
        return fail(
            fmt::format("a section takes ':optional' and no other modifier, not {}", quoted(word)));
    if (result_.form == Form::inverted)
        return fail("':optional' is not needed here: an inverted section may name what is missing");
    result_.optional = true;
    return true;
}

bool MarkerParser::parse_named(Form form) {
    result_.form = form;
    std::string_view word = take_word();
    if (word == each_prefix && at_char(':') && form != Form::value) {
        if (form == Form::inverted) return fail("'{{^each:...}}' does not exist: write {{^name}}");
        result_.form = form == Form::close ? Form::close_each : Form::each;
        ++at_;
        word = take_word();
    }
    if (at_line_end()) return finish();
    if (!parse_subject(word)) return false;
    const bool is_counter = result_.subject == Subject::index || result_.subject == Subject::key;
    if (form != Form::value && is_counter)
        return fail(fmt::format("{} is a value, not a section", quoted(word)));
    if (form == Form::value && !parse_modifiers()) return false;
    if (form == Form::section || form == Form::inverted) {
        if (!parse_optional()) return false;
    }
    return finish();
}

bool MarkerParser::parse_modifiers() {
    for (;;) {
        skip_blanks();
        if (at_close() || !(at_char(':') || at_char('|'))) return true;
        const bool piped = source_[at_++] == '|';
        skip_blanks();
        if (!parse_modifier(piped)) return false;
    }
}

bool MarkerParser::parse_modifier(bool piped) {
    const std::size_t begin = at_;
    while (!at_line_end() && is_modifier_byte(source_[at_]) && !at_close()) ++at_;
    const std::string_view name = source_.substr(begin, at_ - begin);
    if (name.empty()) return fail("a modifier's name is missing");
    const Modifier* modifier = find_modifier(name);
    if (modifier == nullptr) return fail(unknown_modifier(name));

    std::optional<std::string> argument;
    bool given = at_char('=');
    if (given) {
        ++at_;
    } else if (piped) {
        // Go writes an argument behind a blank: {{ .name | default "x" }}.
        skip_blanks();
        given = !at_line_end() && !at_char('|') && !at_char(':') && !at_close();
    }
    if (given) {
        argument.emplace();
        if (at_char('"')) {
            if (!parse_quoted(*argument)) return false;
        } else {
            parse_bare(*argument, piped);
        }
    }
    std::string fault = argument_fault(*modifier, argument ? &*argument : nullptr);
    if (!fault.empty()) return fail(std::move(fault));
    result_.calls.push_back({modifier, std::move(argument).value_or(std::string())});
    return true;
}

bool MarkerParser::parse_quoted(std::string& argument) {
    for (++at_; !at_line_end(); ++at_) {
        char c = source_[at_];
        if (c == '"') {
            ++at_;
            return true;
        }
        if (c == '\\') {
            constexpr std::string_view escapes = "\"\\nrt";
            constexpr std::string_view meanings = "\"\\\n\r\t";
            const std::size_t escape =
                ++at_ < limit_ ? escapes.find(source_[at_]) : std::string_view::npos;
            if (escape == std::string_view::npos)
                return fail("unknown escape in an argument: \\\" \\\\ \\n \\r and \\t are known");
            c = meanings[escape];
        }
        argument += c;
    }
    return fail("the quotes of an argument are not closed on their line");
}

// In the form with colons every blank counts. In the form with pipes blanks stand around the pipe,
// and are no part of the argument.
void MarkerParser::parse_bare(std::string& argument, bool piped) {
    const std::size_t begin = at_;
    while (!at_line_end() && !at_char(':') && !(piped && at_char('|')) && !at_close()) ++at_;
    const std::string_view text = source_.substr(begin, at_ - begin);
    argument = piped ? text::trim(text) : text;
}

ParsedMarker MarkerParser::parse() {
    skip_blanks();
    const char sigil = at_line_end() || at_close() ? '\0' : source_[at_];
    if (std::string_view("!=>#^/%").find(sigil) != std::string_view::npos) ++at_;
    switch (sigil) {
    case '!': parse_comment(); break;
    case '=': parse_delimiters(); break;
    case '>': parse_include(); break;
    case '#': parse_named(Form::section); break;
    case '^': parse_named(Form::inverted); break;
    case '/': parse_named(Form::close); break;
    case '%':
        fail(fmt::format(
            "'{}%' is no marker here: nothing is escaped unless a modifier asks for it", open_));
        break;
    default: parse_named(Form::value); break;
    }
    return std::move(result_);
}

}  // namespace

ParsedMarker parse_marker(std::string_view source, std::size_t at, const Delimiters& delimiters) {
    return MarkerParser(source, at, delimiters).parse();
}

}  // namespace kaigara::provision
