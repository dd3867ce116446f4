// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/checksum.h"

namespace kaigara::provision {

namespace {

constexpr std::array<std::string_view, 11> words = {
    "ledger",    "started",  "done",      "failed",    "timed-out", "skipped",
    "cancelled", "accepted", "baselined", "forgotten", "salvaged",
};
static_assert(words.size() == static_cast<std::size_t>(LedgerEvent::salvaged) + 1);

constexpr std::string_view after_mark = " after=";
constexpr std::string_view sum_mark = " sum=";
constexpr std::string_view digits = "0123456789ABCDEF";

// A number as we write it: decimal, without leading zeros, so that there is one way to write it.
template <class T>
std::optional<T> read_number(std::string_view text) noexcept {
    T number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (text.size() > 1 && text[0] == '0') return std::nullopt;
    return number;
}

// Takes what stands before `mark`'s last occurrence away from what follows it.
std::optional<std::string_view> cut_behind(std::string_view& text, std::string_view mark) noexcept {
    const std::size_t place = text.rfind(mark);
    if (place == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(place + mark.size());
    text = text.substr(0, place);
    return behind;
}

// The next field; empty where there is none.
std::string_view take_field(std::string_view& text) noexcept {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return field;
}

bool is_printable(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

// 2026-01-02T03:04:05.678Z
bool is_time(std::string_view text) noexcept {
    constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !is_digit : text[i] != form[i]) return false;
    }
    return true;
}

std::optional<unsigned> hexadecimal(char digit) noexcept {
    const std::size_t place = digits.find(digit);
    if (place == std::string_view::npos) return std::nullopt;
    return static_cast<unsigned>(place);
}

}  // namespace

std::string_view event_word(LedgerEvent event) noexcept {
    return words[static_cast<std::size_t>(event)];
}

std::optional<LedgerEvent> find_event(std::string_view word) noexcept {
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<LedgerEvent>(found - words.begin());
}

std::optional<LedgerLine> parse_ledger_line(std::string_view text) noexcept {
    if (text.size() >= longest_ledger_line || !is_printable(text)) return std::nullopt;
    LedgerLine line;
    const auto sum_text = cut_behind(text, sum_mark);
    if (!sum_text) return std::nullopt;
    const auto sum = read_number<std::uint32_t>(*sum_text);
    if (!sum || *sum != posix_checksum(text)) return std::nullopt;
    line.sum = *sum;
    const auto after_text = cut_behind(text, after_mark);
    if (!after_text) return std::nullopt;
    const auto after = read_number<std::uint32_t>(*after_text);
    const auto number = read_number<std::uint64_t>(take_field(text));
    if (!after || !number) return std::nullopt;
    line.after = *after;
    line.number = *number;
    line.time = take_field(text);
    line.event = take_field(text);
    line.name = take_field(text);
    line.details = text;
    if (line.name.empty() || !is_time(line.time)) return std::nullopt;
    return line;
}

std::string format_ledger_line(const LedgerRecord& record, std::uint64_t number,
                               std::string_view time, std::uint32_t after) {
    std::string line =
        fmt::format("{} {} {} {}{}{}{}{}", number, time, event_word(record.event),
                    record.name.empty() ? "-" : encode_name(record.name),
                    record.details.empty() ? "" : " ", record.details, after_mark, after);
    line += fmt::format("{}{}\n", sum_mark, posix_checksum(line));
    return line;
}

std::string_view detail(std::string_view details, std::string_view key) noexcept {
    while (!details.empty()) {
        const std::string_view field = take_field(details);
        if (field.size() > key.size() && field.starts_with(key) && field[key.size()] == '=')
            return field.substr(key.size() + 1);
    }
    return {};
}

std::string encode_name(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7F && c != '%') {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4U];
            out += digits[byte & 0xFU];
        }
    }
    // "-" alone stands for no name.
    return out == "-" ? "%2D" : out;
}

std::string decode_name(std::string_view encoded) {
    std::string out;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        const auto high = encoded[i] == '%' && i + 2 < encoded.size() ? hexadecimal(encoded[i + 1])
                                                                      : std::nullopt;
        const auto low = high ? hexadecimal(encoded[i + 2]) : std::nullopt;
        if (low) {
            out += static_cast<char>(*high << 4U | *low);
            i += 2;
        } else {
            out += encoded[i];
        }
    }
    return out;
}

}  // namespace kaigara::provision
