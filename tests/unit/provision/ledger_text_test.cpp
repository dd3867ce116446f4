// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_text.h"

#include <algorithm>

#include <fmt/format.h>

#include <doctest/doctest.h>

#include "provision/ledger_history.h"

using namespace kaigara;
using namespace kaigara::provision;

namespace {

constexpr std::string_view some_time = "2026-01-02T03:04:05.678Z";

// A ledger as kaigara writes it: its first line, and then what is told.
class Writer {
public:
    Writer() { add({LedgerEvent::ledger, "", "format=1 by=kaigara-0.1.0"}); }

    Writer& add(const LedgerRecord& record) {
        const std::string line = format_ledger_line(record, ++number_, some_time, sum_);
        sum_ = parse_ledger_line(std::string_view(line).substr(0, line.size() - 1))->sum;
        text += line;
        return *this;
    }

    std::string text;

private:
    std::uint64_t number_ = 0;
    std::uint32_t sum_ = 0;
};

// Twenty lines of a life with ups and downs.
std::string twenty_lines() {
    Writer writer;
    const OperationDigests digests{std::string(64, 'a'), std::string(64, 'b'), ""};
    for (int i = 0; i < 9; ++i) {
        const std::string name = fmt::format("{}0-step {}", i + 1, i);
        writer.add({LedgerEvent::started, name,
                    "run=once attempt=1 host=web-1 " + describe_operation(digests, i == 8)});
        writer.add(i % 3 == 1 ? LedgerRecord{LedgerEvent::failed, name, "status=3 duration=1s"}
                              : LedgerRecord{LedgerEvent::done, name, "duration=12ms"});
    }
    return writer.add({LedgerEvent::forgotten, "10-step 0", ""}).text;
}

std::size_t line_ends(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a line of a ledger is read as it was written") {
    const LedgerRecord record{LedgerEvent::done, "10 a%b\n\xff-é", "duration=12ms"};
    const std::string text = format_ledger_line(record, 7, some_time, 42);
    CHECK(text.ends_with('\n'));
    CHECK(line_ends(text) == 1);
    CHECK(text.starts_with("7 2026-01-02T03:04:05.678Z done 10%20a%25b%0A%FF-%C3%A9 duration=12ms "
                           "after=42 sum="));
    const auto line = parse_ledger_line(std::string_view(text).substr(0, text.size() - 1));
    REQUIRE(line);
    CHECK(line->number == 7);
    CHECK(line->time == some_time);
    CHECK(line->event == "done");
    CHECK(decode_name(line->name) == record.name);
    CHECK(line->details == "duration=12ms");
    CHECK(detail(line->details, "duration") == "12ms");
    CHECK(detail(line->details, "dura").empty());
    CHECK(line->after == 42);
    CHECK(decode_name(encode_name("-")) == "-");
    CHECK(encode_name("-") != "-");
}

TEST_CASE("a ledger cut at any byte behind its first line holds what was whole, and nothing else") {
    const std::string text = twenty_lines();
    REQUIRE(line_ends(text) == 20);
    for (std::size_t size = text.find('\n') + 1; size <= text.size(); ++size) {
        const std::string_view cut = std::string_view(text).substr(0, size);
        const auto ledger = parse_ledger(cut, "ledger");
        CAPTURE(size);
        REQUIRE(ledger);
        CHECK(ledger->lines.size() == line_ends(cut));
        CHECK(ledger->is_torn == (size != 0 && text[size - 1] != '\n'));
        CHECK(ledger->size == cut.rfind('\n') + 1);
    }
}

TEST_CASE("a ledger without a whole first line is damaged: it was never made like that") {
    const std::string text = twenty_lines();
    for (std::size_t size = 0; size <= text.find('\n'); ++size) {
        const auto ledger = parse_ledger(text.substr(0, size), "ledger");
        CAPTURE(size);
        REQUIRE_FALSE(ledger);
        CHECK(ledger.error().fault == Fault::bad_data);
        CHECK(ledger.error().where == "ledger:1");
    }
    CHECK_FALSE(parse_ledger(std::string(300, '\0'), "ledger"));
}

TEST_CASE("what follows the last line and is longer than a line is damage") {
    const std::string text = twenty_lines();
    CHECK(parse_ledger(text + std::string(longest_ledger_line, '\0'), "ledger"));
    CHECK_FALSE(parse_ledger(text + std::string(longest_ledger_line + 1, '\0'), "ledger"));
}

TEST_CASE("a line that could say something to a terminal is none, nor is one without a time") {
    const LedgerRecord record{LedgerEvent::done, "10-a", "duration=\x1b[31m"};
    std::string line = format_ledger_line(record, 2, some_time, 0);
    line.pop_back();
    CHECK_FALSE(parse_ledger_line(line));
    line = format_ledger_line({LedgerEvent::done, "10-a", ""}, 2, "yesterday", 0);
    line.pop_back();
    CHECK_FALSE(parse_ledger_line(line));
}

TEST_CASE("salvaging keeps both lines of one number, one of two that are equal, and what is too "
          "long for its new place not") {
    Writer writer;
    writer.add({LedgerEvent::started, "10-a", "run=once"});
    Writer other = writer;
    writer.add({LedgerEvent::done, "10-a", "duration=1ms"});
    other.add({LedgerEvent::done, "10-b", "duration=2ms"});
    const SalvagedText both = salvage_ledger(writer.text + other.text);
    CHECK(both.kept == 4);
    CHECK(both.doubled == 2);
    CHECK(both.lost == 0);
    const auto ledger = parse_ledger(both.text, "ledger");
    REQUIRE(ledger);
    CHECK(read_history(*ledger).at("10-a").has_succeeded);
    CHECK(read_history(*ledger).at("10-b").has_succeeded);

    const std::string first =
        format_ledger_line({LedgerEvent::ledger, "", "format=1"}, 1, some_time, 0);
    std::string longest = format_ledger_line({LedgerEvent::started, "10-a", ""}, 2, some_time, 0);
    const std::string filler(longest_ledger_line - longest.size() - 4, 'x');
    longest = format_ledger_line({LedgerEvent::started, "10-a", filler}, 2, some_time, 0);
    CHECK(parse_ledger_line(std::string_view(longest).substr(0, longest.size() - 1)));
    CHECK(salvage_ledger(first + longest).lost == 1);
}

TEST_CASE("bytes that a loss of power left as NUL are torn, too") {
    const std::string text = twenty_lines();
    for (const std::size_t size : {text.find('\n') + 1, text.size(), text.size() - 30}) {
        const auto ledger = parse_ledger(text.substr(0, size) + std::string(300, '\0'), "ledger");
        REQUIRE(ledger);
        CHECK(ledger->is_torn);
    }
}

TEST_CASE("a ledger with any one bit flipped is damaged, never read as another") {
    const std::string text = twenty_lines();
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string changed = text;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        const auto ledger = parse_ledger(changed, "ledger");
        if (ledger || ledger.error().fault != Fault::bad_data) {
            CAPTURE(bit);
            CAPTURE(changed);
            FAIL("taken as whole");
        }
    }
}

