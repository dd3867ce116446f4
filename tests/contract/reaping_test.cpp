// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: zombies are reaped, what is left is ended, and a full process table is waited out.

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>

#include "support/proc.h"
#include "support/scenes.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST_SUITE("contract") {

TEST_CASE("no zombie is left of ten thousand orphans") {
    for (const Place place : {Place::first, Place::later}) {
        const std::string count = place == Place::first ? "10000" : "1000";
        Program program(
            {.words = exec_actor({"orphans", count, "log-signals", "15"}), .place = place});
        program.wait_for("ready\n");
        program.eventually("the application to be the only child",
                           [&] { return children_of(program.pid()).size() == 1; });
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 0");
    }
}

TEST_CASE("a child that was dead before kaigara began is reaped") {
    // Its CHLD came to the program that became kaigara, so none will come for it any more.
    std::vector<std::string> play = {"fork", "{", "}", "linger", "50", "become"};
    for (const std::string& word : exec_actor({"log-signals", "15"})) play.push_back(word);
    Program program({.words = with_actor({}, play)});
    program.wait_for("ready\n");
    program.eventually("the application to be the only child",
                       [&] { return children_of(program.pid()).size() == 1; });
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("orphans are kaigara's when it is not PID 1, unless that is switched off") {
    const std::vector<std::string> play = {"daemon", "{", "parent", "}", "log-signals", "15"};
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{}, std::vector<std::string>{"-s"},
          std::vector<std::string>{"--subreaper"}}) {
        Program program({.words = exec_actor(play, options), .place = Place::later});
        program.wait_for("parent 2\n");
    }
    Program off(
        {.words = exec_actor(play), .place = Place::later, .environment = {"KAIGARA_SUBREAPER=0"}});
    off.wait_for("parent 1\n");
}

TEST_CASE("the stop timeout ends by KILL what ignores TERM, and all that is left with it") {
    for (const Place place : {Place::first, Place::later}) {
        Program program({.words = exec_actor({"ignore", "15", "daemon", "{", "say", "inner",
                                              "pause", "}", "say", "outer", "pause"},
                                             {"--stop-timeout", "200ms"}),
                         .place = place});
        program.eventually("both to be up", [&] {
            return has(program.output(), "inner\n") && has(program.output(), "outer\n");
        });
        const std::vector<pid_t> children = children_of(program.pid());
        REQUIRE(children.size() == 2);
        const auto begin = Clock::now();
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 137");
        CHECK(Clock::now() - begin >= 200ms);
        for (const pid_t child : children) {
            program.eventually("everything to be gone", [&] { return state_of(child) == ' '; });
        }
    }
}

TEST_CASE("the stop timeout is nothing to an application that ends in time") {
    Program program({.words = exec_actor({"log-signals", "15", "linger", "20", "exit", "3"},
                                         {"--stop-timeout", "1m"})});
    program.wait_for("ready\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 3");
}

TEST_CASE("without a stop timeout, or with one of 0, an application has all the time it takes") {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{}, std::vector<std::string>{"--stop-timeout", "0"},
          std::vector<std::string>{"--stop-timeout=0s"}}) {
        Program program({.words = exec_actor({"log-signals", "3", "exit", "4"}, options)});
        program.wait_for("ready\n");
        program.send(SIGTERM);
        program.wait_for("signal 15\n");
        CHECK(program.stays(100ms));
        program.send(SIGQUIT);
        CHECK(program.wait() == "exit 4");
    }
}

TEST_CASE("the stop timeout counts from TERM that became another signal") {
    Program program({.words = exec_actor({"ignore", "3", "say", "up", "pause"},
                                         {"--stop-signal", "QUIT", "--stop-timeout", "50ms"})});
    program.wait_for("up\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 137");
}

TEST_CASE("with grace, what is left when the application ends is told to end, and waited for") {
    Program program({.words = exec_actor({"daemon", "{", "log-signals", "15", "linger", "50", "say",
                                          "tidied", "}", "read-line", "exit", "4"},
                                         {"--grace", "1m"}),
                     .input = Input::pipe});
    program.wait_for("ready\n");
    program.type("\n");
    CHECK(program.wait() == "exit 4");
    CHECK(has(program.output(), "signal 15\ntidied\n"));
}

TEST_CASE("with grace, what does not end when told to is killed after it") {
    Program program({.words = exec_actor({"daemon", "{", "ignore", "15", "say", "stubborn", "pause",
                                          "}", "read-line", "exit", "4"},
                                         {"--grace", "200ms"}),
                     .input = Input::pipe});
    program.wait_for("stubborn\n");
    const auto begin = Clock::now();
    program.type("\n");
    CHECK(program.wait() == "exit 4");
    CHECK(Clock::now() - begin >= 200ms);
}

TEST_CASE("without grace, or when nothing is left, kaigara ends with the application") {
    Program program(
        {.words = exec_actor({"daemon", "{", "log-signals", "15", "}", "read-line", "exit", "4"}),
         .input = Input::pipe});
    program.wait_for("ready\n");
    program.type("\n");
    CHECK(program.wait() == "exit 4");
    CHECK(!has(program.output(), "signal 15"));

    const auto begin = Clock::now();
    CHECK(run({.words = exec_actor({"exit", "4"}, {"--grace", "20s"})}).ending == "exit 4");
    CHECK(Clock::now() - begin < 10s);
}

TEST_CASE("a full process table is waited out, since a zombie may be what fills it") {
    if (!limits_work()) KG_SKIP("needs a pids control group that may be written to");
    // PID 1 has a child that fills the table, and then becomes kaigara, which has to reap it.
    const ScratchDir scratch;
    std::vector<std::string> play = {"fork", "{", "await", scratch / "go", "}", "become"};
    for (const std::string& word : exec_actor({"exit", "5"})) play.push_back(word);
    Program program({.words = with_actor({}, play), .process_limit = 2});
    CHECK(program.stays(100ms));
    scratch.write("go", "");
    CHECK(program.wait() == "exit 5");
}

TEST_CASE("TERM ends the wait for room in the process table") {
    if (!limits_work()) KG_SKIP("needs a pids control group that may be written to");
    Program program({.words = exec_actor({"exit", "5"}), .process_limit = 1});
    program.wait_for_error("trying again");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("a process table that stays full is said to be full") {
    if (!limits_work()) KG_SKIP("needs a pids control group that may be written to");
    Program program({.words = exec_actor({"exit", "5"}), .process_limit = 1});
    program.wait_for_error("Resource temporarily unavailable");
    const std::string ending = program.wait();
    CHECK(ending.starts_with("exit "));
    CHECK(ending != "exit 0");
    CHECK(ending != "exit 5");
}

}  // TEST_SUITE("contract")
