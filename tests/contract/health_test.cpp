// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `kaigara health`, in each state. "`health --live` is 0 while operations run, however
// long; `--ready` (the default) is 0 only when the application is ready."

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"

using namespace kaigara::test;

namespace {

bool has_said(const Program& program, std::string_view text) {
    return has(program.output() + program.errors(), text);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("while an operation runs live alone is 0, and all are when the application runs") {
    const SupervisionScene scene;
    const ProvisionScene files;
    files.play("10-long", fmt::format("say up await {}", scene.path("go")));
    Program program({.words = files.start({"--socket", scene.socket()}, {"log-signals", "15"})});
    program.eventually("the operation", [&] { return has_said(program, "[10-long] up"); });
    CHECK(scene.health() == "startup 1, live 0, ready 1");
    CHECK(scene.state() == "provisioning");
    const Outcome outcome = scene.ask({"health"});
    CHECK(outcome.ending == "exit 1");
    CHECK(outcome.output == "");
    CHECK_MESSAGE(has(outcome.errors, "not ready: "), outcome.errors);
    CHECK(count(outcome.errors, "\n") == 1);
    scene.touch("go");
    scene.await_health(program, "startup 0, live 0, ready 0");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("while sources are asked live alone is 0") {
    const SupervisionScene scene;
    const ProvisionScene files;
    files.folder().write("source.sh", scene.script("touch $scene/asked; $actor await $scene/go; "
                                                   "echo '{}'\n"));
    files.config(
        fmt::format("metadata:\n  - command: [/bin/sh, '{}']\n", files.folder() / "source.sh"));
    Program program({.words = files.start({"--socket", scene.socket()}, {"log-signals", "15"})});
    program.eventually("the source", [&] { return scene.folder().exists("asked"); });
    CHECK(scene.health() == "startup 1, live 0, ready 1");
    CHECK(scene.state() == "resolving");
    CHECK(scene.status().value("stage", "") == "resolve");
    for (const std::string& word : Strings{"reload", "restart"})
        CHECK(scene.ask({word}).ending == "exit 75");
    scene.touch("go");
    scene.await_health(program, "startup 0, live 0, ready 0");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("while it is stopping startup and ready are 1, and live is 0") {
    const SupervisionScene scene;
    const auto program = scene.play({}, {"log-signals", "12", "exit", "5"});
    program->wait_for("ready\n");
    scene.await_health(*program, "startup 0, live 0, ready 0");
    program->send(SIGTERM);
    program->wait_for("signal 15\n");
    CHECK(scene.health() == "startup 1, live 0, ready 1");
    CHECK(scene.state() == "stopping");
    program->send(SIGUSR2);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("while pre-stop runs it is stopping already") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--pre-stop", scene.script("echo pre-stop; $actor await $scene/go"),
                    "--pre-stop-timeout", "1h"},
                   {"log-signals", "15", "exit", "5"});
    program->wait_for("ready\n");
    scene.await_health(*program, "startup 0, live 0, ready 0");
    program->send(SIGTERM);
    program->wait_for("pre-stop\n");
    CHECK(scene.health() == "startup 1, live 0, ready 1");
    CHECK(scene.state() == "stopping");
    scene.touch("go");
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("during the delay ready is 1, live 0, and startup 0 when it was ever ready") {
    const Strings patient = {"--restart",           "always", "--restart-delay", "1h",
                             "--restart-max-delay", "1h"};
    const SupervisionScene scene;
    const auto program = scene.play(patient, {"await", scene.path("go"), "exit", "3"});
    scene.await_health(*program, "startup 0, live 0, ready 0");
    scene.touch("go");
    program->wait_for_error("started again in");
    scene.await_health(*program, "startup 0, live 0, ready 1");
    CHECK(scene.state() == "waiting");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 3");

    const SupervisionScene never;
    Strings options = patient;
    options.insert(options.end(), {"--ready", "exec:false"});
    const auto other = never.play(options, {"exit", "3"});
    other->wait_for_error("started again in");
    never.await_health(*other, "startup 1, live 0, ready 1");
    other->send(SIGTERM);
    CHECK(other->wait() == "exit 3");
}

TEST_CASE("while it is being restarted ready is 1 and live is 0") {
    const SupervisionScene scene;
    const auto program = scene.play({"--stop-timeout", "1h"}, {"log-signals", "12", "exit", "5"});
    program->wait_for("ready\n");
    scene.await_health(*program, "startup 0, live 0, ready 0");
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program->wait_for("signal 15\n");
    CHECK(scene.health() == "startup 0, live 0, ready 1");
    CHECK(scene.state() == "restarting");
    program->send(SIGUSR2);
    program->wait_for("ready\n");
    scene.await_health(*program, "startup 0, live 0, ready 0");
    program->send(SIGTERM);
    program->wait_for("signal 15\n");
    program->send(SIGUSR2);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("health says nothing when it is 0, and --ready is the default") {
    const SupervisionScene scene;
    const auto program = scene.play({}, {"log-signals", "15"});
    scene.await_health(*program, "startup 0, live 0, ready 0");
    for (const Strings& words : {Strings{"health"}, Strings{"health", "--ready"},
                                 Strings{"health", "--live"}, Strings{"health", "--startup"}})
        CHECK(quiet_success(scene.ask(words)) == "");
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("health is 1 within its time where a kaigara is there that does not answer") {
    const SupervisionScene scene;
    const auto program = scene.play({}, {"log-signals", "15"});
    scene.await_health(*program, "startup 0, live 0, ready 0");
    program->wait_for("ready\n");
    program->send(SIGSTOP);
    CHECK(scene.health() == "startup 1, live 1, ready 1");
    program->send(SIGCONT);
    scene.await_health(*program, "startup 0, live 0, ready 0");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

}  // TEST_SUITE("contract")
