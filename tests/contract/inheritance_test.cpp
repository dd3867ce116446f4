// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: what the application is born with, which is what kaigara was started with; and what
// kaigara keeps for itself, which is nothing.

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/proc.h"
#include "support/scenes.h"
#include "support/scratch.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

std::string list(const std::vector<int>& numbers) {
    std::string text;
    for (const int number : numbers) text += fmt::format(" {}", number);
    return text;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the application has the signal mask and the dispositions that kaigara was born with") {
    const std::vector<std::vector<int>> sets = {
        {},
        {SIGTERM},
        {SIGHUP, SIGINT, SIGPIPE},
        {SIGTSTP, SIGTTIN, SIGTTOU},
        {SIGTTIN, SIGTTOU, 34, 39, 64},
        {SIGILL, SIGFPE, SIGUSR1, SIGTERM, SIGWINCH},
    };
    for (const auto& blocked : sets) {
        for (const auto& ignored : sets) {
            const Outcome outcome =
                run({.words = exec_actor({"signals"}), .blocked = blocked, .ignored = ignored});
            CHECK(outcome.output ==
                  fmt::format("blocked:{}\nignored:{}\ncaught:\n", list(blocked), list(ignored)));
        }
    }
}

TEST_CASE("signals are forwarded though kaigara was born with all of them blocked") {
    std::vector<int> all;
    for (int signal = 1; signal <= 64; ++signal) all.push_back(signal);
    Program program({.words = exec_actor({"log-signals", "15", "exit", "5"}), .blocked = all});
    program.wait_for("ready\n");
    program.send(SIGUSR1);
    program.wait_for("signal 10\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
}

TEST_CASE("signals are forwarded though kaigara was born with them ignored") {
    Program program({.words = exec_actor({"log-signals", "15", "exit", "5"}),
                     .ignored = {SIGHUP, SIGTERM, SIGINT, 40}});
    program.wait_for("ready\n");
    for (const int signal : {int{SIGHUP}, int{SIGINT}, 40}) {
        program.send(signal);
        program.wait_for(fmt::format("signal {}\n", signal));
    }
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
}

TEST_CASE("the end of the application is seen though CHLD was inherited as ignored or blocked") {
    for (const Place place : {Place::first, Place::later}) {
        CHECK(run({.words = exec_actor({"exit", "7"}), .place = place, .ignored = {SIGCHLD}})
                  .ending == "exit 7");
        CHECK(run({.words = exec_actor({"exit", "7"}), .place = place, .blocked = {SIGCHLD}})
                  .ending == "exit 7");
        CHECK(run({.words = exec_actor({"exit", "7"}),
                   .place = place,
                   .blocked = {SIGCHLD},
                   .ignored = {SIGCHLD}})
                  .ending == "exit 7");
    }
}

TEST_CASE(
    "closed standard streams are no reason to fail, and nothing of kaigara's takes their place") {
    for (const Place place : {Place::first, Place::later}) {
        const Outcome outcome = run(
            {.words = exec_actor({"stdio", "exit", "3"}), .place = place, .input = Input::closed});
        CHECK(outcome.ending == "exit 3");
        const bool is_nothing = outcome.output.starts_with("0: closed\n") ||
                                outcome.output.starts_with("0: null blocking\n");
        CHECK_MESSAGE(is_nothing, outcome.output);
    }
    const Outcome mute = run({.words = exec_actor({"exit", "3"}),
                              .input = Input::closed,
                              .output = Output::closed,
                              .errors = Output::closed});
    CHECK(mute.ending == "exit 3");
    const Outcome only_errors = run({.words = command({"exec", "/no/such/program"}),
                                     .input = Input::closed,
                                     .output = Output::closed});
    CHECK(only_errors.ending == "exit 127");
    CHECK(only_errors.errors.starts_with("kaigara: error: "));
}

TEST_CASE("the application has the standard streams as they were found, blocking") {
    const Outcome outcome = run({.words = exec_actor({"stdio"}), .input = Input::pipe});
    CHECK(outcome.output == "0: pipe blocking\n1: pipe blocking\n2: pipe blocking\n");

    Program terminal({.words = exec_actor({"say", "up", "read-line", "stdio"}), .terminal = true});
    terminal.wait_for("up\n");
    terminal.type("go\n");
    CHECK(terminal.wait() == "exit 0");
    CHECK(terminal.output() ==
          "up\nread go\n0: terminal blocking\n1: terminal blocking\n2: terminal blocking\n");
}

TEST_CASE("more than a pipe holds comes through, to the last byte") {
    const Outcome outcome = run({.words = exec_actor({"bytes", "1000000", "stdio"})});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.output.starts_with(std::string(1000000, 'x') + "0: "));
}

