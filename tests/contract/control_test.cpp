// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, 2 and 6: where the control socket is, who is heard there, and `reload` and `restart`.
// What `status` says is in status_test.cpp, `health` in health_test.cpp.

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

const Strings obeying = {"log-signals", "15", "exit", "5"};

void end(Program& program) {
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
}

// In this mount namespace /run/kaigara is the folder `run` of the scene.
Setup with_default_place(const SupervisionScene& scene, Strings words) {
    Setup setup{.words = std::move(words)};
    setup.binds = {{scene.path("run"), "/run/kaigara"}};
    return setup;
}

bool answers(const std::string& socket) {
    return run({.words = command({"status", "--socket", socket})}).ending == "exit 0";
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the socket is for kaigara's user alone, whatever the umask, below a directory of 0755") {
    const SupervisionScene scene;
    const std::string place = scene.path("deep/control.sock");
    Strings words = exec_actor(obeying, {"--socket", place});
    for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
        CAPTURE(mask);
        Program program({.words = words, .umask = mask});
        program.wait_for("ready\n");
        program.eventually("an answer", [&] { return answers(place); });
        CHECK(scene.folder().mode("deep/control.sock") == 0600);
        CHECK(scene.folder().mode("deep") == 0755);
        end(program);
    }
}

TEST_CASE("a socket that a dead kaigara has left is replaced") {
    const SupervisionScene scene;
    const auto first = scene.play({}, obeying);
    first->wait_for("ready\n");
    scene.await_state(*first, "running");
    first->send(SIGKILL);
    CHECK(first->wait() == "signal 9");
    REQUIRE(scene.folder().exists("control.sock"));
    CHECK(scene.ask({"status"}).ending == "exit 69");
    const auto second = scene.play({}, obeying);
    second->wait_for("ready\n");
    scene.await_state(*second, "running");
    CHECK(scene.folder().mode("control.sock") == 0600);
    end(*second);
}

TEST_CASE("a second kaigara at the same named place is an error, and the first still answers") {
    const SupervisionScene scene;
    const auto first = scene.play({}, obeying);
    first->wait_for("ready\n");
    scene.await_state(*first, "running");
    const Outcome second = run({.words = scene.actor({}, {"say", "never"})});
    check_refused(second, "exit 73", {scene.socket()});
    CHECK(scene.state() == "running");
    end(*first);
}

TEST_CASE("what is no socket is left alone, and a place that cannot be had is 73") {
    const SupervisionScene scene;
    scene.folder().write("control.sock", "precious\n");
    check_refused(run({.words = scene.actor({}, {"say", "never"})}), "exit 73", {scene.socket()});
    CHECK(scene.folder().read("control.sock") == "precious\n");
    for (const std::string& place :
         {scene.path("control.sock/below"), std::string("/proc/kaigara/control.sock")}) {
        CAPTURE(place);
        check_refused(run({.words = exec_actor({"say", "never"}, {"--socket", place})}), "exit 73",
                      {place});
    }
}

TEST_CASE("start has its socket at the default place, and leaves that of another alone") {
    const SupervisionScene scene;
    const ProvisionScene files;
    scene.folder().make_dir("run");
    Program first(with_default_place(scene, files.start({}, obeying)));
    first.wait_for("ready\n");
    first.eventually("an answer", [&] { return answers(scene.path("run/control.sock")); });
    CHECK(scene.folder().mode("run/control.sock") == 0600);
    // The client looks there, too.
    CHECK(run(with_default_place(scene, command({"health"}))).ending == "exit 0");
    // A second one is none the worse for it.
    const Outcome second = run(with_default_place(scene, files.start({}, {"exit", "3"})));
    CHECK(second.ending == "exit 3");
    CHECK(!has(second.errors, "control.sock"));
    CHECK(answers(scene.path("run/control.sock")));
    end(first);
}

TEST_CASE("a default place that cannot be made is a debug line, and nothing else") {
    const SupervisionScene scene;
    const ProvisionScene files;
    scene.folder().make_dir("run/control.sock");
    for (const std::string& level : Strings{"info", "debug"}) {
        const Outcome outcome =
            run(with_default_place(scene, files.start({"--log-level", level}, {"exit", "3"})));
        CHECK(outcome.ending == "exit 3");
        CHECK(has(outcome.output, "application\n"));
        CHECK(has(outcome.errors, "/run/kaigara") == (level == "debug"));
    }
}

TEST_CASE("exec has a socket only when it is asked for one, or for checks") {
    const SupervisionScene scene;
    scene.folder().make_dir("run");
    Program plain(with_default_place(scene, exec_actor(obeying)));
    plain.wait_for("ready\n");
    plain.send(SIGUSR1);
    plain.wait_for("signal 10\n");
    CHECK(!scene.folder().exists("run/control.sock"));
    end(plain);
    for (const std::string& option : Strings{"--ready", "--live"}) {
        Program checked(with_default_place(scene, exec_actor(obeying, {option, "exec:true"})));
        checked.wait_for("ready\n");
        checked.eventually("an answer", [&] { return answers(scene.path("run/control.sock")); });
        end(checked);
    }
}

