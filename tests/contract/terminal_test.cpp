// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: on a terminal the application is in the foreground; Ctrl-C, Ctrl-Z and window changes
// behave as without an init.

#include <csignal>

#include <doctest/doctest.h>

#include "support/scenes.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

std::string job_words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += word + ' ';
    return text;
}

bool is_one_of(const std::string& text, const std::vector<std::string>& choices) {
    for (const std::string& choice : choices) {
        if (text == choice) return true;
    }
    return false;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the application is the foreground group of the terminal") {
    CHECK(run({.words = exec_actor({"place"}), .terminal = true}).output ==
          "pid 2 parent 1 group 2 session 1 foreground 2\n");
    CHECK(run({.words = exec_actor({"place"}), .place = Place::later, .terminal = true}).output ==
          "pid 3 parent 2 group 3 session 1 foreground 3\n");
    CHECK(run({.words = with_actor(command({"start", "--"}), {"stdio"}), .terminal = true})
              .output.starts_with("0: terminal"));
}

TEST_CASE("the application may read from the terminal and write to it") {
    Program program(
        {.words = exec_actor({"say", "name?", "read-line", "exit", "6"}), .terminal = true});
    program.wait_for("name?\n");
    program.type("kaigara\n");
    CHECK(program.wait() == "exit 6");
    CHECK(program.output() == "name?\nread kaigara\n");
}

TEST_CASE("Ctrl-C and Ctrl-\\ end an application that does not catch them") {
    for (const Place place : {Place::first, Place::later}) {
        Program interrupted(
            {.words = exec_actor({"say", "up", "pause"}), .place = place, .terminal = true});
        interrupted.wait_for("up\n");
        interrupted.type("\x03");
        CHECK(interrupted.wait() == "exit 130");

        Program quit(
            {.words = exec_actor({"say", "up", "pause"}), .place = place, .terminal = true});
        quit.wait_for("up\n");
        quit.type("\x1c");
        CHECK(quit.wait() == "exit 131");
    }
}

TEST_CASE("Ctrl-C and a new window size come to the application once") {
    for (const Place place : {Place::first, Place::later}) {
        Program program({.words = exec_actor({"log-signals", "3", "window"}),
                         .place = place,
                         .terminal = true});
        program.wait_for("ready\n");
        program.type("\x03");
        program.wait_for("signal 2\n");
        program.resize(132, 43);
        program.wait_for("signal 28\n");
        program.type("\x03");
        program.wait_for("signal 2\n");
        program.type("\x1c");
        CHECK(program.wait() == "exit 0");
        CHECK(program.output() ==
              "ready\nsignal 2\nsignal 28\nsignal 2\nsignal 3\nwindow 132x43\n");
    }
}

TEST_CASE("the end of the input comes to the application") {
    Program program(
        {.words = exec_actor({"say", "up", "read-all", "exit", "3"}), .terminal = true});
    program.wait_for("up\n");
    program.type("text\n\x04");
    CHECK(program.wait() == "exit 3");
    CHECK(program.output() == "up\ninput ended after 5 bytes\n");
}

// The kernel tells the session's leader alone, which PID 1 is and a shell's child is not.
TEST_CASE("a terminal that hangs up ends the application of PID 1") {
    Program program({.words = exec_actor({"say", "up", "pause"}), .terminal = true});
    program.wait_for("up\n");
    program.hang_up();
    CHECK(program.wait() == "exit 129");
}

TEST_CASE("the terminal is given back to who had it when the application has ended") {
    Program program({.words = exec_actor({"place", "read-line", "exit", "2"}),
                     .place = Place::later,
                     .terminal = true});
    program.wait_for("foreground 3\n");
    CHECK(!program.terminal_is_back());
    program.type("\n");
    CHECK(program.wait() == "exit 2");
    CHECK(program.terminal_is_back());
}

TEST_CASE("the terminal is given back when the application could not be executed") {
    Program program(
        {.words = command({"exec", "/no/such/program"}), .place = Place::later, .terminal = true});
    CHECK(program.wait() == "exit 127");
    CHECK(program.terminal_is_back());
}

TEST_CASE("a background job does not take the terminal from the foreground") {
    std::vector<std::string> play = {"group", "{", "become"};
    for (const std::string& word : exec_actor({"place", "exit", "0"})) play.push_back(word);
    for (const std::string& word : Strings{"}", "reap"}) play.emplace_back(word);
    CAPTURE(job_words(play));
    Program program({.words = with_actor({}, play), .place = Place::later, .terminal = true});
    CHECK(program.wait() == "exit 0");
    CHECK(program.output() == "pid 4 parent 3 group 4 session 1 foreground 1\nchild exit 0\n");
    CHECK(program.terminal_is_back());
}

TEST_CASE("Ctrl-Z stops kaigara with the application, and fg goes on, again and again") {
    Program program({.words = exec_actor({"say", "up", "read-line", "read-line", "exit", "5"}),
                     .place = Place::job,
                     .terminal = true});
    program.wait_for("up\n");
    for (const std::string& text : Strings{"one\n", "two\n"}) {
        program.type("\x1a");
        const std::string stop = program.wait_for_stop();
        CHECK_MESSAGE(is_one_of(stop, {"stopped 19", "stopped 20"}), stop);
        CHECK(program.terminal_is_back());
        program.foreground();
        program.type(text);
        program.wait_for(std::string("read ") + text);
    }
    CHECK(program.wait() == "exit 5");
}

TEST_CASE("a job in the background stops again when it reads from the terminal") {
    Program program({.words = exec_actor({"say", "up", "read-line", "exit", "5"}),
                     .place = Place::job,
                     .terminal = true});
    program.wait_for("up\n");
    program.type("\x1a");
    program.wait_for_stop();
    program.background();
    const std::string stop = program.wait_for_stop();
    CHECK_MESSAGE(is_one_of(stop, {"stopped 19", "stopped 21"}), stop);
    program.foreground();
    program.type("text\n");
    program.wait_for("read text\n");
    CHECK(program.wait() == "exit 5");
}

TEST_CASE("an application that stops itself does not stop PID 1, and goes on with CONT") {
    Program program(
        {.words = exec_actor({"say", "up", "send-group", "19", "say", "on", "exit", "3"}),
         .terminal = true});
    program.wait_for("up\n");
    CHECK(program.stays(30ms));
    program.send(SIGCONT);
    CHECK(program.wait() == "exit 3");
    CHECK(program.output() == "up\non\n");
}

TEST_CASE("kaigara's messages on a terminal have colour, unless NO_COLOR is set") {
    const Outcome coloured = run({.words = command({"exec", "/no/such/program"}),
                                  .terminal = true,
                                  .environment = {"TERM=xterm"}});
    CHECK(coloured.ending == "exit 127");
    CHECK_MESSAGE(coloured.output.find('\x1b') != std::string::npos, coloured.output);
    const Outcome plain = run({.words = command({"exec", "/no/such/program"}),
                               .terminal = true,
                               .environment = {"TERM=xterm", "NO_COLOR=1"}});
    CHECK_MESSAGE(plain.output.starts_with("kaigara: error: "), plain.output);
    CHECK(plain.output.find('\x1b') == std::string::npos);
}

}  // TEST_SUITE("contract")
