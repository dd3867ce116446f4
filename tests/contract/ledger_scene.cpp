// SPDX-License-Identifier: Apache-2.0
#include "ledger_scene.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/world.h"

namespace kaigara::test {

namespace {

constexpr std::string_view sum_mark = " sum=";
constexpr const char* first_line =
    "1 2026-01-02T03:04:05.678Z ledger - format=1 by=kaigara-0.1.0 after=0";

Strings words_of(const std::string& line) {
    Strings words;
    for (std::size_t from = 0; from <= line.size();) {
        const std::size_t end = std::min(line.find(' ', from), line.size());
        words.push_back(line.substr(from, end - from));
        from = end + 1;
    }
    return words;
}

LedgerLine taken_apart(const std::string& line) {
    const Strings words = words_of(line);
    LedgerLine result;
    if (words.size() < 5) return result;
    result.number = std::strtoul(words[0].c_str(), nullptr, 10);
    result.time = words[1];
    result.event = words[2];
    std::size_t at = 3;
    const bool has_no_name =
        result.event == "ledger" || (result.event == "salvaged" && has(words[3], "="));
    if (!has_no_name) result.name = words[at++];
    for (; at < words.size(); ++at) {
        const std::size_t equals = words[at].find('=');
        if (equals == std::string::npos) continue;
        result.facts[words[at].substr(0, equals)] = words[at].substr(equals + 1);
    }
    return result;
}

std::string sealed(std::string body) {
    const std::uint32_t sum = cksum(body);
    return body + fmt::format("{}{}\n", sum_mark, sum);
}

}  // namespace

std::uint32_t cksum(std::string_view bytes) {
    constexpr std::uint32_t polynomial = 0x04C11DB7;
    std::uint32_t rest = 0;
    const auto divide = [&](unsigned byte) {
        rest ^= byte << 24U;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest << 1U) ^ ((rest >> 31U) != 0 ? polynomial : 0);
        }
    };
    for (const char byte : bytes) divide(static_cast<unsigned char>(byte));
    for (std::size_t size = bytes.size(); size != 0; size >>= 8U) {
        divide(static_cast<unsigned>(size & 0xFFU));
    }
    return ~rest;
}

std::vector<LedgerLine> checked_lines(const std::string& text) {
    CHECK(text.ends_with('\n'));
    std::vector<LedgerLine> result;
    std::string before = "0";
    for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        const std::size_t mark = line.rfind(sum_mark);
        REQUIRE(mark != std::string::npos);
        const std::string sum = line.substr(mark + sum_mark.size());
        CHECK(sum == std::to_string(cksum(std::string_view(line).substr(0, mark))));
        LedgerLine record = taken_apart(line);
        CHECK(record.number == result.size() + 1);
        CHECK(record.facts["after"] == before);
        const bool is_time = record.time.size() >= 20 && record.time[4] == '-' &&
                             record.time[10] == 'T' && record.time.ends_with('Z');
        CHECK_MESSAGE(is_time, record.time);
        before = sum;
        result.push_back(std::move(record));
    }
    if (!result.empty()) CHECK(result.front().event == "ledger");
    return result;
}

Strings events_of(const std::string& text) {
    Strings events;
    for (const LedgerLine& line : checked_lines(text)) {
        if (line.number > 1) events.push_back(fmt::format("{} {}", line.event, line.name));
    }
    return events;
}

std::string make_ledger(const Strings& records) {
    std::string text = sealed(first_line);
    std::size_t number = 1;
    for (const std::string& record : records) {
        const std::string last = text.substr(text.rfind(sum_mark) + sum_mark.size());
        text += sealed(fmt::format("{} 2026-01-02T03:04:06.789Z {} after={}", ++number, record,
                                   last.substr(0, last.size() - 1)));
    }
    return text;
}

std::size_t LedgerScene::records() const {
    return folder().exists("state/ledger") ? count(text(), "\n") : 0;
}

void LedgerScene::annotated(std::string_view name, std::string_view options,
                            std::string_view script) const {
    operation(name, fmt::format("# kaigara: {}\necho \"$KAIGARA_OPERATION\" >>\"$scene/runs\"\n{}",
                                options, script));
}

Strings LedgerScene::runs() const {
    if (!folder().exists("runs")) return {};
    Strings lines = lines_of(folder().read("runs"));
    std::filesystem::remove(folder() / "runs");
    return lines;
}

Strings LedgerScene::ledger_words(std::string_view command_name, Strings options) const {
    options.insert(options.begin(), {"--ledger", ledger()});
    return words(command_name, std::move(options));
}

Outcome LedgerScene::provision(Strings options, Strings environment) const {
    return run({.words = ledger_words("provision", std::move(options)),
                .environment = std::move(environment)});
}

Outcome LedgerScene::provisions(const Strings& ran, Strings options, Strings environment) const {
    runs();
    Outcome outcome = provision(std::move(options), std::move(environment));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK_MESSAGE(runs() == ran, outcome.errors);
    return outcome;
}

Outcome LedgerScene::refuses(std::string_view ending, const Strings& texts) const {
    runs();
    Outcome outcome = provision();
    check_refused(outcome, ending, texts);
    CHECK(runs() == Strings{});
    return outcome;
}

Outcome LedgerScene::ledger_command(Strings arguments) const {
    Strings words = command({"ledger"});
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--ledger", ledger(), "--operations", folder() / "operations"});
    if (folder().exists("kaigara.yml")) {
        words.insert(words.end(), {"--config", folder() / "kaigara.yml"});
    }
    return run({.words = std::move(words)});
}

void LedgerScene::kill_at(std::string_view output) const {
    Program program({.words = ledger_words("provision")});
    wait_for_either(program, output);
    program.send(SIGKILL);
    CHECK(program.wait() == "signal 9");
}

void wait_for_either(Program& program, std::string_view text) {
    program.eventually(text, [&] { return has(program.output() + program.errors(), text); });
}

}  // namespace kaigara::test
