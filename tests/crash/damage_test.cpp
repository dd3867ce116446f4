// SPDX-License-Identifier: Apache-2.0

// A ledger of 20 records, cut after each byte and with flipped bits, given to the program itself.
// The unit tests of the parser flip every bit; here are one in fifty.

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/crash_scene.h"
#include "support/streams.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr int operations = 10;

// 10 operations with a start and an end each, behind the first line.
std::string twenty_records(const CrashScene& scene) {
    scene.remove_operations();
    for (int number = 10; number < 10 + operations; ++number)
        scene.add(fmt::format("{}-op", number), "run=once");
    scene.begin_with("");
    CHECK(scene.provision().ending == "exit 0");
    const std::string text = scene.text();
    REQUIRE(checked_lines(text).size() == 1 + 2 * operations);
    return text;
}

// Without namespaces, for thousands of runs: kaigara ledger verify.
Outcome verify(const CrashScene& scene) {
    Strings words = command({"ledger", "verify", "--ledger", scene.ledger()});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    Pipe output = make_pipe();
    const pid_t process = ::fork();
    if (process == 0) {
        if (::dup2(output.write.number(), 1) == 1 && ::dup2(output.write.number(), 2) == 2)
            ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }
    output.write.close();
    Outcome outcome;
    char part[4096];
    for (ssize_t size = 0; (size = ::read(output.read.number(), part, sizeof part)) > 0;)
        outcome.output.append(part, static_cast<std::size_t>(size));
    int status = 0;
    ::waitpid(process, &status, 0);
    outcome.ending = WIFEXITED(status) ? fmt::format("exit {}", WEXITSTATUS(status)) : "signal";
    return outcome;
}

}  // namespace

TEST_SUITE("crash") {

TEST_CASE(
    "cut after each of its bytes a ledger is whole up to its last line, and the rest is torn") {
    const CrashScene scene;
    const std::string text = twenty_records(scene);
    for (std::size_t size = 1; size < text.size(); ++size) {
        CAPTURE(size);
        const std::string left = text.substr(0, size);
        scene.write_ledger(left);
        const Outcome outcome = verify(scene);
        const std::size_t lines = count(left, "\n");
        if (lines == 0) {  // a ledger is never made without its first line
            CHECK_MESSAGE(outcome.ending == "exit 65", outcome.output);
            continue;
        }
        const bool is_right =
            outcome.ending == "exit 0" &&
            has(outcome.output,
                lines == 1 ? ": 1 line, no" : fmt::format(": {} lines, no", lines)) &&
            has(outcome.output, "torn") == !left.ends_with('\n');
        CHECK_MESSAGE(is_right, outcome.output);
    }
    fmt::print("a ledger of {} records cut after each of {} bytes\n", 2 * operations,
               text.size() - 1);
}

TEST_CASE("a flipped bit anywhere is an error, nothing runs, and the ledger stays as it is") {
    const CrashScene scene;
    const std::string text = twenty_records(scene);
    scene.forget_runs();
    scene.add("30-more", "run=once");  // it would run
    scene.operation("05-always", "echo \"always 0\" >>\"$scene/began\"");
    constexpr std::size_t step = 51;  // of bits: each bit of a byte has its turn
    std::size_t flipped = 0;
    for (std::size_t bit = 0; bit < text.size() * 8; bit += step) {
        CAPTURE(bit);
        std::string damaged = text;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        scene.write_ledger(damaged);
        const Outcome outcome = scene.provision();
        const bool is_refused = outcome.ending == "exit 65" && has(outcome.errors, scene.ledger());
        CHECK_MESSAGE(is_refused, outcome.errors);
        CHECK(scene.began().empty());
        CHECK(scene.text() == damaged);
        ++flipped;
    }
    scene.write_ledger(text);
    CHECK(scene.provision().ending == "exit 0");
    CHECK(scene.finished() == Strings{"30-more"});
    fmt::print("{} flipped bits of {}\n", flipped, text.size() * 8);
}

}  // TEST_SUITE("crash")
