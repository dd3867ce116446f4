// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small pure helpers on text. Nothing here knows a file, a clock or a locale.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kaigara::text {

// The parts of `text` between `separator`s; "a,,b" has three, "" has one, empty.
std::vector<std::string_view> split(std::string_view text, char separator);

// Without blanks, tabs and line ends at both ends.
std::string_view trim(std::string_view text);

// ASCII only; bytes above 127 stay.
std::string lower(std::string_view text);
std::string upper(std::string_view text);

// A decimal number without sign, blanks or leading plus; nothing when it is none or above `limit`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit);

// The offset of the first byte that is not well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF); nothing when all of it is.
std::optional<std::size_t> invalid_utf8(std::string_view text);

// `text` with every byte that is not well-formed UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

// How many bytes have to be added, removed, replaced or swapped with their neighbour, at least, to
// make one of the other (the optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that a person who wrote `word` most likely meant: the smallest edit distance, at
// most a third of the longer length (and at least 1 allowed); nothing when none is near.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);

// " (did you mean 'x'?)", or nothing when no candidate is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// "1 file", "2 files".
std::string counted(std::size_t number, std::string_view noun);

// A JSON string with its quotes. Control characters are escaped (RFC 8259), bytes that are not
// UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

// `text` as one word of a POSIX shell, always in single quotes.
std::string shell_word(std::string_view text);

// `text` as a person may see it in a message: control characters and bytes that are not UTF-8 as
// \xNN, cut at `limit` bytes with "..." behind.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace kaigara::text
