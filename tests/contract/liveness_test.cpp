// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `--live`: "an application that is not live is stopped and restarted by the policy".

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_peers.h"
#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"

using namespace kaigara::test;

namespace {

const Strings often = {"--check-interval", "100ms", "--check-failures", "2"};

Strings with(Strings first, const Strings& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

// Live while there is a file `good`.
Strings live_while_good(const SupervisionScene& scene, const Strings& more) {
    scene.touch("good");
    return with(
        with({"--live", scene.check("test -e $scene/good || { echo because; exit 1; }")}, often),
        more);
}

std::string last_reason(const SupervisionScene& scene) {
    const nlohmann::json all = scene.status();
    if (!all.is_object() || all["last_exits"].empty()) return "";
    return all["last_exits"][0].value("reason", "");
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an application that is not live is stopped, and without a policy its status is left") {
    const SupervisionScene scene;
    const auto program = scene.play(live_while_good(scene, {"--pre-stop", "echo pre-stop"}),
                                    {"log-signals", "15", "exit", "6"});
    program->wait_for("ready\n");
    scene.await_health(*program, "startup 0, live 0, ready 0");
    scene.remove("good");
    program->wait_for("pre-stop\n");
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 6");
    check_message(outcome_of(*program, ""), "warn", {"not live"});
}

TEST_CASE("an application that is not live is restarted by on-failure and always, whatever it ends "
          "with") {
    for (const std::string& policy : Strings{"on-failure", "always"}) {
        CAPTURE(policy);
        const SupervisionScene scene;
        const auto program =
            scene.play(live_while_good(scene, {"--restart", policy, "--restart-delay", "1ms"}),
                       {"touch", scene.path("good"), "log-signals", "15", "exit", "0"});
        for (int round = 0; round < 2; ++round) {
            program->wait_for("ready\n");
            scene.remove("good");
            program->wait_for("signal 15\n");
        }
        program->wait_for("ready\n");
        program->eventually("not-live", [&] { return last_reason(scene) == "not-live"; });
        CHECK(scene.status().value("restarts", 0) == 2);
        program->send(SIGTERM);
        CHECK(program->wait() == "exit 0");
    }
}

TEST_CASE("an application that is not live and ignores the stop signal is killed") {
    const SupervisionScene scene;
    const auto program =
        scene.play(live_while_good(scene, {"--stop-timeout", "300ms"}), {"log-signals", "64"});
    program->wait_for("ready\n");
    scene.remove("good");
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 137");
}

TEST_CASE("live and ready are 1 while an application is stopped because it is not live") {
    const SupervisionScene scene;
    const auto program = scene.play(live_while_good(scene, {"--stop-timeout", "1h"}),
                                    {"log-signals", "12", "exit", "6"});
    program->wait_for("ready\n");
    scene.await_health(*program, "startup 0, live 0, ready 0");
    scene.remove("good");
    program->wait_for("signal 15\n");
    CHECK(scene.health() == "startup 0, live 1, ready 1");
    const Outcome outcome = scene.ask({"health", "--live"});
    CHECK_MESSAGE(has(outcome.errors, "not live: "), outcome.errors);
    program->send(SIGUSR2);
    CHECK(program->wait() == "exit 6");
}

TEST_CASE("so many failures in a row are needed as --check-failures says") {
    const SupervisionScene scene;
    const auto program = scene.play({"--check-interval", "100ms", "--check-failures", "4", "--live",
                                     scene.check("echo x >>$scene/checks; exit 1")},
                                    {"log-signals", "15", "exit", "6"});
    CHECK(program->wait() == "exit 6");
    CHECK(count(scene.folder().read("checks"), "x") == 4);
}

TEST_CASE("a success between failures makes their count begin anew") {
    const SupervisionScene scene;
    // Fails twice of three times: never three in a row.
    const auto program = scene.play(
        {"--check-interval", "100ms", "--check-failures", "3", "--live",
         scene.check("echo x >>$scene/checks; n=$(wc -l <$scene/checks); [ $((n % 3)) = 0 ]")},
        {"log-signals", "15", "exit", "6"});
    program->wait_for("ready\n");
    program->eventually("a dozen checks", [&] {
        return scene.folder().exists("checks") && count(scene.folder().read("checks"), "x") >= 12;
    });
    CHECK(!has(program->output(), "signal 15"));
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 6");
}

TEST_CASE("live checks begin when the application was ready first") {
    const SupervisionScene scene;
    const auto program =
        scene.play(with({"--ready", scene.check("echo x >>$scene/asked; test -e $scene/good"),
                         "--live", scene.check("touch $scene/live; exit 1")},
                        often),
                   {"log-signals", "15", "exit", "6"});
    program->wait_for("ready\n");
    program->eventually("some checks", [&] {
        return scene.folder().exists("asked") && count(scene.folder().read("asked"), "x") >= 10;
    });
    CHECK(!scene.folder().exists("live"));
    scene.touch("good");
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 6");
    CHECK(scene.folder().exists("live"));
}

TEST_CASE("live checks begin at once where there is no --ready") {
    const SupervisionScene scene;
    const auto program =
        scene.play(with({"--live", "exec:false"}, often), {"log-signals", "15", "exit", "6"});
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 6");
}

TEST_CASE("a port and a URL tell whether an application is live, too") {
    for (const bool is_http : {false, true}) {
        CAPTURE(is_http);
        const SupervisionScene scene;
        Port port;
        if (is_http) port.listen();
        const auto program =
            scene.play(with({"--live", is_http ? port.http("/live") : port.tcp()}, often),
                       {"log-signals", "15", "exit", "6"});
        program->eventually("the stop", [&] {
            if (is_http) port.serve(http_answer("500 Internal Server Error"));
            return has(program->output(), "signal 15\n");
        });
        CHECK(program->wait() == "exit 6");
    }
}

TEST_CASE("a check that hangs is a failure, and its time is --check-timeout") {
    const SupervisionScene scene;
    const auto program =
        scene.play(with({"--live", "exec:sleep 1000", "--check-timeout", "200ms"}, often),
                   {"log-signals", "15", "exit", "6"});
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 6");
}

TEST_CASE("checks of a run do not go on when it has ended") {
    const SupervisionScene scene;
    const auto program =
        scene.start(with({"--live", scene.check("echo x >>$scene/checks"), "--restart", "always",
                          "--restart-delay", "1h", "--restart-max-delay", "1h"},
                         often),
                    "exec \"$actor\" await $scene/checks exit 3");
    program->wait_for_error("started again in");
    const std::string before = scene.folder().read("checks");
    CHECK(program->stays(std::chrono::milliseconds(500)));
    // One that was under way may have ended.
    CHECK(scene.folder().read("checks").size() <= before.size() + 2);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 3");
}

TEST_CASE("--live has a variable and a key") {
    const SupervisionScene scene;
    Program program({.words = scene.actor(often, {"log-signals", "15", "exit", "6"}),
                     .environment = {"KAIGARA_LIVE=exec:false"}});
    CHECK(program.wait() == "exit 6");
    const ProvisionScene keys;
    keys.config("application:\n  live: exec:false\n  check-interval: 100ms\n  check-failures: 2\n");
    Program other({.words = keys.start({"--socket", "off"}, {"log-signals", "15", "exit", "7"})});
    CHECK(other.wait() == "exit 7");
}

}  // TEST_SUITE("contract")
