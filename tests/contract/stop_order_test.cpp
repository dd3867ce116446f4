// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: the order of a stop. `--pre-stop`, then the stop signal, and `--stop-timeout`, which
// counts from the arrival of TERM, over both.

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"
#include "watch_scene.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

// A command that has begun when it has said so, and never ends by itself; a bystander of it that
// does not mind TERM either.
constexpr std::string_view endless =
    "echo pre-stop; exec \"$actor\" ignore 15 fork { ignore 15 pause } pause";

// Asked to stop it says so when no actor is left in the container; what was killed may take a
// moment to be gone.
constexpr std::string_view census =
    "left() { cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^actor$'; }; "
    "trap 'until [ $(left) = 0 ]; do sleep 0.02; done; echo left 0; exit 3' TERM; "
    "echo up; while :; do sleep 0.02; done";

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("pre-stop has ended before the application gets the stop signal") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--pre-stop", scene.script("echo pre-stop; \"$actor\" await $scene/go; echo done")},
        {"log-signals", "15", "exit", "3"});
    program->wait_for("ready\n");
    program->send(SIGTERM);
    program->wait_for("pre-stop\n");
    CHECK(program->stays(100ms));
    CHECK(!has(program->output(), "signal 15"));
    scene.touch("go");
    program->wait_for("done\n");
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 3");
    CHECK(program->errors() == "");
}

TEST_CASE("pre-stop runs in a session of its own, with empty input and kaigara's output") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--pre-stop", scene.script("\"$actor\" stdio place complain words")},
                   {"log-signals", "15"});
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
    CHECK_MESSAGE(has(program->output(), "0: null "), program->output());
    CHECK_MESSAGE(has(program->output(), "1: pipe blocking"), program->output());
    CHECK(has(program->errors(), "words\n"));
    // "pid 5 parent 4 group 4 session 4 ...": neither kaigara's session nor the application's.
    CHECK(!has(program->output(), "session 1 "));
    CHECK(has(program->output(), "session "));
}

TEST_CASE("pre-stop knows the application by KAIGARA_APPLICATION_PID, and kaigara's environment") {
    const ProvisionScene scene;
    const SupervisionScene files;
    Strings words = scene.words(
        "start", {"--socket", files.socket(), "--pre-stop",
                  files.script("\"$actor\" variable KAIGARA_SNAPSHOT variable COLOUR variable "
                               "KAIGARA_LOG_LEVEL; kill -USR2 $KAIGARA_APPLICATION_PID")});
    words.emplace_back("--");
    Program program(
        {.words = with_actor(words, {"log-signals", "12", "log-signals", "15", "exit", "4"}),
         .environment = {"COLOUR=red", "KAIGARA_LOG_LEVEL=warn"}});
    program.wait_for("ready\n");
    program.send(SIGTERM);
    program.wait_for("signal 12\n");
    program.wait_for("signal 15\n");
    CHECK(program.wait() == "exit 4");
    for (const std::string& line :
         Strings{"KAIGARA_SNAPSHOT is unset\n", "COLOUR=red\n", "KAIGARA_LOG_LEVEL=warn\n"})
        CHECK_MESSAGE(has(program.output(), line), program.output());
}

TEST_CASE("the failure of pre-stop is a warning, and the stop goes on") {
    for (const std::string& command : Strings{"exit 9", "kill -9 $$", "/no/such/program"}) {
        CAPTURE(command);
        const SupervisionScene scene;
        const auto program =
            scene.play({"--pre-stop", command}, {"log-signals", "15", "exit", "3"});
        program->wait_for("ready\n");
        program->send(SIGTERM);
        CHECK(program->wait() == "exit 3");
        CHECK(has(program->output(), "signal 15\n"));
        check_message(outcome_of(*program, ""), "warn", {"pre-stop"});
    }
}

TEST_CASE("a pre-stop that hangs is ended after --pre-stop-timeout, with all of its session") {
    const SupervisionScene scene;
    const auto program =
        scene.start({"--pre-stop", scene.script(endless), "--pre-stop-timeout", "300ms"}, census);
    program->wait_for("up\n");
    const auto begin = std::chrono::steady_clock::now();
    program->send(SIGTERM);
    program->wait_for("pre-stop\n");
    program->wait_for("left 0\n");
    CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
    CHECK(program->wait() == "exit 3");
    check_message(outcome_of(*program, ""), "warn", {"pre-stop"});
}

TEST_CASE("pre-stop has five seconds where nothing is said") {
    const SupervisionScene scene;
    const auto program = scene.start({"--pre-stop", scene.script(endless)}, census);
    program->wait_for("up\n");
    const auto begin = std::chrono::steady_clock::now();
    program->send(SIGTERM);
    program->wait_for("left 0\n");
    CHECK(std::chrono::steady_clock::now() - begin >= 5s);
    CHECK(program->wait() == "exit 3");
}

TEST_CASE("a second TERM ends pre-stop, and the application gets the signal") {
    const SupervisionScene scene;
    const auto program =
        scene.start({"--pre-stop", scene.script(endless), "--pre-stop-timeout", "1h"}, census);
    program->wait_for("up\n");
    program->send(SIGTERM);
    program->wait_for("pre-stop\n");
    program->send(SIGTERM);
    program->wait_for("left 0\n");
    CHECK(program->wait() == "exit 3");
    CHECK(count(program->output(), "pre-stop") == 1);
}

