// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `--on-reload`, which is what `kaigara reload`, `on-change: reload` and a HUP do.

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

// Logs signals until TERM, and ends well.
const Strings listening = {"log-signals", "15"};

void end(Program& program) {
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

// Accepted as soon as there is somebody to accept it.
void reload(const SupervisionScene& scene) {
    const Outcome outcome = scene.ask({"reload"});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(outcome.errors == "");
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a reload is a HUP where nothing is said, asked for or arrived") {
    const SupervisionScene scene;
    const auto program = scene.play({}, listening);
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    reload(scene);
    program->wait_for("signal 1\n");
    program->send(SIGHUP);
    program->wait_for("signal 1\n");
    end(*program);
}

TEST_CASE("with a signal in --on-reload that is what a reload is, asked for or arrived") {
    for (const std::string& name : Strings{"USR2", "SIGUSR2", "12"}) {
        CAPTURE(name);
        const SupervisionScene scene;
        const auto program = scene.play({"--on-reload", name}, listening);
        program->wait_for("ready\n");
        scene.await_state(*program, "running");
        reload(scene);
        program->wait_for("signal 12\n");
        program->send(SIGHUP);
        program->wait_for("signal 12\n");
        end(*program);
        CHECK(!has(program->output(), "signal 1\n"));
    }
}

TEST_CASE("with a command in --on-reload it runs instead of the signal") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--on-reload", "echo \"reload in $PWD\"; kill -USR1 $KAIGARA_APPLICATION_PID"}, listening);
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    reload(scene);
    program->wait_for("reload in ");
    program->wait_for("signal 10\n");
    program->send(SIGHUP);
    program->wait_for("reload in ");
    program->wait_for("signal 10\n");
    end(*program);
    CHECK(!has(program->output(), "signal 1\n"));
    CHECK(program->errors() == "");
}

TEST_CASE("a rewrite of HUP wins for a HUP that arrives, and reload stays reload") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--on-reload", "echo reloaded", "--rewrite", "HUP:USR2"}, listening);
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    program->send(SIGHUP);
    program->wait_for("signal 12\n");
    CHECK(!has(program->output(), "reloaded"));
    reload(scene);
    program->wait_for("reloaded\n");
    end(*program);
    CHECK(count(program->output(), "reloaded\n") == 1);
}

TEST_CASE("a HUP that is rewritten to 0 is dropped, whatever --on-reload says") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--on-reload", "echo reloaded", "--rewrite", "HUP:0"}, listening);
    program->wait_for("ready\n");
    program->send(SIGHUP);
    program->send(SIGUSR1);
    program->wait_for("signal 10\n");
    end(*program);
    CHECK(!has(program->output(), "reloaded"));
}

TEST_CASE("a reload command that fails is a warning, and the application goes on") {
    const SupervisionScene scene;
    const auto program = scene.play({"--on-reload", "exit 5"}, listening);
    program->wait_for("ready\n");
    program->send(SIGHUP);
    program->wait_for_error("kaigara: warn: ");
    program->send(SIGUSR1);
    program->wait_for("signal 10\n");
    end(*program);
    check_message(outcome_of(*program, ""), "warn", {"reload", "5"});
}

TEST_CASE("a reload command that hangs is ended after --on-reload-timeout, with its session") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--on-reload",
         scene.script("exec \"$actor\" ignore 15 fork { ignore 15 pause } say begun pause"),
         "--on-reload-timeout", "300ms"},
        "trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done");
    program->wait_for("up\n");
    const auto begin = std::chrono::steady_clock::now();
    program->send(SIGHUP);
    program->wait_for("begun\n");
    program->wait_for_error("reload");
    CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
    program->eventually("nothing is left", [&] { return actors_below(program->pid()) == 0; });
    end(*program);
}

TEST_CASE("one reload command runs at a time, and one more is remembered") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--on-reload", scene.script("echo begin; \"$actor\" await $scene/go; echo end")},
        listening);
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    reload(scene);
    program->wait_for("begin\n");
    for (int times = 0; times < 4; ++times) reload(scene);
    scene.touch("go");
    program->wait_for("end\n");
    program->wait_for("begin\n");
    program->wait_for("end\n");
    // Not a third one: whatever were still to come would come before what follows.
    program->send(SIGUSR1);
    program->wait_for("signal 10\n");
    CHECK(program->stays(200ms));
    end(*program);
    CHECK(count(program->output(), "begin\n") == 2);
}

TEST_CASE("on-change: reload does what --on-reload says") {
    const WatchScene watch("reload");
    const auto program = watch.start({"--socket", "off", "--on-reload", "echo reloaded"});
    watch.set_value("1");
    program->wait_for("reloaded\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
    CHECK(!has(program->output(), "got HUP"));

    const WatchScene other("reload");
    const auto signalled = other.start({"--socket", "off", "--on-reload", "USR1"});
    other.set_value("1");
    signalled->wait_for("got USR1\n");
    signalled->send(SIGTERM);
    CHECK(signalled->wait() == "exit 0");
}

TEST_CASE("--on-reload has a variable and a key, and so has its timeout") {
    const SupervisionScene scene;
    Program program({.words = scene.actor({}, listening),
                     .environment = {"KAIGARA_ON_RELOAD=echo begun; sleep 1000",
                                     "KAIGARA_ON_RELOAD_TIMEOUT=200ms"}});
    program.wait_for("ready\n");
    program.send(SIGHUP);
    program.wait_for("begun\n");
    program.wait_for_error("kaigara: warn: ");
    end(program);

    const ProvisionScene keys;
    keys.config("application:\n  on-reload: USR2\n  on-reload-timeout: 1m\n");
    Program other({.words = keys.start({"--socket", "off"}, listening)});
    other.wait_for("ready\n");
    other.send(SIGHUP);
    other.wait_for("signal 12\n");
    end(other);
}

}  // TEST_SUITE("contract")
