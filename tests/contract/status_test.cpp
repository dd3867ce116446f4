// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `kaigara status [--json]`, and `--metrics-file`, which says the same to Prometheus.

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_scene.h"
#include "support/expect.h"
#include "support/proc.h"
#include "support/provision_scene.h"

using namespace kaigara::test;
using nlohmann::json;

namespace {

const Strings obeying = {"log-signals", "15", "exit", "5"};

void end(Program& program) {
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
}

// "pid N ..." of the actor's word `place`.
long pid_said(const std::string& output) {
    const std::size_t at = output.find("pid ");
    return at == std::string::npos ? 0 : std::stol(output.substr(at + 4));
}

// Of the runs that have ended, newest first.
Strings reasons(const json& status) {
    Strings all;
    for (const json& exit : status["last_exits"]) all.push_back(exit.value("reason", ""));
    return all;
}

json await_exits(const SupervisionScene& scene, Program& program, std::size_t number) {
    json status;
    program.eventually("runs to end", [&] {
        status = scene.status();
        return status.is_object() && status["last_exits"].size() >= number &&
               status.value("state", "") == "running";
    });
    return status;
}

// The format's own rule: a comment, or a name, perhaps labels, and a number.
bool is_exposition(const std::string& line) {
    if (line.starts_with("# HELP kaigara_") || line.starts_with("# TYPE kaigara_")) return true;
    const std::size_t name = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (!line.starts_with("kaigara_") || name == std::string::npos) return false;
    const std::size_t labels = line[name] == '{' ? line.rfind('}') : name - 1;
    if (labels == std::string::npos || labels + 2 >= line.size() || line[labels + 1] != ' ')
        return false;
    return line.find_first_not_of("+-.0123456789e", labels + 2) == std::string::npos;
}

// Each run ends in another way; the last one waits for TERM.
constexpr std::string_view various =
    "echo x >>\"$scene/runs\"; case $(wc -l <\"$scene/runs\") in 1) exit 3;; 2) kill -9 $$;; "
    "3) exit 0;; *) exec \"$actor\" log-signals 15 exit 5;; esac";

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("status --json is one JSON object in a line, with everything that is documented") {
    const SupervisionScene scene;
    const auto program = scene.play({}, {"place", "log-signals", "15", "exit", "5"});
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    const Outcome outcome = scene.ask({"status", "--json"});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.errors == "");
    CHECK(count(outcome.output, "\n") == 1);
    const json status = json::parse(outcome.output, nullptr, false);
    REQUIRE(status.is_object());
    for (const char* const name :
         {"version", "stage", "state", "pid", "restarts", "ready", "live", "started", "message",
          "since_ms", "uptime_ms", "next_start_ms", "last_exits", "operations", "sources",
          "orphans_reaped", "signals_forwarded", "last_reason"}) {
        CAPTURE(name);
        CHECK(status.contains(name));
    }
    CHECK(status["stage"] == "supervise");
    CHECK(status["pid"] == pid_said(program->output()));
    CHECK(status["restarts"] == 0);
    CHECK(status["ready"] == true);
    CHECK(status["live"] == true);
    CHECK(status["started"] == true);
    CHECK(status["message"].is_null());
    CHECK(status["next_start_ms"].is_null());
    CHECK(status["last_exits"] == json::array());
    // Wall clock: after this was written.
    CHECK(status["since_ms"].get<double>() > 1.7e12);
    CHECK(status["uptime_ms"].is_number_unsigned());
    end(*program);
}

TEST_CASE("status tells how often and how the application ended, newest first") {
    const SupervisionScene scene;
    const auto program = scene.start({"--restart", "always", "--restart-delay", "1ms"}, various);
    program->wait_for("ready\n");
    const json status = await_exits(scene, *program, 3);
    CHECK(status["restarts"] == 3);
    const json& exits = status["last_exits"];
    REQUIRE(exits.size() == 3);
    CHECK(reasons(status) == Strings{"exited", "signal", "exited"});
    CHECK(exits[0]["status"] == 0);
    CHECK(exits[0]["signal"].is_null());
    CHECK(exits[1]["status"] == 137);
    CHECK(exits[1]["signal"] == "KILL");
    CHECK(exits[2]["status"] == 3);
    for (const json& exit : exits) {
        CHECK(exit["at_ms"].get<double>() > 1.7e12);
        CHECK(exit["ran_ms"].is_number());
    }
    end(*program);
}