TEST_CASE("a line that is missing, doubled or out of place is damage, and named") {
    const std::string text = twenty_lines();
    const std::size_t second = text.find('\n') + 1;
    const std::size_t third = text.find('\n', second) + 1;
    const std::size_t fourth = text.find('\n', third) + 1;
    const std::string head = text.substr(0, second);
    const std::string line2 = text.substr(second, third - second);
    const std::string line3 = text.substr(third, fourth - third);
    const std::string tail = text.substr(fourth);
    const auto where = [](const std::string& changed) {
        const auto ledger = parse_ledger(changed, "/var/ledger");
        REQUIRE_FALSE(ledger);
        CHECK(ledger.error().fault == Fault::bad_data);
        CHECK(ledger.error().message.find("kaigara ledger salvage") != std::string::npos);
        return ledger.error().where;
    };
    CHECK(where(head + line3 + tail) == "/var/ledger:2");
    CHECK(where(head + line2 + line2 + line3 + tail) == "/var/ledger:3");
    CHECK(where(head + line3 + line2 + tail) == "/var/ledger:2");
    CHECK(where(line2 + line3 + tail) == "/var/ledger:1");
}

TEST_CASE("a file that is no ledger, and one of a newer kaigara, are told apart from damage") {
    for (const char* text : {"root:x:0:0:root:/root:/bin/sh\n", "no line end", "\n\n"}) {
        const auto ledger = parse_ledger(text, "/etc/passwd");
        REQUIRE_FALSE(ledger);
        CHECK(ledger.error().fault == Fault::bad_data);
    }
    const std::string newer =
        format_ledger_line({LedgerEvent::ledger, "", "format=2"}, 1, some_time, 0);
    const auto ledger = parse_ledger(newer, "ledger");
    REQUIRE_FALSE(ledger);
    CHECK(ledger.error().fault == Fault::configuration);
    CHECK(ledger.error().message.find("newer") != std::string::npos);
}

