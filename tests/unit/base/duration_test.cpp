// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <chrono>

#include <doctest/doctest.h>

using namespace kaigara;
using namespace std::chrono_literals;

namespace {

Milliseconds parsed(std::string_view text) {
    auto duration = parse_duration(text);
    CAPTURE(text);
    REQUIRE(duration.has_value());
    return *duration;
}

std::string refused(std::string_view text) {
    auto duration = parse_duration(text);
    CAPTURE(text);
    REQUIRE_FALSE(duration.has_value());
    CHECK(duration.error().fault == Fault::usage);
    return duration.error().message;
}

}  // namespace

TEST_SUITE("base") {

TEST_CASE("a duration is a number with a unit, or several of them, or seconds") {
    CHECK(parsed("90s") == 90s);
    CHECK(parsed("10m") == 10min);
    CHECK(parsed("1h30m") == 90min);
    CHECK(parsed("250ms") == 250ms);
    CHECK(parsed("1d") == 24h);
    CHECK(parsed("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
    CHECK(parsed("0") == 0ms);
    CHECK(parsed("10") == 10s);
    CHECK(parsed("0s") == 0ms);
    CHECK(parsed("90m") == 90min);
}

TEST_CASE("what is no duration is refused in words that help") {
    CHECK(refused("") == "'' is no duration: it is empty (write 90s, 10m, 1h30m or 250ms)");
    CHECK(refused("2.5") ==
          "'2.5' is no duration: the units are d, h, m, s and ms (write 90s, 10m, 1h30m or 250ms)");
    CHECK(refused("10x").find("the units are") != std::string::npos);
    CHECK(refused("10S").find("the units are") != std::string::npos);
    CHECK(refused("10 s").find("the units are") != std::string::npos);
    CHECK(refused("s").find("a number is missing") != std::string::npos);
    CHECK(refused("-1s").find("a number is missing") != std::string::npos);
    CHECK(refused("+1s").find("a number is missing") != std::string::npos);
    CHECK(refused(" 1s").find("a number is missing") != std::string::npos);
    CHECK(refused("1h30").find("no unit") != std::string::npos);
    CHECK(refused("1m1h").find("larger units come first") != std::string::npos);
    CHECK(refused("1h1h").find("each once") != std::string::npos);
}

TEST_CASE("a duration ends at ten years, and no number overflows") {
    CHECK(parsed("3650d") == 24h * 3650);
    CHECK(parsed("315360000") == 24h * 3650);
    for (const char* long_one : {"3651d", "3650d1ms", "315360001", "99999999999999999999",
                                 "99999999999999999999h", "18446744073709551617ms"}) {
        CHECK(refused(long_one).find("longer than 10 years") != std::string::npos);
    }
}

TEST_CASE("an unreadable duration is shown without its control characters") {
    CHECK(refused("1\x1b[31m").find('\x1b') == std::string::npos);
}

TEST_CASE("a duration is written in the form that is read") {
    CHECK(format_duration(0ms) == "0s");
    CHECK(format_duration(250ms) == "250ms");
    CHECK(format_duration(1500ms) == "1s500ms");
    CHECK(format_duration(90s) == "1m30s");
    CHECK(format_duration(90min) == "1h30m");
    CHECK(format_duration(24h) == "1d");
    CHECK(format_duration(-1500ms) == "-1s500ms");
    CHECK(format_duration(Milliseconds::min()).starts_with("-106751991167d"));
}

TEST_CASE("what is written is read back as the same duration") {
    for (std::int64_t count = 0; count < 200'000'000; count += 7'654'321) {
        CHECK(parsed(format_duration(Milliseconds(count))) == Milliseconds(count));
    }
}

}  // TEST_SUITE("base")