TEST_CASE("status remembers ten ends, and counts all restarts") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--restart", "always", "--restart-delay", "0"},
        "echo x >>\"$scene/runs\"; n=$(wc -l <\"$scene/runs\"); [ $n -le 14 ] && exit $n; "
        "exec \"$actor\" log-signals 15 exit 5");
    program->wait_for("ready\n");
    const json status = await_exits(scene, *program, 10);
    CHECK(status["restarts"] == 14);
    REQUIRE(status["last_exits"].size() == 10);
    CHECK(status["last_exits"][0]["status"] == 14);
    CHECK(status["last_exits"][9]["status"] == 5);
    end(*program);
}

TEST_CASE("a restart that was asked for is told as such") {
    const SupervisionScene scene;
    const auto program = scene.play({}, obeying);
    program->wait_for("ready\n");
    scene.await_state(*program, "running");
    CHECK(scene.ask({"restart"}).ending == "exit 0");
    program->wait_for("ready\n");
    const json status = await_exits(scene, *program, 1);
    CHECK(reasons(status) == Strings{"restart"});
    CHECK(status["last_exits"][0]["status"] == 5);
    CHECK(status["restarts"] == 1);
    end(*program);
}

TEST_CASE("during the delay there is no pid, and it is told when the next run comes") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--restart", "always", "--restart-delay", "1h", "--restart-max-delay", "1h"},
                   {"exit", "3"});
    scene.await_state(*program, "waiting");
    const json status = scene.status();
    CHECK(status["pid"].is_null());
    CHECK(status["ready"] == false);
    const double wait = status["next_start_ms"].get<double>();
    CHECK(wait > 0.7 * 3'600'000);
    CHECK(wait <= 1.2 * 3'600'000);
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 3");
}

TEST_CASE("status tells why the application is not ready") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--ready", "exec:exit 7", "--check-interval", "100ms"}, obeying);
    program->wait_for("ready\n");
    program->eventually("a reason", [&] {
        const json status = scene.status();
        return status.is_object() && status["last_reason"].is_string() &&
               has(status.value("last_reason", ""), "7");
    });
    end(*program);
}

TEST_CASE("status counts reaped orphans and forwarded signals") {
    const SupervisionScene scene;
    const auto program = scene.play({}, {"orphans", "25", "log-signals", "15", "exit", "5"});
    program->wait_for("ready\n");
    for (int times = 0; times < 3; ++times) {
        program->send(SIGUSR1);
        program->wait_for("signal 10\n");
    }
    program->eventually("the counts", [&] {
        const json status = scene.status();
        return status.is_object() && status.value("orphans_reaped", 0) == 25 &&
               status.value("signals_forwarded", 0) == 3;
    });
    end(*program);
}

TEST_CASE("status tells the operations of this start and the sources") {
    const SupervisionScene scene;
    const ProvisionScene files;
    files.operation("10-done", "exit 0");
    files.operation("20-none", "exit 77");
    files.operation("30-retry",
                    "# kaigara: retries=2 retry-delay=1ms\n[ $KAIGARA_ATTEMPT = 2 ] || exit 75");
    files.operation("40-bad", "# kaigara: on-failure=continue\nexit 9");
    files.folder().write("more.yml", "a: 1\n");
    files.config("metadata:\n  - file: more.yml\n");
    Program program({.words = files.start({"--socket", scene.socket()}, obeying)});
    program.wait_for("ready\n");
    scene.await_state(program, "running");
    const json status = scene.status();
    const json& operations = status["operations"];
    REQUIRE(operations.size() == 4);
    const Strings results = {"done", "skipped", "done", "failed"};
    for (std::size_t at = 0; at < results.size(); ++at) {
        CAPTURE(operations[at].dump());
        CHECK(operations[at]["result"] == results[at]);
        CHECK(operations[at]["duration_ms"].is_number());
    }
    CHECK(operations[0]["name"] == "10-done");
    CHECK(operations[0]["attempts"] == 1);
    CHECK(operations[2]["attempts"] == 2);
    REQUIRE(status["sources"].is_array());
    CHECK_MESSAGE(has(status["sources"].dump(), "more.yml"), status["sources"].dump());
    for (const json& source : status["sources"]) CHECK(source["age_ms"].is_number());
    end(program);
}