TEST_CASE("an application that ends during pre-stop ends pre-stop, too") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--pre-stop", scene.script("touch $scene/go; exec \"$actor\" pause"),
                    "--pre-stop-timeout", "1h", "--restart", "always"},
                   {"say", "up", "await", scene.path("go"), "exit", "4"});
    program->wait_for("up\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 4");
    CHECK(count(program->output(), "up\n") == 1);
}

TEST_CASE("--stop-timeout counts from the arrival of TERM, pre-stop included") {
    const SupervisionScene scene;
    const auto program = scene.play({"--pre-stop", scene.script(endless), "--pre-stop-timeout",
                                     "1h", "--stop-timeout", "500ms"},
                                    {"log-signals", "64"});
    program->wait_for("ready\n");
    const auto begin = std::chrono::steady_clock::now();
    program->send(SIGTERM);
    program->wait_for("pre-stop\n");
    CHECK(program->wait() == "exit 137");
    CHECK(std::chrono::steady_clock::now() - begin >= 500ms);
}

TEST_CASE("an application that ignores the stop signal is killed after --stop-timeout") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--stop-timeout", "300ms", "--restart", "always"}, {"log-signals", "64"});
    program->wait_for("ready\n");
    const auto begin = std::chrono::steady_clock::now();
    program->send(SIGTERM);
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 137");
    CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
    CHECK(count(program->output(), "ready\n") == 1);
}

TEST_CASE("without --stop-timeout, and with 0, nothing is killed") {
    for (const Strings& options : {Strings{}, Strings{"--stop-timeout", "0"}}) {
        const SupervisionScene scene;
        const auto program = scene.play(options, {"log-signals", "12", "exit", "6"});
        program->wait_for("ready\n");
        program->send(SIGTERM);
        program->wait_for("signal 15\n");
        CHECK(program->stays(300ms));
        program->send(SIGUSR2);
        CHECK(program->wait() == "exit 6");
    }
}

TEST_CASE("pre-stop comes before the signal that --stop-signal names, whichever of both arrives") {
    for (const int sent : {SIGTERM, SIGUSR2}) {
        CAPTURE(sent);
        const SupervisionScene scene;
        const auto program = scene.play({"--pre-stop", "echo pre-stop", "--stop-signal", "USR2"},
                                        {"log-signals", "12", "exit", "3"});
        program->wait_for("ready\n");
        program->send(sent);
        program->wait_for("pre-stop\n");
        program->wait_for("signal 12\n");
        CHECK(program->wait() == "exit 3");
        CHECK(!has(program->output(), "signal 15"));
    }
}

TEST_CASE("pre-stop is not for an application that ends by itself, nor for other signals") {
    const SupervisionScene scene;
    const Strings options = {"--pre-stop", scene.script("touch $scene/ran")};
    CHECK(run({.words = scene.actor(options, {"exit", "3"})}).ending == "exit 3");
    CHECK(!scene.folder().exists("ran"));
    const auto program = scene.play(options, {"log-signals", "10", "exit", "0"});
    program->wait_for("ready\n");
    for (const int signal : {SIGHUP, SIGUSR2, SIGWINCH, SIGUSR1}) program->send(signal);
    CHECK(program->wait() == "exit 0");
    CHECK(!scene.folder().exists("ran"));
}

TEST_CASE("pre-stop does not run where there is no application to stop") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--pre-stop", scene.script("touch $scene/ran"), "--restart", "always",
                    "--restart-delay", "1h", "--restart-max-delay", "1h"},
                   {"exit", "3"});
    program->wait_for_error("started again in");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 3");
    CHECK(!scene.folder().exists("ran"));
}

TEST_CASE("pre-stop and its timeout have variables and keys") {
    const SupervisionScene scene;
    const Strings environment = {"KAIGARA_PRE_STOP=" + scene.script(endless),
                                 "KAIGARA_PRE_STOP_TIMEOUT=200ms", "KAIGARA_STOP_TIMEOUT=1h"};
    Program program({.words = scene.shell({}, census), .environment = environment});
    program.wait_for("up\n");
    program.send(SIGTERM);
    program.wait_for("pre-stop\n");
    program.wait_for("left 0\n");
    CHECK(program.wait() == "exit 3");

    const ProvisionScene keys;
    keys.config("application:\n  pre-stop: echo from the file; sleep 1000\n"
                "  pre-stop-timeout: 200ms\n  stop-timeout: 1h\n  stop-signal: USR1\n");
    Program other({.words = keys.start({"--socket", "off"}, {"log-signals", "10", "exit", "7"})});
    other.wait_for("ready\n");
    other.send(SIGTERM);
    other.wait_for("from the file\n");
    other.wait_for("signal 10\n");
    CHECK(other.wait() == "exit 7");
}

TEST_CASE("a stop of kaigara's own kills after ten seconds where --stop-timeout says nothing") {
    const SupervisionScene scene;
    const auto program = scene.play({"--pre-stop", "echo pre-stop"}, {"log-signals", "64"});
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    const auto begin = std::chrono::steady_clock::now();
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program->wait_for("pre-stop\n");
    program->wait_for("signal 15\n");
    program->wait_for("ready\n");
    CHECK(std::chrono::steady_clock::now() - begin >= 10s);
    program->send(64);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("pre-stop comes before the stop signal of on-change: restart, too") {
    const WatchScene watch("restart");
    const auto program = watch.start({"--socket", "off", "--pre-stop", "echo pre-stop"});
    watch.set_value("1");
    program->wait_for("pre-stop\n");
    program->wait_for("ended\n");
    program->wait_for("run ");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
    CHECK(count(program->output(), "pre-stop\n") == 2);
}

}  // TEST_SUITE("contract")
