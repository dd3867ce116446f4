// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: "After a stop was asked for there is no restart." INT and QUIT count as a stop only
// when the application ends by them; a stop during the delay ends kaigara at once.

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_scene.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

const Strings always = {"--restart", "always", "--restart-delay", "1ms"};

// Started again after an hour.
const Strings patient = {"--restart",           "always", "--restart-delay", "1h",
                         "--restart-max-delay", "1h"};

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an application that ends after TERM is not started again, whatever its status") {
    for (const std::string& status : Strings{"0", "5"}) {
        const SupervisionScene scene;
        const auto program = scene.play(always, {"log-signals", "15", "exit", status});
        program->wait_for("ready\n");
        program->send(SIGTERM);
        CHECK(program->wait() == "exit " + status);
        CHECK(count(program->output(), "ready\n") == 1);
        CHECK(!has(program->errors(), "started again"));
    }
}

TEST_CASE("an application that TERM, INT or QUIT ended is not started again") {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        CAPTURE(signal);
        const SupervisionScene scene;
        const auto program = scene.play(always, {"say", "up", "pause"});
        program->wait_for("up\n");
        program->send(signal);
        CHECK(program->wait() == fmt::format("exit {}", 128 + signal));
        CHECK(count(program->output(), "up\n") == 1);
    }
}

TEST_CASE("an application that takes its time after TERM is not started again, either") {
    const SupervisionScene scene;
    const auto program =
        scene.play(always, {"log-signals", "15", "await", scene.path("go"), "exit", "4"});
    program->wait_for("ready\n");
    program->send(SIGTERM);
    program->wait_for("signal 15\n");
    scene.touch("go");
    CHECK(program->wait() == "exit 4");
    CHECK(count(program->output(), "ready\n") == 1);
}

TEST_CASE("after the stop signal that --stop-signal names there is no restart") {
    for (const int sent : {SIGTERM, SIGUSR2}) {
        CAPTURE(sent);
        const SupervisionScene scene;
        const auto program =
            scene.play({"--restart", "always", "--restart-delay", "1ms", "--stop-signal", "USR2"},
                       {"log-signals", "12", "exit", "1"});
        program->wait_for("ready\n");
        program->send(sent);
        CHECK(program->wait() == "exit 1");
        CHECK(count(program->output(), "ready\n") == 1);
    }
}

TEST_CASE("an application that another signal ended is started again") {
    for (const int signal : {SIGHUP, SIGUSR1, SIGKILL}) {
        CAPTURE(signal);
        const SupervisionScene scene;
        const auto program = scene.start(
            always, signal == SIGKILL ? "echo up; kill -9 $$" : "echo up; exec \"$actor\" pause");
        program->wait_for("up\n");
        if (signal != SIGKILL) program->send(signal);
        program->wait_for("up\n");
        program->send(SIGTERM);
        program->wait();
    }
}

TEST_CASE("INT and QUIT that the application outlives are no stop: a later failure is restarted") {
    for (const int signal : {SIGINT, SIGQUIT}) {
        CAPTURE(signal);
        const SupervisionScene scene;
        const auto program = scene.play(always, {"log-signals", std::to_string(signal), "await",
                                                 scene.path("go"), "exit", "1"});
        program->wait_for("ready\n");
        program->send(signal);
        program->wait_for(fmt::format("signal {}\n", signal));
        scene.touch("go");
        program->wait_for("ready\n");
        program->send(SIGTERM);
        program->send(signal);
        CHECK(program->wait() == "exit 1");
    }
}

TEST_CASE("Ctrl-C on the terminal ends an application that is restarted always") {
    const SupervisionScene scene;
    Program program({.words = scene.actor(always, {"say", "up", "pause"}), .terminal = true});
    program.wait_for("up");
    program.type("\x03");
    CHECK(program.wait() == "exit 130");
    CHECK(count(program.output(), "up") == 1);
}

TEST_CASE("a restart whose stop signal is INT is no Ctrl-C, also on a terminal") {
    const SupervisionScene scene;
    Program program(
        {.words = scene.actor({"--stop-signal", "INT"}, {"say", "up", "pause"}), .terminal = true});
    program.wait_for("up");
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program.wait_for("up");
    program.type("\x03");
    CHECK(program.wait() == "exit 130");
    CHECK(count(program.output(), "up") == 2);
}

TEST_CASE("TERM, INT and QUIT during the delay end kaigara at once with the last status") {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        CAPTURE(signal);
        const SupervisionScene scene;
        const auto program = scene.play(patient, {"say", "run", "exit", "3"});
        program->wait_for_error("started again in");
        program->send(signal);
        CHECK(program->wait() == "exit 3");
        CHECK(count(program->output(), "run\n") == 1);
    }
}

TEST_CASE("a stop during the delay leaves 0 where the last status is a success") {
    const SupervisionScene scene;
    Strings options = patient;
    options.insert(options.end(), {"--success", "3"});
    const auto program = scene.play(options, {"exit", "3"});
    program->wait_for_error("started again in");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("other signals during the delay are dropped, and the next run does not get them") {
    const SupervisionScene scene;
    const auto program =
        scene.start({"--restart", "always", "--restart-delay", "500ms", "--log-level", "debug"},
                    "echo run; [ -e \"$scene/first\" ] || { touch \"$scene/first\"; exit 1; }; "
                    "exec \"$actor\" log-signals 15 exit 2");
    program->wait_for_error("started again in");
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, 40}) program->send(signal);
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 2");
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, 40})
        CHECK(count(program->output(), fmt::format("signal {}\n", signal)) == 0);
}

TEST_CASE("a second stop signal is forwarded too, and there is no restart after it") {
    const SupervisionScene scene;
    const auto program = scene.play(always, {"log-signals", "12", "exit", "4"});
    program->wait_for("ready\n");
    for (int times = 0; times < 2; ++times) {
        program->send(SIGTERM);
        program->wait_for("signal 15\n");
    }
    program->send(SIGUSR2);
    CHECK(program->wait() == "exit 4");
    CHECK(count(program->output(), "ready\n") == 1);
}

TEST_CASE("Ctrl-C on the terminal during the delay ends kaigara, too") {
    const SupervisionScene scene;
    for (const Place place : {Place::first, Place::job}) {
        Program program({.words = scene.actor(patient, {"say", "run", "exit", "3"}),
                         .place = place,
                         .terminal = true});
        program.wait_for("started again in");
        program.type("\x03");
        CHECK(program.wait() == "exit 3");
        CHECK(count(program.output(), "run") == 1);
    }
}

}  // TEST_SUITE("contract")
