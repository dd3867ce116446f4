// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_lines.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace kaigara::provision;

namespace {

constexpr std::int64_t new_year = 1'767'225'600'123;
constexpr const char* time_text = "2026-01-01T00:00:00.123Z";

// Feeds `text` in steps of `step` bytes, as a pipe might deliver it, and collects what comes out.
std::string pass(OutputMode mode, std::string_view text, std::size_t step = 1U << 20U) {
    LineFormat format(mode, "10-a");
    OutputBlock block;
    block.prepare();
    std::string out;
    std::string rest;
    const auto take = [&](bool at_end) {
        std::size_t used = 0;
        do {
            used = format.format(rest, at_end, new_year, block);
            rest.erase(0, used);
            out += block.content();
            block.clear();
        } while (used != 0);
    };
    while (!text.empty()) {
        rest += text.substr(0, step);
        text.remove_prefix(std::min(step, text.size()));
        take(false);
    }
    take(true);
    CHECK(rest.empty());
    return out;
}

std::string object(std::string_view line, bool partial = false) {
    return fmt::format("{{\"time\":\"{}\",\"operation\":\"10-a\",\"line\":\"{}\"{}}}\n", time_text,
                       line, partial ? ",\"partial\":true" : "");
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("each line gets the name of its operation in front") {
    CHECK(pass(OutputMode::prefix, "one\n\ntwo\n") == "[10-a] one\n[10-a] \n[10-a] two\n");
    CHECK(pass(OutputMode::prefix, "").empty());
}

TEST_CASE("a last line without a line end gets one") {
    CHECK(pass(OutputMode::prefix, "one\ntwo") == "[10-a] one\n[10-a] two\n");
    CHECK(pass(OutputMode::json, "two") == object("two"));
}

TEST_CASE("lines come out the same however the pipe cuts them") {
    const std::string text = "one\n\nthree with \xC3\xA4\n" + std::string(40'000, 'x') + "\nlast";
    for (const OutputMode mode : {OutputMode::prefix, OutputMode::json}) {
        const std::string whole = pass(mode, text);
        for (const std::size_t step : {1U, 7U, 4096U, 16'384U, 16'385U})
            CHECK(pass(mode, text, step) == whole);
    }
}

TEST_CASE("a line of 16 KiB is whole, a longer one comes in marked pieces") {
    const std::string full(longest_line, 'x');
    CHECK(pass(OutputMode::prefix, full + "\n") == "[10-a] " + full + "\n");
    CHECK(pass(OutputMode::prefix, full + "y\nz\n") ==
          "[10-a] " + full + "\n[10-a+] y\n[10-a] z\n");
    CHECK(pass(OutputMode::prefix, full + full + "y") ==
          "[10-a] " + full + "\n[10-a+] " + full + "\n[10-a+] y\n");
    CHECK(pass(OutputMode::json, full + "y\nz\n") ==
          object(full, true) + object("y") + object("z"));
}

TEST_CASE("a piece does not end inside of a character") {
    const std::string before(longest_line - 1, 'x');
    CHECK(pass(OutputMode::json, before + "\xE2\x82\xAC" + "y\n") ==
          object(before, true) + object("\xE2\x82\xACy"));
    // What is no UTF-8 is cut at the limit; nothing of it is lost.
    const std::string noise(longest_line + 1, '\x80');
    CHECK(pass(OutputMode::prefix, noise) == "[10-a] " + noise.substr(1) + "\n[10-a+] \x80\n");
}

TEST_CASE("binary bytes pass unchanged behind the prefix") {
    const std::string binary("\0\x01\xFF\x1b[31m\r", 9);
    CHECK(pass(OutputMode::prefix, binary + "\n") == "[10-a] " + binary + "\n");
}

TEST_CASE("JSON is well-formed whatever the bytes are") {
    CHECK(pass(OutputMode::json, std::string("a\"b\\\0\t\xFF", 7) + "\n") ==
          object("a\\\"b\\\\\\u0000\\t\xEF\xBF\xBD"));
}

TEST_CASE("the longest line fits in its longest form") {
    const std::string worst(longest_line, '\x01');
    std::string escaped;
    for (std::size_t i = 0; i < longest_line; ++i) escaped += "\\u0001";
    CHECK(pass(OutputMode::json, worst + "\n") == object(escaped));
}

TEST_CASE("a full block leaves the rest of the input for later") {
    LineFormat format(OutputMode::prefix, "10-a");
    OutputBlock block;
    block.prepare();
    const std::string text(OutputBlock::capacity, '\n');
    const std::size_t used = format.format(text, false, 0, block);
    CHECK(used == OutputBlock::capacity / std::string_view("[10-a] \n").size());
    CHECK(block.content().size() == used * 8);
    CHECK(format.format(text, false, 0, block) == 0);
    block.drop(block.content().size() - 1);
    CHECK(block.content() == "\n");
    block.drop(1);
    CHECK(block.room() == OutputBlock::capacity);
}

TEST_CASE("the name in the prefix is fit to be seen") {
    LineFormat format(OutputMode::prefix, "a\nb");
    OutputBlock block;
    block.prepare();
    CHECK(format.format("x\n", false, 0, block) == 2);
    CHECK(block.content() == "[a\\x0ab] x\n");
}

TEST_CASE("the last 20 lines are remembered, however they came") {
    LastLines lines;
    std::string expected;
    std::string text;
    for (int number = 1; number <= 50; ++number) {
        text += fmt::format("line {}\n", number);
        if (number > 30) expected += fmt::format("  line {}\n", number);
    }
    expected.pop_back();
    SUBCASE("in one go") { lines.remember(text); }
    SUBCASE("one after the other") {
        while (!text.empty()) {
            const std::size_t end = text.find('\n') + 1;
            lines.remember(text.substr(0, end));
            text.erase(0, end);
        }
    }
    SUBCASE("in three parts") {
        const std::size_t first = text.find("line 12\n");
        const std::size_t second = text.find("line 45\n");
        lines.remember(text.substr(0, first));
        lines.remember(text.substr(first, second - first));
        lines.remember(text.substr(second));
    }
    CHECK(lines.count() == 20);
    CHECK(lines.text() == expected);
    lines.clear();
    CHECK(lines.count() == 0);
    CHECK(lines.text().empty());
}

TEST_CASE("remembered lines are short and fit for a message") {
    LastLines lines;
    lines.remember("\nred \x1b[31m\n");
    CHECK(lines.text() == "  \n  red \\x1b[31m");
    lines.clear();
    lines.remember(std::string(5'000, 'x'));
    CHECK(lines.text() == "  " + std::string(LastLines::longest, 'x'));
    lines.clear();
    lines.remember("");
    CHECK(lines.count() == 0);
}

}  // TEST_SUITE("provision")