TEST_CASE("salvaging keeps every line that holds, and makes a ledger of them") {
    std::string text = twenty_lines();
    text[text.find("40-step")] = 'X';
    const SalvagedText salvaged = salvage_ledger(text);
    CHECK(salvaged.kept == 19);
    CHECK(salvaged.lost == 1);
    const auto ledger = parse_ledger(salvaged.text, "ledger");
    REQUIRE(ledger);
    CHECK(ledger->lines.size() == 19);
    const LedgerHistory history = read_history(*ledger);
    CHECK(history.at("10-step 0").last == LedgerEvent::forgotten);
    CHECK(history.at("30-step 2").has_succeeded);
}

TEST_CASE("salvaging a ledger without its first line gives it a new one") {
    const std::string text = twenty_lines();
    const SalvagedText salvaged = salvage_ledger(text.substr(text.find('\n') + 5));
    CHECK(salvaged.kept == 18);
    const auto ledger = parse_ledger(salvaged.text, "ledger");
    REQUIRE(ledger);
    CHECK(ledger->lines.size() == 19);
    CHECK(salvage_ledger("nothing of this\nis a ledger\n").kept == 0);
}

TEST_CASE("the history of an operation is what its lines say last") {
    const OperationDigests first{std::string(64, '1'), std::string(64, '2'), std::string(64, '3')};
    Writer writer;
    const auto past = [&writer] {
        return read_history(*parse_ledger(writer.text, "ledger")).at("10-a");
    };
    writer.add({LedgerEvent::started, "10-a", "run=once"});
    CHECK(past().is_interrupted());
    CHECK_FALSE(past().has_succeeded);
    writer.add({LedgerEvent::done, "10-a", "duration=1ms " + describe_operation(first, true)});
    CHECK_FALSE(past().is_interrupted());
    CHECK(past().has_succeeded);
    CHECK(past().success == first);
    CHECK(past().success_is_barrier);
    writer.add({LedgerEvent::started, "10-a", "run=once"});
    writer.add({LedgerEvent::failed, "10-a", "status=1"});
    CHECK(past().has_succeeded);
    CHECK(past().success == first);
    CHECK_FALSE(past().ended_in_success());
    CHECK(past().starts == 2);
    writer.add({LedgerEvent::forgotten, "10-a", ""});
    CHECK_FALSE(past().has_succeeded);
    CHECK_FALSE(past().success_is_barrier);
    writer.add({LedgerEvent::accepted, "10-a", describe_operation(first, false)});
    CHECK(past().has_succeeded);
    CHECK(past().success == first);
}

}  // TEST_SUITE("provision")
