// SPDX-License-Identifier: Apache-2.0
#include "metadata/yaml_source.h"

#include <algorithm>

namespace kaigara::metadata::yaml_source {

namespace {

// More lines with '%' in front are not looked for: one is enough to refuse a document.
constexpr std::size_t most_directives = 1'000;

// The offset behind the tag and the anchor that stand before a scalar.
std::size_t skip_properties(std::string_view text, std::size_t at) {
    while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
        at = std::min(text.find_first_of(" \t\r\n", at), text.size());
        at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    }
    return at;
}

// The offset behind the quoted scalar that begins at `at`; npos when it never ends.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (++at; at < text.size(); ++at) {
        if (quote == '"' && text[at] == '\\') {
            ++at;
        } else if (text[at] == quote) {
            if (quote == '"' || text.substr(at + 1, 1) != "'") return at + 1;
            ++at;  // '' stands for one
        }
    }
    return std::string_view::npos;
}

bool is_quoted_at(std::string_view text, std::size_t at) {
    return at < text.size() && (text[at] == '"' || text[at] == '\'');
}

}  // namespace

Places::Places(std::string_view text) : text_(text) {
    ascii_ = std::ranges::all_of(text, [](char c) { return static_cast<signed char>(c) >= 0; });
}

Position Places::of(std::size_t offset, std::size_t line, std::size_t column) {
    const auto line_number = static_cast<std::uint32_t>(line) + 1;
    // The parser counts on behind the end of the text, where an escape is cut off.
    if (offset > text_.size()) column -= std::min(column, offset - text_.size());
    if (ascii_) return {line_number, static_cast<std::uint32_t>(column) + 1};
    const std::size_t end = std::min(offset, text_.size());
    // Goes on from the last answer: a line can be as long as the file.
    if (line != line_ || end < counted_) {
        line_ = line;
        counted_ = end - std::min(end, column);
        characters_ = 0;
    }
    for (; counted_ < end; ++counted_) {
        if ((static_cast<unsigned char>(text_[counted_]) & 0xC0U) != 0x80U) ++characters_;
    }
    return {line_number, characters_ + 1};
}

std::optional<Quoted> find_quoted(std::string_view text, std::size_t node) {
    const std::size_t begin = skip_properties(text, node);
    if (!is_quoted_at(text, begin)) return std::nullopt;
    return Quoted{begin, end_of_quoted(text, begin)};
}

std::optional<std::size_t> find_open_quote(std::string_view text, std::size_t node) {
    std::size_t at = node;
    if (const auto quoted = find_quoted(text, node)) {
        if (quoted->end == std::string_view::npos) return quoted->begin;
        at = quoted->end;
    }
    for (; at < text.size(); ++at) {
        const char before = at == 0 ? '\n' : text[at - 1];
        const bool begins = std::string_view(" \t\n[{,").find(before) != std::string_view::npos;
        if (begins && text[at] == '#')
            at = std::min(text.find('\n', at), text.size() - 1);
        else if (begins && is_quoted_at(text, at))
            return at;
    }
    return std::nullopt;
}

std::vector<std::size_t> find_stray_directives(std::string_view text) {
    std::vector<std::size_t> found;
    bool head = true;
    for (std::size_t at = 0; at < text.size() && found.size() < most_directives;) {
        const char c = text[at];
        head = head && (c == '%' || c == '#' || c == '\n' || c == '\r');
        const std::string_view rest = text.substr(at);
        const bool known = rest.starts_with("%YAML ") || rest.starts_with("%TAG ");
        if (c == '%' && !(head && known)) found.push_back(at);
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    }
    return found;
}

bool is_tab_indented(std::string_view text, std::size_t offset) {
    const std::size_t end = std::min(offset, text.size());
    const std::size_t newline = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
    std::string_view line = text.substr(newline == std::string_view::npos ? 0 : newline + 1);
    line = line.substr(0, line.find_first_not_of(" \t"));
    return line.find('\t') != std::string_view::npos;
}

}  // namespace kaigara::metadata::yaml_source