TEST_CASE("inherited descriptors reach the application and are closed in kaigara") {
    for (const Place place : {Place::first, Place::later}) {
        Program program({.words = exec_actor({"descriptors", "log-signals", "15"}),
                         .place = place,
                         .descriptors = {3, 7, 10, 251}});
        program.wait_for("descriptors: 0 1 2 3 7 10 251\n");
        program.wait_for("ready\n");
        program.eventually("kaigara to close them", [&] {
            const auto open = descriptors_of(program.pid());
            return std::none_of(open.begin(), open.end(), [](const auto& each) {
                return each.first > 2 && each.second == "/dev/null";
            });
        });
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 0");
    }
}

TEST_CASE("the application has nothing of kaigara's descriptors") {
    CHECK(run({.words = exec_actor({"descriptors"})}).output == "descriptors: 0 1 2\n");
    CHECK(run({.words = exec_actor({"descriptors"}), .terminal = true}).output ==
          "descriptors: 0 1 2\n");
    const Outcome start = run({.words = with_actor(command({"start", "--"}), {"descriptors"})});
    CHECK(start.output == "descriptors: 0 1 2\n");
}

TEST_CASE("the application has the working directory, and kaigara does not pin it") {
    const ScratchDir scratch;
    for (const Place place : {Place::first, Place::later}) {
        Program program({.words = exec_actor({"cwd", "log-signals", "15"}),
                         .place = place,
                         .directory = scratch.path()});
        program.wait_for("cwd " + scratch.path() + "\n");
        program.wait_for("ready\n");
        program.eventually("kaigara to leave it",
                           [&] { return link_of(program.pid(), "cwd") == "/"; });
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 0");
    }
}

TEST_CASE("a program is found by a path below the working directory") {
    const ScratchDir scratch;
    scratch.write("tool", "#!/bin/sh\necho \"$PWD\"\nexit 4\n", 0755);
    const Outcome outcome =
        run({.words = command({"exec", "./tool"}), .directory = scratch.path()});
    CHECK(outcome.ending == "exit 4");
    CHECK(outcome.output == scratch.path() + "\n");
}

TEST_CASE("LISTEN_PID that means kaigara means the application then") {
    const std::vector<std::string> play = {"place", "variable", "LISTEN_PID", "variable",
                                           "LISTEN_FDS"};
    const std::string rest = " parent 1 group 2 session 1 foreground -1\n";
    CHECK(
        run({.words = exec_actor(play), .environment = {"LISTEN_PID=1", "LISTEN_FDS=2"}}).output ==
        "pid 2" + rest + "LISTEN_PID=2\nLISTEN_FDS=2\n");
    CHECK(
        run({.words = exec_actor(play), .environment = {"LISTEN_PID=77", "LISTEN_FDS=2"}}).output ==
        "pid 2" + rest + "LISTEN_PID=77\nLISTEN_FDS=2\n");
    CHECK(run({.words = exec_actor(play)}).output ==
          "pid 2" + rest + "LISTEN_PID is unset\nLISTEN_FDS is unset\n");
}

TEST_CASE("the application never sees KAIGARA_*, and all else as it was") {
    const std::vector<std::string> environment = {
        "KAIGARA_SUCCESS=7", "KAIGARA_META_app__port=80", "KAIGARA_ANYTHING=x", "EMPTY=",
        "WITH=a=b c",        "NOTIFY_SOCKET=/run/notify"};
    for (const std::vector<std::string>& first :
         {std::vector<std::string>{"exec", "--"}, std::vector<std::string>{"start", "--"}}) {
        const Outcome outcome =
            run({.words = with_actor(command(first), {"environment"}), .environment = environment});
        CHECK(outcome.ending == "exit 0");
        CHECK_MESSAGE(outcome.output.find("KAIGARA_") == std::string::npos, outcome.output);
        for (const std::string& kept :
             Strings{"PATH=", "EMPTY=\n", "WITH=a=b c\n", "NOTIFY_SOCKET=/run/notify\n"}) {
            CHECK_MESSAGE(outcome.output.find(kept) != std::string::npos, kept);
        }
    }
}

TEST_CASE("the application has its arguments untouched") {
    const std::vector<std::string> odd = {"arguments", "",      " two words ", "--",
                                          "-g",        "{{x}}", "$HOME"};
    CHECK(run({.words = exec_actor(odd)}).output ==
          "[]\n[ two words ]\n[--]\n[-g]\n[{{x}}]\n[$HOME]\n");
}

}  // TEST_SUITE("contract")
