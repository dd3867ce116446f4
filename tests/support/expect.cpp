// SPDX-License-Identifier: Apache-2.0
#include "support/expect.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace kaigara::test {

std::string quiet_success(const Outcome& outcome) {
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(outcome.errors == "");
    return outcome.output;
}

void check_refused(const Outcome& outcome, std::string_view ending, const Strings& texts) {
    CHECK_MESSAGE(outcome.ending == ending, outcome.errors);
    CHECK(outcome.output == "");
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK_MESSAGE(has(outcome.errors, text), outcome.errors);
    }
}

void check_message(const Outcome& outcome, std::string_view level, const Strings& texts) {
    const std::string begin = fmt::format("kaigara: {}: ", level);
    bool is_there = false;
    for (const std::string& line : lines_of(outcome.errors)) {
        const auto in_line = [&](const std::string& text) { return has(line, text); };
        is_there = is_there ||
                   (line.starts_with(begin) && std::all_of(texts.begin(), texts.end(), in_line));
    }
    const std::string wanted = fmt::format("{}{}", begin, fmt::join(texts, " ... "));
    CAPTURE(wanted);
    CHECK_MESSAGE(is_there, outcome.errors);
}

}  // namespace kaigara::test
