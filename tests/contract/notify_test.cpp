// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `--ready notify` and `--live notify`, what an application says by sd_notify(3), and
// what of it goes on to the service manager outside.

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_peers.h"
#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

const std::string starting = "startup 1, live 0, ready 1";
const std::string ready = "startup 0, live 0, ready 0";

const Strings by_notify = {"--ready", "notify"};

Program with_manager(const SupervisionScene& scene, Strings options, Strings play) {
    return Program({.words = scene.actor(std::move(options), std::move(play)),
                    .environment = {"NOTIFY_SOCKET=" + scene.path("manager")}});
}

void await_heard(Program& program, Manager& manager, std::string_view line) {
    program.eventually(line, [&] { return has(manager.heard(), line); });
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("notify: ready when the application says READY=1, and not before") {
    const SupervisionScene scene;
    const auto program = scene.play(by_notify, {"say", "up", "await", scene.path("go"), "notify",
                                                "READY=1", "log-signals", "15", "exit", "5"});
    program->wait_for("up\n");
    scene.await_health(*program, starting);
    CHECK(scene.state() == "starting");
    scene.touch("go");
    scene.await_health(*program, ready);
    CHECK(scene.state() == "running");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("notify: a child of the application may say it, and other lines with it") {
    const SupervisionScene scene;
    const auto program =
        scene.play(by_notify, {"fork", "{", "notify", "X_OTHER=1\nREADY=1\nSTATUS=from a child\n",
                               "}", "log-signals", "15"});
    scene.await_health(*program, ready);
    CHECK(scene.status().value("message", "") == "from a child");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("READY=0 and the like make nothing ready") {
    const SupervisionScene scene;
    const auto program = scene.play(by_notify, {"notify", "READY=0", "notify", "READY=", "notify",
                                                "READY", "notify", "ready=1", "notify", "X_READY=1",
                                                "notify", "STATUS=told", "log-signals", "15"});
    // What came before this line has been read.
    program->eventually("told", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && all["message"] == "told";
    });
    CHECK(scene.health() == starting);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("STATUS is the message of status, and the last one counts") {
    const SupervisionScene scene;
    const auto program =
        scene.play(by_notify, {"notify", "READY=1\nSTATUS=loading \"the index\" \xc3\xa4", "await",
                               scene.path("go"), "notify", "STATUS=at work", "log-signals", "15"});
    program->eventually("the first text", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && all["message"] == "loading \"the index\" \xc3\xa4";
    });
    CHECK(has(scene.ask({"status"}).output, "loading \"the index\""));
    scene.touch("go");
    program->eventually("the second text", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && all["message"] == "at work";
    });
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("RELOADING is a state in which all are well, and READY ends it") {
    const SupervisionScene scene;
    const auto program = scene.play(by_notify, {"notify", "READY=1", "await", scene.path("go"),
                                                "notify", "RELOADING=1", "await", scene.path("on"),
                                                "notify", "READY=1", "log-signals", "15"});
    scene.await_state(*program, "running");
    scene.touch("go");
    scene.await_state(*program, "reloading");
    CHECK(scene.health() == ready);
    scene.touch("on");
    scene.await_state(*program, "running");
    CHECK(scene.health() == ready);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("READY of a former run is not credited to the new one, which has a socket of its own") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--ready", "notify", "--restart", "always", "--restart-delay", "1ms"},
        "echo \"at [$NOTIFY_SOCKET]\"; [ -e \"$scene/first\" ] && exec \"$actor\" log-signals 15; "
        "touch \"$scene/first\"; echo \"$NOTIFY_SOCKET\" >\"$scene/address\"; "
        "exec \"$actor\" notify READY=1 await \"$scene/go\" exit 1");
    scene.await_health(*program, ready);
    scene.touch("go");
    program->wait_for("ready\n");
    // It was started up once; it is not ready now.
    CHECK(scene.health() == "startup 0, live 0, ready 1");
    CHECK(scene.state() == "starting");
    std::string former = scene.folder().read("address");
    former.pop_back();
    CHECK(count(program->output(), "at [" + former + "]\n") == 1);
    CHECK(!tell(former, "READY=1"));
    CHECK(scene.health() == "startup 0, live 0, ready 1");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("READY from outside the container is not believed") {
    const SupervisionScene scene;
    const auto program = scene.start(
        by_notify, "echo \"$NOTIFY_SOCKET\" >\"$scene/address\"; "
                   "exec \"$actor\" await \"$scene/go\" notify STATUS=told log-signals 15");
    program->eventually("the address", [&] {
        return scene.folder().exists("address") && !scene.folder().read("address").empty();
    });
    std::string address = scene.folder().read("address");
    address.pop_back();
    tell(address, "READY=1");
    scene.touch("go");
    program->eventually("told", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && all["message"] == "told";
    });
    CHECK(scene.health() == starting);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("EXTEND_TIMEOUT_USEC gives an application more time to be ready") {
    const SupervisionScene scene;
    const auto program = scene.play({"--ready", "notify", "--start-timeout", "2s"},
                                    {"notify", "EXTEND_TIMEOUT_USEC=60000000", "linger", "3000",
                                     "notify", "READY=1", "log-signals", "15", "exit", "5"});
    scene.await_health(*program, ready);
    CHECK(!has(program->output(), "signal 15"));
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("--start-timeout stops an application that says nothing") {
    const SupervisionScene scene;
    const auto program = scene.play({"--ready", "notify", "--start-timeout", "500ms"},
                                    {"notify", "STATUS=soon", "log-signals", "15", "exit", "5"});
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("BARRIER and FDSTORE: the descriptors that come along are closed when it has been read") {
    const SupervisionScene scene;
    const auto program =
        scene.play(by_notify, {"notify-pipe", "FDSTORE=1\nFDNAME=kept", "notify", "READY=1",
                               "notify-pipe", "BARRIER=1", "log-signals", "15"});
    program->wait_for("descriptor closed\n");
    program->wait_for("descriptor closed\n");
    // READY came before the barrier.
    CHECK(scene.health() == ready);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("NOTIFY_SOCKET from outside reaches the application untouched without --ready notify") {
    for (const Strings& options : {Strings{}, Strings{"--restart", "on-failure"}}) {
        const SupervisionScene scene;
        Manager manager(scene.path("manager"));
        Program program = with_manager(
            scene, options, {"variable", "NOTIFY_SOCKET", "notify", "READY=1\nSTATUS=mine"});
        CHECK(program.wait() == "exit 0");
        CHECK(program.output() == "NOTIFY_SOCKET=" + scene.path("manager") + "\n");
        CHECK(manager.heard() == "READY=1|STATUS=mine\n");
    }
}

TEST_CASE("with --ready notify kaigara is in between and passes on what is for the manager") {
    const SupervisionScene scene;
    Manager manager(scene.path("manager"));
    Program program = with_manager(
        scene, by_notify,
        {"variable", "NOTIFY_SOCKET", "notify", "MAINPID=1\nSTATUS=soon\nX_SECRET=1", "notify",
         "READY=1", "await", scene.path("go"), "notify", "RELOADING=1\nMONOTONIC_USEC=1", "notify",
         "READY=1", "notify", "WATCHDOG=1", "log-signals", "15", "notify", "STOPPING=1"});
    program.wait_for("NOTIFY_SOCKET=");
    CHECK(!has(program.output(), scene.path("manager") + "\n"));
    await_heard(program, manager, "READY=1");
    CHECK(has(manager.heard(), "STATUS=soon"));
    CHECK(!has(manager.heard(), "RELOADING"));
    scene.touch("go");
    await_heard(program, manager, "RELOADING=1");
    await_heard(program, manager, "WATCHDOG=1");
    CHECK(count(manager.heard(), "READY=1") == 2);
    program.wait_for("ready\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
    CHECK(has(manager.heard(), "STOPPING=1"));
    CHECK(!has(manager.heard(), "X_SECRET"));
    // What is 1 in the container is another process outside.
    CHECK(!has(manager.heard(), "MAINPID=1"));
}

TEST_CASE("with another --ready kaigara says READY and STOPPING itself, the variable stays") {
    const SupervisionScene scene;
    Manager manager(scene.path("manager"));
    Program program = with_manager(
        scene, {"--ready", scene.check("test -e $scene/good"), "--check-interval", "100ms"},
        {"variable", "NOTIFY_SOCKET", "log-signals", "15", "exit", "5"});
    program.wait_for("NOTIFY_SOCKET=" + scene.path("manager") + "\n");
    scene.await_health(program, starting);
    CHECK(!has(manager.heard(), "READY=1"));
    scene.touch("good");
    await_heard(program, manager, "READY=1");
    CHECK(!has(manager.heard(), "STOPPING=1"));
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
    CHECK(has(manager.heard(), "STOPPING=1"));
}

TEST_CASE("a manager that is gone or does not read keeps nobody waiting") {
    const SupervisionScene scene;
    // Nobody is at this address.
    const auto program = std::make_unique<Program>(Setup{
        .words = scene.actor(by_notify, {"notify", "READY=1", "log-signals", "15", "exit", "5"}),
        .environment = {"NOTIFY_SOCKET=" + scene.path("nobody")}});
    scene.await_health(*program, ready);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");

    // A queue of datagrams is full long before a thousand.
    Manager manager(scene.path("manager"));
    Strings play;
    for (int times = 0; times < 1'000; ++times) play.insert(play.end(), {"notify", "WATCHDOG=1"});
    play.insert(play.end(), {"notify", "READY=1", "log-signals", "15", "exit", "5"});
    const SupervisionScene other;
    Program loud({.words = other.actor(by_notify, play),
                  .environment = {"NOTIFY_SOCKET=" + scene.path("manager")}});
    other.await_health(loud, ready);
    loud.send(SIGTERM);
    CHECK(loud.wait() == "exit 5");
}

TEST_CASE("an application of another user may notify") {
    if (mode() != Mode::root) return;  // others may not become anybody
    const SupervisionScene scene;
    const auto program = scene.play({"--ready", "notify", "--user", "12345"},
                                    {"notify", "READY=1", "log-signals", "15", "exit", "5"});
    scene.await_health(*program, ready);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
}

}  // TEST_SUITE("contract")
