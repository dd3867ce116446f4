// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the fuzz targets share. A target feeds its input to one parser and then asks whether what
// came out keeps the promises of the parser's header: check() ends the program when one is broken,
// and libFuzzer keeps the input.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace kaigara::fuzz {

// Ends the program unless `holds`. `promise` is what was broken, `shown` what it was broken with.
inline void check(bool holds, std::string_view promise,
                  std::initializer_list<std::string_view> shown = {}) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()),
                 promise.data());
    for (const std::string_view text : shown)
        std::fprintf(stderr, "  %s\n", text::printable(text, 4000).c_str());
    __builtin_trap();
}

inline std::string_view input(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// What an error of any reader looks like.
inline void check_words(const Error& error) {
    check(!error.message.empty(), "an error says something");
    check(error.text().find('\n') == std::string::npos, "an error is one line", {error.text()});
    check(!text::invalid_utf8(error.text()), "an error is UTF-8", {error.text()});
    check(error.fault != Fault::internal, "no input is a bug of ours", {error.text()});
}

// The number at the end of `place` and the colon before it, taken off; 0 when there is none.
inline std::size_t take_number(std::string_view& place) {
    const std::size_t colon = place.rfind(':');
    if (colon == std::string_view::npos) return 0;
    const std::string_view digits = place.substr(colon + 1);
    std::size_t number = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || fault != std::errc() || end != digits.data() + digits.size()) return 0;
    place = place.substr(0, colon);
    return number;
}

// Whether line and column, counted from 1, are a place in `text` or right behind one of its lines.
inline bool is_inside(std::string_view text, std::size_t line, std::size_t column) {
    if (line == 0 || column == 0) return false;
    for (; line > 1; --line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
    }
    return column <= text.substr(0, text.find('\n')).size() + 1;
}

// An error of the file `name`, whose content is `text`, has its line and column.
inline void check_place(const Error& error, std::string_view name, std::string_view text) {
    std::string_view place = error.where;
    const std::size_t column = take_number(place);
    const std::size_t line = take_number(place);
    check(place == name, "an error names its file", {error.text()});
    check(is_inside(text, line, column), "an error lies inside of its file", {error.text()});
}

}  // namespace kaigara::fuzz
