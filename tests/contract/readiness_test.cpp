// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `--ready`, asked by a command, a port or a URL, and `--start-timeout`. What the
// application tells itself is in notify_test.cpp.

#include <algorithm>
#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_peers.h"
#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

const std::string starting = "startup 1, live 0, ready 1";
const std::string ready = "startup 0, live 0, ready 0";
const std::string not_ready = "startup 0, live 0, ready 1";

const Strings obeying = {"log-signals", "15", "exit", "5"};

void end(Program& program) {
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
}

// While a server gives this answer, until the health is such.
void await_with(const SupervisionScene& scene, Program& program, Port& port,
                std::string_view answer, std::string_view health) {
    program.eventually(health, [&] {
        port.serve(answer);
        return scene.health() == health;
    });
}

// Until the server has been asked so many times more, each with this answer.
void serve_times(Program& program, Port& port, std::string_view answer, std::size_t times) {
    const std::size_t enough = port.served() + times;
    program.eventually("checks to come", [&] {
        port.serve(answer);
        return port.served() >= enough;
    });
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("without --ready the application is ready as soon as it runs") {
    const SupervisionScene scene;
    const auto program = scene.play({}, obeying);
    program->wait_for("ready\n");
    scene.await_health(*program, ready);
    CHECK(scene.state() == "running");
    end(*program);
}

TEST_CASE("exec: ready when the command ends with 0, not before, and again after a failure") {
    const SupervisionScene scene;
    const auto program = scene.play({"--ready", scene.check("test -e $scene/good"),
                                     "--check-interval", "100ms", "--check-failures", "1"},
                                    obeying);
    program->wait_for("ready\n");
    scene.await_health(*program, starting);
    CHECK(scene.state() == "starting");
    const Outcome refused = scene.ask({"health"});
    CHECK(refused.ending == "exit 1");
    CHECK(refused.output == "");
    CHECK_MESSAGE(has(refused.errors, "not ready: "), refused.errors);
    CHECK(count(refused.errors, "\n") == 1);
    scene.touch("good");
    scene.await_health(*program, ready);
    CHECK(scene.state() == "running");
    scene.remove("good");
    scene.await_health(*program, not_ready);
    // Its liveness is another question, and nobody has stopped it.
    CHECK(scene.state() == "running");
    scene.touch("good");
    scene.await_health(*program, ready);
    end(*program);
    CHECK(count(program->output(), "ready\n") == 1);
    check_message(outcome_of(*program, ""), "warn", {"not ready"});
}

TEST_CASE("a ready application is not ready after --check-failures failures in a row") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--ready", scene.check("test -e $scene/good && exit 0; echo x >>$scene/bad; exit 1"),
         "--check-interval", "100ms", "--check-failures", "4"},
        obeying);
    scene.touch("good");
    program->wait_for("ready\n");
    scene.await_health(*program, ready);
    if (scene.folder().exists("bad")) scene.remove("bad");
    scene.remove("good");
    scene.await_health(*program, not_ready);
    CHECK(count(scene.folder().read("bad"), "x") >= 4);
    end(*program);
}

TEST_CASE("tcp: ready when a connection is accepted at 127.0.0.1") {
    const SupervisionScene scene;
    Port port;
    const auto program = scene.play({"--ready", port.tcp(), "--check-interval", "100ms"}, obeying);
    program->wait_for("ready\n");
    scene.await_health(*program, starting);
    port.listen();
    scene.await_health(*program, ready);
    end(*program);
}

TEST_CASE("tcp: ready when a connection is accepted at ::1 alone") {
    const SupervisionScene scene;
    Port port("::1");
    if (!port.works()) return;  // this machine has no such address
    const auto program = scene.play({"--ready", port.tcp(), "--check-interval", "100ms"}, obeying);
    program->wait_for("ready\n");
    scene.await_health(*program, starting);
    port.listen();
    scene.await_health(*program, ready);
    end(*program);
}

TEST_CASE("http: ready with 200 to 399, and with no other answer") {
    for (const std::string& good :
         {http_answer("200 OK"), http_answer("204 No Content"),
          http_answer("302 Found", "Location: http://127.0.0.1:1/nowhere\r\n"),
          http_answer("399 Odd")}) {
        CAPTURE(good);
        const SupervisionScene scene;
        Port port;
        port.listen();
        const auto program =
            scene.play({"--ready", port.http("/healthz"), "--check-interval", "100ms"}, obeying);
        program->wait_for("ready\n");
        for (const std::string& bad :
             {http_answer("503 Service Unavailable"), http_answer("404 Not Found"),
              http_answer("400 Bad Request"), std::string("nothing of the kind\r\n\r\n")})
            serve_times(*program, port, bad, 1);
        CHECK(scene.health() == starting);
        await_with(scene, *program, port, good, ready);
        end(*program);
    }
}

