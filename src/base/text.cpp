// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include <fmt/format.h>

namespace kaigara::text {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// Nobody mistypes a longer word, and the distance costs the product of both lengths: a name of
// megabytes in a template must not hold up the message that says it is unknown.
constexpr std::size_t longest_comparable = 256;

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0U) == 0x80U; }

struct SequenceRule {
    std::uint8_t first_low, first_high;    // the lead byte
    std::uint8_t second_low, second_high;  // what overlong forms and surrogates leave of the second
    std::size_t length;
};

// Table 3-7 of the Unicode standard, which RFC 3629 section 4 gives as a grammar.
constexpr std::array<SequenceRule, 8> sequence_rules{{
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
}};

// The length of the well-formed sequence that begins at `at`, 0 when none does.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const std::uint8_t first = byte_at(text, at);
    if (first < 0x80) return 1;
    for (const SequenceRule& rule : sequence_rules) {
        if (first < rule.first_low || first > rule.first_high) continue;
        if (text.size() - at < rule.length) return 0;
        const std::uint8_t second = byte_at(text, at + 1);
        if (second < rule.second_low || second > rule.second_high) return 0;
        for (std::size_t i = 2; i < rule.length; ++i) {
            if (!is_continuation(byte_at(text, at + i))) return 0;
        }
        return rule.length;
    }
    return 0;
}

// C0, DEL, and the C1 controls, which terminals obey in their two-byte UTF-8 form too.
bool is_control(std::string_view sequence) {
    const std::uint8_t first = byte_at(sequence, 0);
    if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
    return sequence.size() == 2 && first == 0xC2 && byte_at(sequence, 1) < 0xA0;
}

std::string mapped(std::string_view text, char low, char high, int shift) {
    std::string out(text);
    for (char& c : out) {
        if (c >= low && c <= high) c = static_cast<char>(c + shift);
    }
    return out;
}

void append_json_control(std::string& out, char c) {
    switch (c) {
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c)); break;
    }
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    for (std::size_t end = text.find(separator); end != std::string_view::npos;
         end = text.find(separator, begin)) {
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    parts.push_back(text.substr(begin));
    return parts;
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return text.substr(text.size());
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string lower(std::string_view text) { return mapped(text, 'A', 'Z', 'a' - 'A'); }

std::string upper(std::string_view text) { return mapped(text, 'a', 'z', 'A' - 'a'); }

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit) {
    if (text.empty()) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (digit > limit || number > (limit - digit) / 10) return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

std::optional<std::size_t> invalid_utf8(std::string_view text) {
    // Nearly all text is ASCII, of which there may be megabytes.
    const auto first = std::ranges::find_if(text, [](char c) { return (c & 0x80) != 0; });
    auto at = static_cast<std::size_t>(first - text.begin());
    while (at < text.size()) {
        const std::size_t length = sequence_length(text, at);
        if (length == 0) return at;
        at += length;
    }
    return std::nullopt;
}

std::string valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = sequence_length(text, at);
        out += length == 0 ? replacement : text.substr(at, length);
        at += std::max<std::size_t>(length, 1);
    }
    return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the matrix: row[j] is the distance between a's first i bytes and b's first j.
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before, above);
        std::swap(above, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (const std::string_view candidate : candidates) {
        const std::size_t longer = std::max(word.size(), candidate.size());
        const std::size_t shorter = std::min(word.size(), candidate.size());
        const std::size_t allowed = std::max<std::size_t>(longer / 3, 1);
        if (longer > longest_comparable || longer - shorter > allowed) continue;
        const std::size_t distance = edit_distance(word, candidate);
        // A distance of the whole length means that the two have nothing in common.
        if (distance > allowed || distance == longer) continue;
        if (best && distance >= best_distance) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    const auto near = nearest(word, candidates);
    return near ? fmt::format(" (did you mean '{}'?)", *near) : std::string();
}

std::string counted(std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string json_string(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    out += '"';
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        const bool is_plain = (c & 0x80) == 0;
        const std::size_t length = is_plain ? 1 : sequence_length(text, at);
        if (length == 0) {
            out += replacement;
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (length == 1 && c < ' ') {
            append_json_control(out, c);
        } else {
            out += text.substr(at, length);
        }
        at += std::max<std::size_t>(length, 1);
    }
    out += '"';
    return out;
}

std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'')
            out += "'\\''";  // close the quotes, a quoted quote, open them again
        else
            out += c;
    }
    out += '\'';
    return out;
}

std::string printable(std::string_view text, std::size_t limit) {
    const bool is_plain = text.size() <= limit &&
                          std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
    if (is_plain) return std::string(text);
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = std::max<std::size_t>(sequence_length(text, at), 1);
        std::string_view sequence = text.substr(at, length);
        std::string escaped;
        if (sequence_length(text, at) == 0 || is_control(sequence)) {
            for (const char c : sequence)
                escaped += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
            sequence = escaped;
        }
        if (out.size() + sequence.size() > limit) return out + "...";
        out += sequence;
        at += length;
    }
    return out;
}

}  // namespace kaigara::text