TEST_CASE("status without --json is for people: the state, the pid and the restarts") {
    const SupervisionScene scene;
    const auto program = scene.start({"--restart", "always", "--restart-delay", "1ms"}, various);
    program->wait_for("ready\n");
    const json status = await_exits(scene, *program, 3);
    const Outcome outcome = scene.ask({"status"});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.errors == "");
    for (const std::string& text :
         {std::string("running"), std::to_string(status["pid"].get<int>()), std::string("3")})
        CHECK_MESSAGE(has(outcome.output, text), outcome.output);
    CHECK(!has(outcome.output, "{\""));
    end(*program);
}

TEST_CASE("--metrics-file says the same as Prometheus text, readable by all") {
    const SupervisionScene scene;
    const auto program = scene.start({"--restart", "always", "--restart-delay", "1ms",
                                      "--metrics-file", scene.path("kaigara.prom")},
                                     various);
    program->wait_for("ready\n");
    program->eventually("the counts", [&] {
        return scene.folder().exists("kaigara.prom") &&
               has(scene.folder().read("kaigara.prom"), "\nkaigara_restarts_total 3\n") &&
               has(scene.folder().read("kaigara.prom"), "\nkaigara_ready 1\n");
    });
    CHECK(scene.folder().mode("kaigara.prom") == 0644);
    const std::string text = scene.folder().read("kaigara.prom");
    for (const std::string& line :
         Strings{"\nkaigara_up 1\n", "\nkaigara_live 1\n", "\nkaigara_orphans_reaped_total "})
        CHECK_MESSAGE(has(text, line), text);
    for (const std::string& line : lines_of(text)) CHECK_MESSAGE(is_exposition(line), line);
    CHECK(text.ends_with('\n'));
    end(*program);
}

TEST_CASE("--metrics-file follows the readiness, and has a variable and a key") {
    const SupervisionScene scene;
    Program program(
        {.words = scene.actor(
             {"--ready", scene.check("test -e $scene/good"), "--check-interval", "100ms"}, obeying),
         .environment = {"KAIGARA_METRICS_FILE=" + scene.path("m")}});
    const auto says = [&](std::string_view line) {
        return scene.folder().exists("m") && has(scene.folder().read("m"), line);
    };
    program.eventually("not ready", [&] { return says("\nkaigara_ready 0\n"); });
    scene.touch("good");
    program.eventually("ready", [&] { return says("\nkaigara_ready 1\n"); });
    program.wait_for("ready\n");
    end(program);

    const ProvisionScene keys;
    keys.config(fmt::format("metrics-file: '{}'\n", keys.folder() / "m"));
    Program other({.words = keys.start({"--socket", "off"}, obeying)});
    other.wait_for("ready\n");
    other.eventually("the file", [&] {
        return keys.folder().exists("m") && has(keys.folder().read("m"), "kaigara_up 1\n");
    });
    end(other);
}

TEST_CASE("a metrics file that cannot be written keeps nobody from running") {
    const SupervisionScene scene;
    const Outcome outcome =
        run({.words = scene.actor({"--metrics-file", "/proc/no/such/place"}, {"exit", "5"})});
    CHECK(outcome.ending == "exit 5");
    CHECK_MESSAGE(has(outcome.errors, "/proc/no/such/place"), outcome.errors);
}

}  // TEST_SUITE("contract")
