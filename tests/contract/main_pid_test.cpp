// SPDX-License-Identifier: Apache-2.0

// MAINPID of sd_notify(3): another process of the run is the main one from then on, so that signals
// go to it, and its end is the run's.

#include <csignal>

#include <doctest/doctest.h>

#include "supervision_scene.h"

using namespace kaigara::test;

namespace {

const Strings by_notify = {"--ready", "notify"};

// The worker is the main process; its parent lives on, sees its end and takes it away.
constexpr std::string_view parent_stays =
    "trap : USR1; trap 'exit 9' TERM; \"$actor\" pause & w=$!; "
    "\"$actor\" notify \"MAINPID=$w\nREADY=1\"; wait $w; wait $w; echo alone; "
    "while :; do \"$actor\" await \"$scene/never\"; done";

void await_main(const SupervisionScene& scene, Program& program, int first) {
    program.eventually("another main process", [&] {
        const auto status = scene.status();
        return status.is_object() && status["pid"].is_number() && status["pid"] != first;
    });
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("MAINPID: signals go there; one that ends unseen gives its place back") {
    for (const Strings& options : {Strings{}, Strings{"-g"}}) {
        CAPTURE(options.size());
        const SupervisionScene scene;
        Strings all = by_notify;
        all.insert(all.end(), options.begin(), options.end());
        const auto program = scene.start(std::move(all), parent_stays);
        scene.await_state(*program, "running");
        await_main(scene, *program, 2);
        program->send(SIGUSR1);
        program->wait_for("alone\n");
        CHECK(scene.ask({"reload"}).ending == "exit 0");
        CHECK(program->wait() == "exit 129");
    }
}

TEST_CASE("MAINPID: a stop reaches who is left when the main process has ended unseen") {
    const SupervisionScene scene;
    const auto program =
        scene.start(by_notify, "trap 'exit 9' TERM; \"$actor\" await \"$scene/go\" & w=$!; "
                               "\"$actor\" notify \"MAINPID=$w\nREADY=1\"; wait $w; echo alone; "
                               "\"$actor\" await \"$scene/never\" & wait");
    await_main(scene, *program, 2);
    scene.touch("go");
    program->wait_for("alone\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 9");
}

TEST_CASE("MAINPID: a daemon's parent may end, and the daemon's status is the application's") {
    const SupervisionScene scene;
    const auto program =
        scene.start(by_notify, "\"$actor\" await \"$scene/go\" exit 5 & "
                               "\"$actor\" notify \"MAINPID=$!\nREADY=1\"; exit 0");
    scene.await_state(*program, "running");
    await_main(scene, *program, 2);
    scene.touch("go");
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("MAINPID: what is no process of the run is ignored, with a warning") {
    const SupervisionScene scene;
    const auto program = scene.play(
        by_notify, {"notify", "MAINPID=1", "notify", "READY=1", "log-signals", "15", "exit", "4"});
    program->wait_for_error("MAINPID=1: no process of the application's run");
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 4");
}

}  // TEST_SUITE("contract")
