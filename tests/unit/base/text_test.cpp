// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

using namespace kaigara;
using namespace std::string_literals;

TEST_SUITE("base") {

TEST_CASE("a text is split at every separator, empty parts included") {
    using Parts = std::vector<std::string_view>;
    CHECK(text::split("a,,b", ',') == Parts{"a", "", "b"});
    CHECK(text::split("", ',') == Parts{""});
    CHECK(text::split(",", ',') == Parts{"", ""});
    CHECK(text::split("abc", ',') == Parts{"abc"});
}

TEST_CASE("trimming takes blanks, tabs and line ends from both ends and none from within") {
    CHECK(text::trim(" \t a b\r\n") == "a b");
    CHECK(text::trim(" \n\t ").empty());
    CHECK(text::trim("").empty());
    CHECK(text::trim("a") == "a");
}

TEST_CASE("case changes for ASCII letters alone") {
    CHECK(text::lower("AZaz@[`{09") == "azaz@[`{09");
    CHECK(text::upper("AZaz@[`{09") == "AZAZ@[`{09");
    CHECK(text::upper("\xC3\xA4x") == "\xC3\xA4X");
    CHECK(text::lower("\xC3\x84X") == "\xC3\x84x");
}

TEST_CASE("a number is digits and nothing else") {
    CHECK(text::parse_number("0", 10) == 0U);
    CHECK(text::parse_number("007", 10) == 7U);
    for (const char* bad : {"", "+1", "-1", " 1", "1 ", "1.0", "0x1", "1e1", "one"}) {
        CAPTURE(bad);
        CHECK_FALSE(text::parse_number(bad, 100));
    }
}

TEST_CASE("a number above its limit is none, also when it would overflow") {
    CHECK(text::parse_number("10", 10) == 10U);
    CHECK_FALSE(text::parse_number("11", 10));
    CHECK_FALSE(text::parse_number("9", 8));
    CHECK(text::parse_number("18446744073709551615", SIZE_MAX) == SIZE_MAX);
    CHECK_FALSE(text::parse_number("18446744073709551616", SIZE_MAX));
    CHECK_FALSE(text::parse_number("99999999999999999999999", SIZE_MAX));
}

TEST_CASE("well-formed UTF-8 passes, the last of each length included") {
    for (const char* good :
         {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
          "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
        CAPTURE(good);
        CHECK_FALSE(text::invalid_utf8(good));
        CHECK(text::valid_utf8(good) == good);
    }
    CHECK_FALSE(text::invalid_utf8("a\0b"s));
}

TEST_CASE("the first byte that is not UTF-8 is found") {
    const std::array<std::string_view, 12> bad{
        "ab\x80",              // a continuation without a lead
        "ab\xC0\xAF",          // overlong, two bytes
        "ab\xC1\xBF",          // overlong, two bytes
        "ab\xE0\x9F\xBF",      // overlong, three bytes
        "ab\xF0\x8F\xBF\xBF",  // overlong, four bytes
        "ab\xED\xA0\x80",      // a surrogate
        "ab\xF4\x90\x80\x80",  // above U+10FFFF
        "ab\xF5\x80\x80\x80",  // no such lead
        "ab\xFF",              // no such lead
        "ab\xC3",              // the end comes too early
        "ab\xE2\x82",          // the end comes too early
        "ab\xE2\x28\xA1",      // the middle is no continuation
    };
    for (const std::string_view text : bad) {
        CAPTURE(text::printable(text));
        CHECK(text::invalid_utf8(text) == 2U);
    }
}

TEST_CASE("each byte that is not UTF-8 becomes one replacement character") {
    CHECK(text::valid_utf8("a\xFF\xFE"
                           "b") == "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                   "b");
    CHECK(text::valid_utf8("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(text::valid_utf8("\xC3\xA4\xC3") == "\xC3\xA4\xEF\xBF\xBD");
}

TEST_CASE("the edit distance counts insertions, deletions, replacements and swaps") {
    CHECK(text::edit_distance("strat", "start") == 1);
    CHECK(text::edit_distance("", "") == 0);
    CHECK(text::edit_distance("abc", "") == 3);
    CHECK(text::edit_distance("", "abc") == 3);
    CHECK(text::edit_distance("kitten", "sitting") == 3);
    CHECK(text::edit_distance("provision", "provison") == 1);
    CHECK(text::edit_distance("ab", "ba") == 1);
}

TEST_CASE("the nearest candidate is what a person meant") {
    constexpr std::array<std::string_view, 4> commands{"provision", "render", "start", "status"};
    CHECK(text::nearest("provison", commands) == "provision");
    CHECK(text::nearest("strat", commands) == "start");  // one swap
    CHECK(text::nearest("stat", commands) == "start");
    CHECK(text::nearest("statu", commands) == "status");
    CHECK_FALSE(text::nearest("xyz", commands));
    CHECK_FALSE(text::nearest("", commands));
    CHECK_FALSE(text::nearest("render", {}));
}

TEST_CASE("two words that share nothing are not near, however short they are") {
    constexpr std::array<std::string_view, 1> candidates{"b"};
    CHECK_FALSE(text::nearest("a", candidates));
    constexpr std::array<std::string_view, 1> longer{"ab"};
    CHECK(text::nearest("b", longer) == "ab");
}

TEST_CASE("a huge word is answered without comparing it") {
    const std::string huge(8U << 20U, 'x');
    const std::string other = huge + "y";
    const std::array<std::string_view, 1> candidates{other};
    CHECK_FALSE(text::nearest(huge, candidates));
}

TEST_CASE("a suggestion is made only when there is one") {
    constexpr std::array<std::string_view, 2> options{"--restart", "--ready"};
    CHECK(text::did_you_mean("--restrat", options) == " (did you mean '--restart'?)");
    CHECK(text::did_you_mean("--umask", options).empty());
}

TEST_CASE("a JSON string escapes what RFC 8259 wants escaped") {
    CHECK(text::json_string("") == "\"\"");
    CHECK(text::json_string("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(text::json_string("\b\f\n\r\t\x01\x1F\x7F") == "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\"");
    CHECK(text::json_string("\0"s) == "\"\\u0000\"");
    CHECK(text::json_string("\xC3\xA4\xFF") == "\"\xC3\xA4\xEF\xBF\xBD\"");
}

TEST_CASE("a shell word is in single quotes, and so are the quotes in it") {
    CHECK(text::shell_word("") == "''");
    CHECK(text::shell_word("a b $c `d` \"e\" \\f") == "'a b $c `d` \"e\" \\f'");
    CHECK(text::shell_word("it's") == R"('it'\''s')");
    CHECK(text::shell_word("'") == R"(''\''')");
}

TEST_CASE("what a person sees holds no control character and nothing that is not UTF-8") {
    CHECK(text::printable("plain \xC3\xA4") == "plain \xC3\xA4");
    CHECK(text::printable("\x1b[31m\n\x7F") == "\\x1b[31m\\x0a\\x7f");
    CHECK(text::printable("a\xFFz") == "a\\xffz");
    CHECK(text::printable("\xC2\x9B"
                          "31m") == "\\xc2\\x9b31m");  // CSI as one C1 character
    CHECK(text::printable("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("what a person sees is cut at its limit, never within a character or an escape") {
    CHECK(text::printable("abcdef", 6) == "abcdef");
    CHECK(text::printable("abcdefg", 6) == "abcdef...");
    CHECK(text::printable("abcde\xC3\xA4", 6) == "abcde...");
    CHECK(text::printable("abcde\n", 6) == "abcde...");
    CHECK(text::printable(std::string(300, 'x')).size() == 203);
}

}  // TEST_SUITE("base")
