// SPDX-License-Identifier: Apache-2.0
#include "provision/text_diff.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"

using namespace kaigara;
using provision::unified_diff;

namespace {

std::string diff(std::string_view old_text, std::string_view new_text) {
    return unified_diff(old_text, {.text = new_text}, "a", "b");
}

// Without the two lines of labels.
std::string body(const std::string& diff) {
    const std::string head = "--- a\n+++ b\n";
    REQUIRE(diff.starts_with(head));
    return diff.substr(head.size());
}

std::string masked_diff(std::string_view old_text, std::string_view new_text,
                        std::string_view masked) {
    return body(
        unified_diff(old_text, {.text = new_text, .masked = masked, .has_secret = true}, "a", "b"));
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return lines;
}

// "12,3" or "12", which means one line.
std::pair<std::size_t, std::size_t> range_of(std::string_view text) {
    const std::size_t comma = text.find(',');
    const auto begin = text::parse_number(text.substr(0, comma), 1U << 30U);
    const auto count = comma == std::string_view::npos
                           ? std::optional<std::size_t>(1)
                           : text::parse_number(text.substr(comma + 1), 1U << 30U);
    REQUIRE(begin.has_value());
    REQUIRE(count.has_value());
    return {*begin, *count};
}

// Does what patch(1) does with no fuzz: every context line and every removed line has to be there.
// `edits` counts the added and removed lines.
std::string apply(std::string_view old_text, const std::string& diff, std::size_t& edits) {
    if (diff.empty()) return std::string(old_text);
    const auto old_lines = lines_of(old_text);
    const auto lines = lines_of(body(diff));
    std::string out;
    std::size_t at = 0;
    std::size_t line = 0;
    while (line < lines.size()) {
        const std::string& head = lines[line++];
        const auto words = text::split(head, ' ');
        REQUIRE(words.size() == 4);
        auto [old_begin, old_count] = range_of(words[1].substr(1));
        auto [new_begin, new_count] = range_of(words[2].substr(1));
        for (const std::size_t start = old_count == 0 ? old_begin : old_begin - 1; at < start;)
            out += old_lines.at(at++);
        while (old_count + new_count > 0) {
            std::string text = lines.at(line++);
            const char sign = text[0];
            text.erase(0, 1);
            if (line < lines.size() && lines[line].starts_with('\\')) {
                text.pop_back();
                ++line;
            }
            if (sign != '+') {
                REQUIRE(old_lines.at(at++) == text);
                --old_count;
            }
            if (sign != '-') {
                out += text;
                --new_count;
            }
            if (sign != ' ') ++edits;
        }
    }
    while (at < old_lines.size()) out += old_lines[at++];
    return out;
}

// The least number of lines to be added and removed, by the table of all pairs.
std::size_t least_edits(const std::string& old_text, const std::string& new_text) {
    const auto a = lines_of(old_text);
    const auto b = lines_of(new_text);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = a[i - 1] == b[j - 1] ? diagonal : std::min(above, row[j - 1]) + 1;
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("equal texts have no difference") {
    CHECK(diff("", "").empty());
    CHECK(diff("a\nb", "a\nb").empty());
}

TEST_CASE("a changed line stands between three lines of context, as diff -u writes it") {
    CHECK(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n") ==
          "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST_CASE("a new file, an emptied one and one of one line have the ranges of diff -u") {
    CHECK(body(diff("", "a\nb\n")) == "@@ -0,0 +1,2 @@\n+a\n+b\n");
    CHECK(body(diff("a\nb\n", "")) == "@@ -1,2 +0,0 @@\n-a\n-b\n");
    CHECK(body(diff("a\n", "b\n")) == "@@ -1 +1 @@\n-a\n+b\n");
    CHECK(body(diff("a\n", "a\nb\n")) == "@@ -1 +1,2 @@\n a\n+b\n");
    CHECK(body(diff("a\n1\n2\n3\n4\n", "1\n2\n3\n4\n")) == "@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n");
}

TEST_CASE("changes share a hunk up to six lines apart") {
    const std::string between = "1\n2\n3\n4\n5\n6\n";
    CHECK(body(diff("a\n" + between + "b\n", "A\n" + between + "B\n")) ==
          "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    CHECK(body(diff("a\n" + between + "7\nb\n", "A\n" + between + "7\nB\n")) ==
          "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

TEST_CASE("a missing line end is told on the side where it is missing") {
    const std::string none = "\\ No newline at end of file\n";
    CHECK(body(diff("a", "a\n")) == "@@ -1 +1 @@\n-a\n" + none + "+a\n");
    CHECK(body(diff("a\n", "a")) == "@@ -1 +1 @@\n-a\n+a\n" + none);
    CHECK(body(diff("a\nz", "b\nz")) == "@@ -1,2 +1,2 @@\n-a\n+b\n z\n" + none);
}

TEST_CASE("binary content is not shown") {
    const std::string differ = "Binary files a and b differ\n";
    CHECK(diff("a\n", std::string_view("a\0b", 3)) == differ);
    CHECK(diff("\xff\n", "a\n") == differ);
    CHECK(diff("\xff", "\xff").empty());
}

TEST_CASE("nothing in a file or a label drives the terminal; a tab stays") {
    CHECK(body(diff("", "\x1b[2J\ta\r\nä\x7f\n")) ==
          "@@ -0,0 +1,2 @@\n+\\x1b[2J\ta\\x0d\n+ä\\x7f\n");
    CHECK(unified_diff("", {.text = "x"}, "/a\nb", "/a\x1b")
              .starts_with("--- /a\\x0ab\n+++ /a\\x1b\n"));
}

TEST_CASE("a diff applied to the old text gives the new one, and is the shortest") {
    std::mt19937 random(20260102);
    for (int round = 0; round < 3000; ++round) {
        const auto letters = std::uniform_int_distribution<int>(1, 8)(random);
        std::string texts[2];
        for (std::string& text : texts) {
            const int lines = std::uniform_int_distribution<int>(0, 30)(random);
            for (int line = 0; line < lines; ++line)
                text += fmt::format("{}\n", std::uniform_int_distribution<int>(0, letters)(random));
            if (!text.empty() && round % 3 == 0) text.pop_back();
        }
        CAPTURE(texts[0]);
        CAPTURE(texts[1]);
        std::size_t edits = 0;
        REQUIRE(apply(texts[0], diff(texts[0], texts[1]), edits) == texts[1]);
        REQUIRE(edits == least_edits(texts[0], texts[1]));
    }
}

TEST_CASE("texts that have too little in common are told as replaced, and still apply") {
    std::string old_text = "first\n";
    std::string new_text = "first\n";
    for (int line = 0; line < 20'000; ++line) {
        old_text += fmt::format("old {}\n", line % 7 == 0 ? 0 : line);
        new_text += fmt::format("{} {}\n", line % 7 == 0 ? "old" : "new", line % 7 == 0 ? 0 : line);
    }
    std::size_t edits = 0;
    CHECK(apply(old_text, diff(old_text, new_text), edits) == new_text);
    CHECK(edits > 30'000);
    edits = 0;
    const std::string longer = old_text + "last\n";
    CHECK(apply(old_text, diff(old_text, longer), edits) == longer);
    CHECK(edits == 1);
}

TEST_CASE("a secret is masked in new lines and in the context") {
    CHECK(masked_diff("pw: s3cret\na\n", "pw: s3cret\nb\n", "pw: ***\nb\n") ==
          "@@ -1,2 +1,2 @@\n pw: ***\n-***\n+b\n");
}

TEST_CASE("of a former secret only what surrounds the new one is shown") {
    CHECK(masked_diff("password: \"old\";\n", "password: \"new\";\n", "password: \"***\";\n") ==
          "@@ -1 +1 @@\n-password: \"***\";\n+password: \"***\";\n");
    CHECK(
        masked_diff("password: old\n", "user: me\npassword: new\n", "user: me\npassword: ***\n") ==
        "@@ -1 +1,2 @@\n-password: ***\n+user: me\n+password: ***\n");
    // No byte is shown twice.
    CHECK(masked_diff("a\n", "a1a\n", "a***a\n") == "@@ -1 +1 @@\n-a***\n+a***a\n");
    // Two secrets in a line: between them nothing is known to be visible.
    CHECK(masked_diff("a=1 b=2 end\n", "a=3 b=4 end\n", "a=*** b=*** end\n") ==
          "@@ -1 +1 @@\n-a=*** end\n+a=*** b=*** end\n");
}

TEST_CASE("a removed line is shown when the new text has it, without a secret") {
    CHECK(masked_diff("x\nkeep\n1\n2\n", "1\n2\nkeep\nz\n", "1\n2\nkeep\n***\n") ==
          "@@ -1,4 +1,4 @@\n-***\n-keep\n 1\n 2\n+keep\n+***\n");
    // Equal to a line that holds the secret: it holds the secret itself.
    CHECK(masked_diff("s3cret\n1\n2\n", "1\n2\ns3cret\n", "1\n2\n***\n") ==
          "@@ -1,3 +1,3 @@\n-***\n 1\n 2\n+***\n");
}

TEST_CASE("a removed line with nothing in common shows nothing") {
    CHECK(masked_diff("hunter2\n\n", "", "") == "@@ -1,2 +0,0 @@\n-***\n-\n");
    CHECK(masked_diff("hunter2\n", "port=2\n", "port=2\n") == "@@ -1 +1 @@\n-***\n+port=2\n");
}

TEST_CASE("what is shown of a removed line ends between two characters") {
    CHECK(masked_diff("pä\n", "pö\n", "pö\n") == "@@ -1 +1 @@\n-p***\n+pö\n");
    CHECK(masked_diff("1\xc3\xa4\n", "2\xc4\xa4\n", "***\xc4\xa4\n") ==
          "@@ -1 +1 @@\n-***\n+***\xc4\xa4\n");
}

TEST_CASE("a masked text with other lines than the text hides all of it") {
    CHECK(masked_diff("user: a\n", "user: a\npw: x\n", "user: a\npw: ***") ==
          "@@ -1 +1,2 @@\n user: a\n+pw: ***\n");
    CHECK(masked_diff("a\n", "a\nkey: x\n", "a\n") == "@@ -1 +1,2 @@\n ***\n+***\n");
}

TEST_CASE("no letter of an old or a new secret is in a diff, wherever it stands") {
    std::mt19937 random(7);
    for (int round = 0; round < 1000; ++round) {
        std::string old_text;
        std::string new_text;
        std::string masked;
        for (int line = 0; line < 12; ++line) {
            const int kind = std::uniform_int_distribution<int>(0, 3)(random);
            const std::string name = fmt::format("key{}", line % 4);
            if (kind != 1) old_text += kind == 0 ? name + ": SSSS;\n" : name + ": open\n";
            if (kind != 2) {
                new_text += kind == 0 ? name + ": TTTT;\n" : name + ": open\n";
                masked += kind == 0 ? name + ": ***;\n" : name + ": open\n";
            }
        }
        CAPTURE(old_text);
        CAPTURE(new_text);
        const std::string shown = unified_diff(
            old_text, {.text = new_text, .masked = masked, .has_secret = true}, "a", "b");
        REQUIRE(shown.find_first_of("ST") == std::string::npos);
    }
}

}  // TEST_SUITE("provision")
