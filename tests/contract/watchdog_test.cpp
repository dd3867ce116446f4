// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `--live notify`: the application says that it is alive, as often as WATCHDOG_USEC in
// its environment says, which is --check-interval times --check-failures.

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_peers.h"
#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"

using namespace kaigara::test;

namespace {

Strings watchdog(const std::string& interval, const std::string& failures,
                 const Strings& more = {}) {
    Strings options = {"--live", "notify",           "--check-interval",
                       interval, "--check-failures", failures};
    options.insert(options.end(), more.begin(), more.end());
    return options;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("WATCHDOG_USEC is the interval times the failures, and none without --live notify") {
    const SupervisionScene scene;
    const Outcome outcome =
        run({.words = scene.actor(watchdog("20s", "3"), {"variable", "WATCHDOG_USEC"})});
    CHECK(outcome.output == "WATCHDOG_USEC=60000000\n");
    const SupervisionScene other;
    CHECK(
        run({.words = other.actor({"--ready", "notify"}, {"variable", "WATCHDOG_USEC"})}).output ==
        "WATCHDOG_USEC is unset\n");
}

TEST_CASE("an application that does not say WATCHDOG=1 in time is not live, and is stopped") {
    const SupervisionScene scene;
    const auto program = scene.play(watchdog("200ms", "2", {"--pre-stop", "echo pre-stop"}),
                                    {"clock", "log-signals", "15", "clock", "exit", "6"});
    program->wait_for("pre-stop\n");
    program->wait_for("signal 15\n");
    CHECK(program->wait() == "exit 6");
    check_message(outcome_of(*program, ""), "warn", {"not live"});
    const std::vector<long> times = clocks(program->output());
    REQUIRE(times.size() == 2);
    // It may have begun a little late itself.
    CHECK(times[1] - times[0] >= 200);
}

TEST_CASE("a missed watchdog is not-live for the policy, which starts it again") {
    const SupervisionScene scene;
    const auto program =
        scene.play(watchdog("200ms", "2", {"--restart", "on-failure", "--restart-delay", "1ms"}),
                   {"log-signals", "15", "exit", "0"});
    for (int round = 0; round < 2; ++round) program->wait_for("signal 15\n");
    program->wait_for("ready\n");
    program->eventually("not-live", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && !all["last_exits"].empty() &&
               all["last_exits"][0].value("reason", "") == "not-live";
    });
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("an application that says WATCHDOG=1 often enough stays") {
    const SupervisionScene scene;
    const auto program =
        scene.start(watchdog("1s", "2"), "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do "
                                         "\"$actor\" notify WATCHDOG=1 linger 200; done; "
                                         "echo enough; exec \"$actor\" notify WATCHDOG=1 exit 7");
    program->wait_for("enough\n");
    CHECK(program->wait() == "exit 7");
}

TEST_CASE("WATCHDOG=trigger: the application says itself that it is not live") {
    const SupervisionScene scene;
    const auto program =
        scene.play(watchdog("1h", "3", {"--restart", "on-failure", "--restart-delay", "1ms"}),
                   {"await", scene.path("go"), "notify", "WATCHDOG=trigger", "log-signals", "15"});
    scene.touch("go");
    // Each run finds the file, and triggers; one that is stopped sooner is a run like any other.
    program->eventually("a restart", [&] {
        const nlohmann::json all = scene.status();
        return all.is_object() && !all["last_exits"].empty() &&
               all["last_exits"][0].value("reason", "") == "not-live";
    });
    scene.remove("go");
    program->send(SIGTERM);
    program->wait();
    check_message(outcome_of(*program, ""), "warn", {"not live"});
}

TEST_CASE("EXTEND_TIMEOUT_USEC gives the watchdog more time") {
    const SupervisionScene scene;
    const auto program =
        scene.play(watchdog("1s", "2"), {"notify", "EXTEND_TIMEOUT_USEC=60000000", "linger", "3500",
                                         "say", "still here", "exit", "7"});
    program->wait_for("still here\n");
    CHECK(program->wait() == "exit 7");
}

TEST_CASE("with --live notify alone the application is ready as soon as it runs") {
    const SupervisionScene scene;
    const auto program = scene.play(watchdog("1h", "3"), {"log-signals", "15"});
    scene.await_health(*program, "startup 0, live 0, ready 0");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("with --live notify WATCHDOG=1 goes on to the manager outside") {
    const SupervisionScene scene;
    Manager manager(scene.path("manager"));
    Program program(
        {.words = scene.actor(watchdog("1h", "3"), {"notify", "WATCHDOG=1", "log-signals", "15"}),
         .environment = {"NOTIFY_SOCKET=" + scene.path("manager")}});
    program.eventually("WATCHDOG", [&] { return has(manager.heard(), "WATCHDOG=1"); });
    program.wait_for("ready\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

}  // TEST_SUITE("contract")
