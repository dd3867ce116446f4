// SPDX-License-Identifier: Apache-2.0
#include "provision/annotation.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view word = "kaigara:";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view without_blanks(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(blanks);
    return text.substr(begin == std::string_view::npos ? text.size() : begin);
}

// What stands behind `kaigara:` of an annotation; nothing, of any other line.
std::optional<std::string_view> options_of(std::string_view line) noexcept {
    std::string_view rest = without_blanks(line);
    if (rest.empty()) return std::nullopt;
    const char sign = rest.front();
    const std::size_t least = sign == '/' || sign == '-' ? 2 : 1;
    if (std::string_view("#;/-").find(sign) == std::string_view::npos) return std::nullopt;
    const std::size_t signs = std::min(rest.find_first_not_of(sign), rest.size());
    if (signs < least) return std::nullopt;
    rest = without_blanks(rest.substr(signs));
    if (!rest.starts_with(word)) return std::nullopt;
    return rest.substr(word.size());
}

// Whether a comment was meant for us, and is written so that it is none: `# kaigara run=once`,
// `# Kaigara: run=once`, `/* kaigara: run=once */`.
bool is_near_miss(std::string_view line) {
    if (options_of(line)) return false;
    const std::string lower = text::lower(without_blanks(line));
    if (lower.empty() || std::string_view("#;/-<").find(lower.front()) == std::string_view::npos)
        return false;
    const std::size_t name = lower.find("kaigara");
    if (name == std::string::npos || lower.find_first_not_of("#;/-<!* \t") != name) return false;
    std::string_view rest = std::string_view(lower).substr(name + word.size() - 1);
    rest = rest.substr(std::min(rest.find_first_not_of(": \t"), rest.size()));
    const std::string_view first = rest.substr(0, rest.find('='));
    return first.size() != rest.size() && find_option(first) != nullptr;
}

// A program, or a text in an encoding that none of the interpreters reads.
bool has_lines(std::string_view text) noexcept {
    return !text.starts_with("\x7F"
                             "ELF") &&
           text.find('\0') == std::string_view::npos;
}

struct Line {
    std::string_view text;  // without its end
    std::size_t number = 1;
    bool is_ended = true;
};

// Takes the lines of a text off its front, one after the other.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {
        if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    }

    std::optional<Line> next() noexcept {
        if (rest_.empty()) return std::nullopt;
        const std::size_t end = rest_.find('\n');
        Line line{rest_.substr(0, end), ++number_, end != std::string_view::npos};
        rest_.remove_prefix(line.is_ended ? end + 1 : rest_.size());
        if (line.text.ends_with('\r')) line.text.remove_suffix(1);
        return line;
    }

private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

// Reads the options of one line after the other into one object.
class Reader {
public:
    Reader(const std::string& path, OperationOptions& options) : path_(path), options_(options) {}

    void read(const Line& line, std::string_view options) {
        line_ = &line;
        rest_ = options;
        if (!rest_.empty() && blanks.find(rest_.front()) == std::string_view::npos)
            return fail("a blank is missing behind 'kaigara:'");
        for (rest_ = without_blanks(rest_); !rest_.empty(); rest_ = without_blanks(rest_)) {
            if (!read_option()) return;
        }
    }

    // A line that nobody would read, and that was meant to be read.
    void refuse(const Line& line) {
        line_ = &line;
        fail_at(without_blanks(line.text),
                "this is no annotation as it is written: write '# kaigara: run=once', in small "
                "letters, with a colon and a blank behind it");
    }

    void fail(std::string message) { fail_at(rest_, std::move(message)); }

    Errors take_errors() { return std::move(errors_); }

private:
    struct Seen {
        const OperationOption* option;
        std::size_t line;
    };

    void fail_at(std::string_view place, std::string message) {
        const auto column = static_cast<std::size_t>(place.data() - line_->text.data()) + 1;
        errors_.push_back({Fault::configuration, 0, std::move(message),
                           fmt::format("{}:{}:{}", path_, line_->number, column)});
    }

