// SPDX-License-Identifier: Apache-2.0

// The fixture itself: what every other contract test takes for granted. And its beginning: the mode
// is entered before the first test, and where it cannot be had the whole run is a skip.

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include "support/world_listener.h"

using namespace kaigara::test;

namespace {

std::optional<std::string> prepare() { return std::nullopt; }

DOCTEST_REGISTER_LISTENER("world", 0, WorldListener<prepare>);

std::vector<std::string> actor(std::vector<std::string> play) {
    return with_actor({}, std::move(play));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a program is PID 1 of its namespace and leads its session") {
    const Outcome outcome = run({.words = actor({"place", "exit", "3"})});
    CHECK(outcome.ending == "exit 3");
    CHECK(outcome.output == "pid 1 parent 0 group 1 session 1 foreground -1\n");
}

TEST_CASE("a program is not PID 1 when it has a parent") {
    CHECK(run({.words = actor({"place"}), .place = Place::later}).output ==
          "pid 2 parent 1 group 1 session 1 foreground -1\n");
    CHECK(run({.words = actor({"place"}), .place = Place::job, .terminal = true}).output ==
          "pid 2 parent 1 group 2 session 1 foreground 2\n");
}

TEST_CASE("a program has the signals, descriptors, directory and mask that the test says") {
    const Outcome outcome =
        run({.words = actor({"signals", "descriptors", "stdio", "cwd", "umask"}),
             .input = Input::closed,
             .directory = "/usr",
             .blocked = {SIGTERM, 40},
             .ignored = {SIGINT, 64},
             .descriptors = {5, 251},
             .umask = 027});
    CHECK(outcome.output == "blocked: 15 40\nignored: 2 64\ncaught:\n"
                            "descriptors: 1 2 5 251\n"
                            "0: closed\n1: pipe blocking\n2: pipe blocking\n"
                            "cwd /usr\numask 027\n");
}

TEST_CASE("a program has the rights that the mode says") {
    const std::string ids = run({.words = actor({"ids"})}).output;
    const std::string me = fmt::format("uid {0} {0} {0} ", mode() == Mode::user ? ::geteuid() : 0);
    CHECK(ids.substr(0, me.size()) == me);
}

TEST_CASE("a program is signalled, heard and waited for") {
    for (const Place place : {Place::first, Place::later}) {
        Program program({.words = actor({"log-signals", "15", "exit", "4"}), .place = place});
        program.wait_for("ready");
        program.send(SIGHUP);
        program.wait_for("signal 1\n");
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 4");
        CHECK(program.output() == "ready\nsignal 1\nsignal 15\n");
    }
}

TEST_CASE("a program that cannot be executed is an error of the fixture") {
    CHECK_THROWS_WITH_AS(Program({.words = {"/nonexistent"}}),
                         doctest::Contains("exec /nonexistent"), std::runtime_error);
}

TEST_CASE("a full pipe takes nothing until it is read") {
    Program program({.words = actor({"say", "late", "exit", "0"}), .output = Output::full});
    CHECK(program.stays(std::chrono::milliseconds(50)));
    program.read_on();
    CHECK(program.wait() == "exit 0");
    CHECK(program.output().ends_with(".late\n"));
}

TEST_CASE("a shell's job is stopped by the terminal and goes on in the foreground") {
    Program program({.words = actor({"say", "go", "read-line", "exit", "5"}),
                     .place = Place::job,
                     .terminal = true});
    program.wait_for("go");
    program.type("\x1a");
    CHECK(program.wait_for_stop() == "stopped 20");
    CHECK(program.terminal_is_back());
    program.foreground();
    program.type("text\n");
    program.wait_for("read text");
    CHECK(program.wait() == "exit 5");
}

}  // TEST_SUITE("contract")
