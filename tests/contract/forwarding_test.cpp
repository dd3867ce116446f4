// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: every signal but CHLD and those that cannot be caught is forwarded.

#include <algorithm>
#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/scenes.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

bool can_be_forwarded(int signal) {
    return signal != SIGKILL && signal != SIGSTOP && signal != SIGCHLD;
}

std::string line(int signal) { return fmt::format("signal {}\n", signal); }

// What an application logs when `sent` are sent one by one, each after the last one has come.
std::string logged(std::vector<std::string> options, const std::vector<int>& sent,
                   const std::vector<int>& expected) {
    Program program({.words = exec_actor({"log-signals", std::to_string(expected.back())},
                                         std::move(options))});
    program.wait_for("ready\n");
    for (const int signal : sent) program.send(signal);
    CHECK(program.wait() == "exit 0");
    return program.output();
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("each signal that can be caught is forwarded as it is") {
    for (const Place place : {Place::first, Place::later}) {
        Program program({.words = exec_actor({"log-signals", "15"}), .place = place});
        program.wait_for("ready\n");
        for (int signal = 1; signal <= 64; ++signal) {
            if (!can_be_forwarded(signal) || signal == SIGTERM) continue;
            CAPTURE(signal);
            program.send(signal);
            program.wait_for(line(signal));
        }
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 0");
    }
}

TEST_CASE("a burst of real-time signals arrives whole and in order") {
    Program program({.words = exec_actor({"log-signals", "15"})});
    program.wait_for("ready\n");
    std::string expected = "ready\n";
    for (int signal = 34; signal <= 64; ++signal) {
        for (int repeat = 0; repeat < 20; ++repeat) {
            program.send(signal);
            expected += line(signal);
        }
    }
    for (int repeat = 0; repeat < 20; ++repeat) program.wait_for(line(64));
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
    CHECK(program.output() == expected + line(SIGTERM));
}

TEST_CASE("a burst of distinct signals arrives whole") {
    for (int round = 0; round < 20; ++round) {
        Program program({.words = exec_actor({"log-signals", "40"})});
        program.wait_for("ready\n");
        // CONT is left out: when it is generated the kernel discards pending stop signals.
        for (int signal = 1; signal <= 31; ++signal) {
            if (can_be_forwarded(signal) && signal != SIGCONT) program.send(signal);
        }
        program.send(40);
        CHECK(program.wait() == "exit 0");
        for (int signal = 1; signal <= 31; ++signal) {
            CAPTURE(signal);
            const bool expected = can_be_forwarded(signal) && signal != SIGCONT;
            CHECK(count(program.output(), line(signal)) == (expected ? 1 : 0));
        }
    }
}

TEST_CASE("CHLD is not forwarded") {
    CHECK(logged({}, {SIGCHLD, SIGUSR1}, {SIGUSR1}) == "ready\nsignal 10\n");
}

TEST_CASE("a second stop signal is forwarded too") {
    Program program({.words = exec_actor({"log-signals", "3", "exit", "3"})});
    program.wait_for("ready\n");
    for (int times = 0; times < 3; ++times) {
        program.send(SIGTERM);
        program.wait_for("signal 15\n");
    }
    program.send(SIGQUIT);
    CHECK(program.wait() == "exit 3");
}

TEST_CASE("signals go to the application alone, or to its process group with --group") {
    const std::vector<std::string> play = {"fork", "{",    "log-signals", "12",
                                           "exit", "1",    "}",           "log-signals",
                                           "12",   "reap", "exit",        "4"};
    for (const std::string& option : Strings{"-g", "--group"}) {
        Program program({.words = exec_actor(play, {option})});
        program.wait_for("ready\n");
        program.wait_for("ready\n");
        program.send(SIGUSR1);
        program.wait_for("signal 10\n");
        program.wait_for("signal 10\n");
        program.send(SIGUSR2);
        CHECK(program.wait() == "exit 4");
        CHECK(count(program.output(), "child exit 1\n") == 1);
    }
    Program program({.words = exec_actor(play)});
    program.wait_for("ready\n");
    program.wait_for("ready\n");
    program.send(SIGUSR1);
    program.wait_for("signal 10\n");
    CHECK(program.stays(50ms));
    CHECK(count(program.output(), "signal 10\n") == 1);
}

TEST_CASE("a signal is rewritten, by name or number") {
    CHECK(logged({"-r", "TERM:QUIT"}, {SIGTERM}, {SIGQUIT}) == "ready\nsignal 3\n");
    CHECK(logged({"-r", "15:3"}, {SIGTERM}, {SIGQUIT}) == "ready\nsignal 3\n");
    CHECK(logged({"--rewrite", "SIGTERM:SIGINT"}, {SIGTERM}, {SIGINT}) == "ready\nsignal 2\n");
    CHECK(logged({"--rewrite=TERM:INT"}, {SIGTERM}, {SIGINT}) == "ready\nsignal 2\n");
    CHECK(logged({"-r", "40:10"}, {40}, {SIGUSR1}) == "ready\nsignal 10\n");
    CHECK(logged({"-r", "USR1:64"}, {SIGUSR1}, {64}) == "ready\nsignal 64\n");
}

TEST_CASE("a signal that is rewritten to 0 is dropped") {
    CHECK(logged({"-r", "HUP:0"}, {SIGHUP, SIGUSR1}, {SIGUSR1}) == "ready\nsignal 10\n");
}

TEST_CASE("rewrites repeat, and none is rewritten twice") {
    CHECK(logged({"-r", "HUP:USR2", "-r", "USR2:TERM"}, {SIGHUP}, {SIGUSR2}) ==
          "ready\nsignal 12\n");
    CHECK(logged({"-r", "HUP:USR2", "-r", "USR2:TERM"}, {SIGUSR2}, {SIGTERM}) ==
          "ready\nsignal 15\n");
}

TEST_CASE("TERM becomes the stop signal, and no other signal does") {
    CHECK(logged({"--stop-signal", "QUIT"}, {SIGTERM}, {SIGQUIT}) == "ready\nsignal 3\n");
    CHECK(logged({"--stop-signal=USR2"}, {SIGTERM}, {SIGUSR2}) == "ready\nsignal 12\n");
    CHECK(logged({"--stop-signal", "QUIT"}, {SIGINT}, {SIGINT}) == "ready\nsignal 2\n");
}

TEST_CASE("the application gets the signal that was asked for when kaigara's parent dies") {
    for (const std::string& name : Strings{"HUP", "SIGHUP", "1"}) {
        // The parent ends on TERM; kaigara was its child and is the guardian's then.
        std::vector<std::string> play = {"fork", "{", "become"};
        for (const std::string& word :
             exec_actor({"log-signals", "1", "say", "done"}, {"-p", name})) {
            play.push_back(word);
        }
        for (const std::string& word : Strings{"}", "log-signals", "15"}) play.emplace_back(word);
        Program program({.words = with_actor({}, std::move(play)), .place = Place::later});
        program.wait_for("ready\n");
        program.wait_for("ready\n");
        program.send(SIGTERM);
        program.wait_for("done\n");
        CHECK(count(program.output(), "signal 1\n") == 1);
    }
}

TEST_CASE("SIGHUP and the like end an application that does not catch them") {
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGSEGV, SIGABRT, 34, 64}) {
        Program program({.words = exec_actor({"say", "up", "pause"})});
        program.wait_for("up\n");
        program.send(signal);
        CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
    }
}

}  // TEST_SUITE("contract")