TEST_CASE("with off there is none, by option, variable and key") {
    const SupervisionScene scene;
    const ProvisionScene files;
    scene.folder().make_dir("run");
    const auto check_none = [&](Setup setup) {
        Program program(std::move(setup));
        program.wait_for("ready\n");
        program.send(SIGUSR1);
        program.wait_for("signal 10\n");
        CHECK(!scene.folder().exists("run/control.sock"));
        CHECK(!scene.folder().exists("run/off"));
        end(program);
    };
    check_none(with_default_place(scene, files.start({"--socket", "off"}, obeying)));
    Setup by_variable = with_default_place(scene, files.start({}, obeying));
    by_variable.environment = {"KAIGARA_SOCKET=off"};
    check_none(std::move(by_variable));
    check_none(with_default_place(
        scene, exec_actor(obeying, {"--socket", "off", "--ready", "exec:true"})));
    // "off" without quotes is a truth value where YAML 1.1 is spoken.
    files.config("paths: {socket: off}\n");
    check_none(with_default_place(scene, files.start({}, obeying)));
}

TEST_CASE("the place has a variable, for kaigara and for those who talk to it") {
    const SupervisionScene scene;
    const std::string variable = "KAIGARA_SOCKET=" + scene.path("named.sock");
    Program program({.words = exec_actor(obeying), .environment = {variable}});
    program.wait_for("ready\n");
    program.eventually("health", [&] {
        return run({.words = command({"health"}), .environment = {variable}}).ending == "exit 0";
    });
    end(program);
}

TEST_CASE("no kaigara: 69 with the place and what to look at, and 1 for health") {
    const SupervisionScene scene;
    for (const std::string& word : Strings{"status", "reload", "restart"}) {
        CAPTURE(word);
        check_refused(scene.ask({word}), "exit 69",
                      {"no kaigara answers on " + scene.socket(), "--socket"});
    }
    for (const std::string& kind : Strings{"--ready", "--live", "--startup"}) {
        const Outcome outcome = scene.ask({"health", kind});
        check_refused(outcome, "exit 1", {"no kaigara answers on " + scene.socket()});
        CHECK(count(outcome.errors, "\n") == 1);
    }
}

TEST_CASE("restart starts another run whatever --restart says, and is not delayed") {
    const SupervisionScene scene;
    const auto program = scene.play(
        {"--restart-delay", "1h", "--restart-max-delay", "1h", "--pre-stop", "echo pre-stop"},
        obeying);
    for (int round = 0; round < 3; ++round) {
        program->wait_for("ready\n");
        scene.await_state(*program, "running");
        CHECK(scene.status().value("restarts", -1) == round);
        const Outcome outcome = scene.ask({"restart"});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(outcome.errors == "");
        program->wait_for("pre-stop\n");
        program->wait_for("signal 15\n");
    }
    program->wait_for("ready\n");
    end(*program);
    CHECK(count(program->output(), "ready\n") == 4);
}

TEST_CASE("restart during the delay starts the next run at once") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--restart", "always", "--restart-delay", "1h", "--restart-max-delay", "1h"},
        "[ -e \"$scene/first\" ] && exec \"$actor\" log-signals 15 exit 5; touch \"$scene/first\"; "
        "exit 3");
    scene.await_state(*program, "waiting");
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program->wait_for("ready\n");
    end(*program);
}

TEST_CASE("restart kills an application that ignores the stop signal after --stop-timeout") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--stop-timeout", "300ms", "--stop-signal", "USR2"}, {"log-signals", "64"});
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program->wait_for("signal 12\n");
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 137");
}

TEST_CASE("restart leaves nothing of the former run") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {}, "echo \"others $(cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^actor$')\"; "
            "\"$actor\" daemon { ignore 15 touch $scene/up pause }; \"$actor\" await $scene/up; "
            "trap 'exit 5' TERM; echo up; while :; do sleep 0.02; done");
    program->wait_for("others 0\n");
    program->wait_for("up\n");
    scene.await_state(*program, "running");
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program->wait_for("others 0\n");
    program->wait_for("up\n");
    end(*program);
}

TEST_CASE("reload and restart are 75 with a reason while there is nothing to act on") {
    const SupervisionScene scene;
    const ProvisionScene files;
    files.play("10-long", fmt::format("say up await {}", scene.path("go")));
    Program program({.words = files.start({"--socket", scene.socket()}, {"log-signals", "12"})});
    program.eventually("the operation",
                       [&] { return has(program.output() + program.errors(), "[10-long] up"); });
    for (const std::string& word : Strings{"reload", "restart"})
        check_refused(scene.ask({word}), "exit 75", {"provision"});
    scene.touch("go");
    program.wait_for("ready\n");
    scene.await_state(program, "running");
    program.send(SIGTERM);
    program.wait_for("signal 15\n");
    for (const std::string& word : Strings{"reload", "restart"})
        check_refused(scene.ask({word}), "exit 75", {"stop"});
    CHECK(count(program.output(), "signal 1\n") == 0);
    program.send(SIGUSR2);
    CHECK(program.wait() == "exit 0");
}

}  // TEST_SUITE("contract")
