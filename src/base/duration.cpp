// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};

// Largest first: the order in which the parts of one duration must stand.
constexpr std::array<Unit, 5> units{{
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
}};

constexpr std::int64_t longest = std::int64_t{3'650} * 86'400'000;  // ten years of 365 days

constexpr std::string_view digits = "0123456789";

Error no_duration(std::string_view text, std::string_view why) {
    return Error{Fault::usage,
                 0,
                 fmt::format("'{}' is no duration: {} (write 90s, 10m, 1h30m or 250ms)",
                             text::printable(text, 40), why),
                 {}};
}

// What is left of a duration while it is read from the left.
struct Rest {
    std::string_view text;
    std::size_t next_unit = 0;  // the largest unit that may still come
    std::int64_t total = 0;
};

// Takes one "number unit" off the front; the reason as text when there is none.
std::optional<std::string_view> take_part(Rest& rest) {
    const std::string_view number = rest.text.substr(0, rest.text.find_first_not_of(digits));
    if (number.empty()) return "a number is missing";
    rest.text.remove_prefix(number.size());
    const std::string_view name = rest.text.substr(0, rest.text.find_first_of(digits));
    if (name.empty()) return "the last number has no unit";
    rest.text.remove_prefix(name.size());

    std::size_t unit = 0;
    while (unit < units.size() && units[unit].name != name) ++unit;
    if (unit == units.size()) return "the units are d, h, m, s and ms";
    if (unit < rest.next_unit) return "larger units come first, each once";
    rest.next_unit = unit + 1;

    const auto room = static_cast<std::uint64_t>((longest - rest.total) / units[unit].milliseconds);
    const auto count = text::parse_number(number, room);
    if (!count) return "it is longer than 10 years";
    rest.total += static_cast<std::int64_t>(*count) * units[unit].milliseconds;
    return std::nullopt;
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
    if (text.empty()) return no_duration(text, "it is empty");
    if (text.find_first_not_of(digits) == std::string_view::npos) {
        const auto seconds = text::parse_number(text, longest / 1'000);
        if (!seconds) return no_duration(text, "it is longer than 10 years");
        return Milliseconds(static_cast<std::int64_t>(*seconds) * 1'000);
    }
    Rest rest{text};
    while (!rest.text.empty()) {
        if (const auto why = take_part(rest)) return no_duration(text, *why);
    }
    return Milliseconds(rest.total);
}

std::string format_duration(Milliseconds duration) {
    std::string out;
    std::int64_t left = duration.count();
    if (left < 0) {  // no user can write one; a difference of two times in a message may be one
        out = "-";
        left = left == INT64_MIN ? INT64_MAX : -left;
    }
    if (left == 0) return "0s";
    for (const Unit& unit : units) {
        if (left < unit.milliseconds) continue;
        fmt::format_to(std::back_inserter(out), "{}{}", left / unit.milliseconds, unit.name);
        left %= unit.milliseconds;
    }
    return out;
}

}  // namespace kaigara