TEST_CASE("an application that ends before it was ever ready leaves its status") {
    const SupervisionScene scene;
    const Outcome outcome =
        run({.words = scene.actor({"--ready", "exec:false"}, {"say", "run", "exit", "6"})});
    CHECK(outcome.ending == "exit 6");
    CHECK(outcome.output == "run\n");
}

TEST_CASE("a check runs in a session of its own, and never twice at once") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--check-interval", "100ms", "--ready",
         scene.check("echo begin >>$scene/log; $actor place >>$scene/places; $actor linger 250; "
                     "echo end >>$scene/log")},
        obeying);
    program->wait_for("ready\n");
    program->eventually("some checks", [&] {
        return scene.folder().exists("log") && count(scene.folder().read("log"), "end") >= 4;
    });
    end(*program);
    const Strings lines = lines_of(scene.folder().read("log"));
    for (std::size_t at = 0; at < lines.size(); ++at)
        CHECK(lines[at] == (at % 2 == 0 ? "begin" : "end"));
    CHECK(!has(scene.folder().read("places"), "session 1 "));
}

TEST_CASE("a check that hangs has failed after --check-timeout, and all of its session is gone") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--check-interval", "100ms", "--check-timeout", "300ms", "--ready",
         scene.check("[ -e $scene/hung ] && exit 0; touch $scene/hung; "
                     "exec $actor ignore 15 fork { ignore 15 group { ignore 15 pause } pause } "
                     "pause")},
        "trap 'exit 5' TERM; echo up; while :; do sleep 0.02; done");
    program->wait_for("up\n");
    scene.await_health(*program, ready);
    program->eventually("nothing is left", [&] { return actors_below(program->pid()) == 0; });
    end(*program);
}

TEST_CASE("--start-timeout stops an application that is not ready in time") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--ready", "exec:exit 7", "--start-timeout", "500ms", "--pre-stop", "echo pre-stop"},
        obeying);
    const auto begin = std::chrono::steady_clock::now();
    program->wait_for("ready\n");
    program->wait_for("pre-stop\n");
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 5");
    CHECK(std::chrono::steady_clock::now() - begin >= 400ms);
    check_message(outcome_of(*program, ""), "warn", {"ready"});
}

TEST_CASE("--start-timeout counts as a failure for the policy, whatever the status") {
    const SupervisionScene scene;
    const auto program = scene.play({"--ready", "exec:false", "--start-timeout", "300ms",
                                     "--restart", "on-failure", "--restart-delay", "1ms"},
                                    {"log-signals", "15", "exit", "0"});
    for (int round = 0; round < 3; ++round) {
        program->wait_for("ready\n");
        program->wait_for("signal 15\n");
    }
    program->wait_for("ready\n");
    program->eventually("a former run is told", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && !all["last_exits"].empty() &&
               all["last_exits"][0].value("reason", "") == "start-timeout";
    });
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("--start-timeout ends an application that ignores the stop signal, too") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--ready", "exec:false", "--start-timeout", "200ms", "--stop-timeout", "200ms"},
                   {"log-signals", "64"});
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 137");
}

TEST_CASE("an application that was ready in time is not stopped by --start-timeout") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--ready", scene.check("test -e $scene/good"), "--start-timeout", "3s",
                    "--check-interval", "100ms", "--check-failures", "1"},
                   obeying);
    scene.touch("good");
    program->wait_for("ready\n");
    const auto begin = std::chrono::steady_clock::now();
    scene.await_health(*program, ready);
    scene.remove("good");
    scene.await_health(*program, not_ready);
    program->eventually("the time to pass",
                        [&] { return std::chrono::steady_clock::now() - begin > 3500ms; });
    CHECK(!has(program->output(), "signal 15"));
    CHECK(scene.health() == not_ready);
    end(*program);
}

TEST_CASE("each word of readiness has its variable and its key") {
    const SupervisionScene scene;
    Program program({.words = scene.actor({}, obeying),
                     .environment = {"KAIGARA_READY=" + scene.check("test -e $scene/good"),
                                     "KAIGARA_CHECK_INTERVAL=100ms", "KAIGARA_CHECK_TIMEOUT=20s",
                                     "KAIGARA_CHECK_FAILURES=1", "KAIGARA_START_TIMEOUT=1h"}});
    program.wait_for("ready\n");
    scene.await_health(program, starting);
    scene.touch("good");
    scene.await_health(program, ready);
    scene.remove("good");
    scene.await_health(program, not_ready);
    end(program);

    const ProvisionScene keys;
    const SupervisionScene files;
    keys.config(fmt::format("paths: {{socket: '{}'}}\napplication:\n  ready: '{}'\n"
                            "  check-interval: 100ms\n  check-timeout: 20s\n"
                            "  check-failures: 1\n  start-timeout: 1h\n",
                            files.socket(), "exec:test -e " + files.path("good")));
    Program other({.words = keys.start({}, obeying)});
    other.wait_for("ready\n");
    files.await_health(other, starting);
    files.touch("good");
    files.await_health(other, ready);
    files.remove("good");
    files.await_health(other, not_ready);
    end(other);
}

}  // TEST_SUITE("contract")