    // False where the rest of the line cannot be told apart any more.
    bool read_option() {
        const std::string_view name = rest_.substr(0, rest_.find_first_of(" \t=\""));
        const std::string_view place = rest_;
        if (name.empty() || name.size() == rest_.size() || rest_[name.size()] != '=') {
            const std::string_view shown = rest_.substr(0, rest_.find_first_of(blanks));
            fail(fmt::format("'{}' is no option: an option is written name=value, and a value with "
                             "blanks name=\"two words\"",
                             text::printable(shown, 100)));
            return false;
        }
        rest_.remove_prefix(name.size() + 1);
        const std::string_view value_place = rest_;
        const auto value = rest_.starts_with('"') ? read_quoted() : read_bare(name);
        if (!value) return false;
        set(name, place, *value, value_place);
        return true;
    }

    std::optional<std::string> read_bare(std::string_view name) {
        const std::string_view value = rest_.substr(0, rest_.find_first_of(blanks));
        if (value.empty()) {
            fail(fmt::format("'{}=' has no value", text::printable(name, 100)));
            return std::nullopt;
        }
        if (const std::size_t quote = value.find('"'); quote != std::string_view::npos) {
            fail_at(value.substr(quote), "quotes stand around the whole value: write "
                                         "name=\"a value\"");
            return std::nullopt;
        }
        rest_.remove_prefix(value.size());
        return std::string(value);
    }

    std::optional<std::string> read_quoted() {
        const std::string_view whole = rest_;
        std::string value;
        for (std::size_t at = 1; at < whole.size(); ++at) {
            if (whole[at] == '"') return end_quoted(whole.substr(at + 1), std::move(value));
            if (whole[at] == '\\') {
                ++at;
                if (at == whole.size() || (whole[at] != '"' && whole[at] != '\\')) {
                    fail_at(whole.substr(at - 1), "a backslash in quotes stands before a quote or "
                                                  "another backslash");
                    return std::nullopt;
                }
            }
            value += whole[at];
        }
        fail("the quotes are not closed on this line");
        return std::nullopt;
    }

    std::optional<std::string> end_quoted(std::string_view rest, std::string value) {
        rest_ = rest;
        if (rest.empty() || blanks.find(rest.front()) != std::string_view::npos) return value;
        fail("a blank is missing behind the closing quotes");
        return std::nullopt;
    }

    void set(std::string_view name, std::string_view place, std::string_view value,
             std::string_view value_place) {
        const OperationOption* option = find_option(name);
        if (option == nullptr) return fail_at(place, unknown_option(name));
        for (const Seen& seen : seen_) {
            if (seen.option == option)
                return fail_at(
                    place, fmt::format("'{}' is set already, on line {}", option->name, seen.line));
        }
        seen_.push_back({option, line_->number});
        if (auto assigned = option->assign(options_, value); !assigned)
            fail_at(value_place, fmt::format("{}: {}", option->name, assigned.error().message));
    }

    const std::string& path_;
    OperationOptions& options_;
    const Line* line_ = nullptr;
    std::string_view rest_;  // of the line that is read
    std::vector<Seen> seen_;
    Errors errors_;
};

}  // namespace

Errors read_annotations(std::string_view text, const std::string& path, OperationOptions& options) {
    text = text.substr(0, annotation_bytes);
    if (!has_lines(text)) return {};
    const bool is_cut = text.size() == annotation_bytes;
    Reader reader(path, options);
    Lines lines(text);
    for (auto line = lines.next(); line && line->number <= annotation_lines; line = lines.next()) {
        const auto found = options_of(line->text);
        if (!found && is_near_miss(line->text)) reader.refuse(*line);
        if (!found) continue;
        reader.read(*line, *found);
        // Half an option could be another one.
        if (is_cut && !line->is_ended)
            reader.fail(fmt::format("the annotation does not end within the first {} KiB",
                                    annotation_bytes / 1024));
    }
    return reader.take_errors();
}

std::optional<std::size_t> late_annotation(std::string_view text) {
    text = text.substr(0, annotation_bytes);
    if (!has_lines(text)) return std::nullopt;
    Lines lines(text);
    for (auto line = lines.next(); line; line = lines.next()) {
        if (line->number > annotation_lines && options_of(line->text)) return line->number;
    }
    return std::nullopt;
}

bool is_annotation(std::string_view line) noexcept { return options_of(line).has_value(); }

}  // namespace kaigara::provision
