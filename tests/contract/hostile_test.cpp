// SPDX-License-Identifier: Apache-2.0

// Who wishes PID 1 ill, or is broken: on the control socket, on the notify socket, as a check and
// as a server that is checked. Each is named or dropped, and nothing stalls.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include "supervision_peers.h"
#include "supervision_scene.h"
#include "support/expect.h"
#include "support/proc.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
using nlohmann::json;

namespace {

const Strings obeying = {"log-signals", "15", "exit", "5"};
const std::string ready = "startup 0, live 0, ready 0";
const std::string starting = "startup 1, live 0, ready 1";

// It is there, forwards and reaps, and ends as it should.
void end_well(const SupervisionScene& scene, Program& program) {
    CHECK(scene.ask({"health", "--live"}).ending == "exit 0");
    program.send(SIGUSR1);
    program.wait_for("signal 10\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 5");
}

bool all_closed(const std::vector<std::unique_ptr<Visitor>>& crowd) {
    return std::ranges::all_of(crowd, [](const auto& each) { return each->is_closed(); });
}

std::unique_ptr<Program> running(const SupervisionScene& scene, Strings options = {}) {
    auto program = scene.play(std::move(options), obeying);
    program->wait_for("ready\n");
    scene.await_health(*program, ready);
    return program;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("each request is answered by a line of JSON, and then the connection is closed") {
    const SupervisionScene scene;
    const auto program = running(scene);
    for (const std::string& request :
         Strings{"status\n", "health ready\n", "health live\n", "health startup\n"}) {
        CAPTURE(request);
        const Visitor visitor(scene.socket());
        CHECK(visitor.say(request));
        const std::string answer = visitor.hear();
        CHECK(answer.ends_with('\n'));
        CHECK(count(answer, "\n") == 1);
        const json said = json::parse(answer, nullptr, false);
        REQUIRE(said.is_object());
        if (request.starts_with("health")) CHECK(said["ok"] == true);
    }
    end_well(scene, *program);
}

TEST_CASE("a request may come in pieces") {
    const SupervisionScene scene;
    const auto program = running(scene);
    const Visitor visitor(scene.socket());
    for (const std::string& piece : Strings{"hea", "lth", " read", "y", "\n"})
        CHECK(visitor.say(piece));
    CHECK(json::parse(visitor.hear(), nullptr, false)["ok"] == true);
    end_well(scene, *program);
}

TEST_CASE("garbage on the control socket is refused or the connection closed") {
    const SupervisionScene scene;
    const auto program = running(scene);
    using namespace std::string_literals;
    for (const std::string& request :
         {"\n"s, "nonsense\n"s, "health\n"s, "health all\n"s, "STATUS\n"s, "status now\n"s,
          "\0\0\0\n"s, "\xff\xfe\x80\n"s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"s, "{\"a\":1}\n"s,
          std::string(256, 'x') + "\n", "status\0\n"s, " \n"s}) {
        CAPTURE(request);
        const Visitor visitor(scene.socket());
        visitor.say(request);
        const std::string answer = visitor.hear();
        if (answer.empty()) continue;
        const json said = json::parse(answer, nullptr, false);
        REQUIRE_MESSAGE(said.is_object(), answer);
        CHECK(said["ok"] == false);
        CHECK(said["error"].is_string());
    }
    end_well(scene, *program);
}

TEST_CASE("a line of a megabyte is refused or the connection closed, and costs nothing") {
    const SupervisionScene scene;
    const auto program = running(scene);
    const std::string megabyte(1 << 20, 'a');
    for (const std::string& end_of_line : Strings{"", "\n"}) {
        const Visitor visitor(scene.socket());
        visitor.say(megabyte + end_of_line);
        const std::string answer = visitor.hear();
        CHECK(answer.size() < 1'000);
        CHECK(!has(answer, "\"ok\":true"));
    }
    end_well(scene, *program);
}

TEST_CASE("a client that says nothing, or half a word, is closed by kaigara") {
    const SupervisionScene scene;
    const auto program = running(scene);
    const Visitor silent(scene.socket());
    const Visitor halting(scene.socket());
    CHECK(halting.say("stat"));
    CHECK(!has(silent.hear(), "\"state\""));
    CHECK(!has(halting.hear(), "\"state\""));
    end_well(scene, *program);
}

TEST_CASE("clients that go away before, amid and after their request harm nobody") {
    const SupervisionScene scene;
    const auto program = running(scene);
    for (int times = 0; times < 200; ++times) {
        {
            const Visitor visitor(scene.socket());
        }
        {
            const Visitor visitor(scene.socket());
            visitor.say("sta");
        }
        {
            const Visitor visitor(scene.socket());
            visitor.say("status\n");
        }
    }
    end_well(scene, *program);
}

TEST_CASE("a thousand idle clients keep nobody out, and leave no descriptor behind") {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_max < 1'200) return;  // this machine does not let one process have so many
    const SupervisionScene scene;
    const auto program = running(scene);
    const std::size_t before = descriptors_of(program->pid()).size();
    std::vector<std::unique_ptr<Visitor>> crowd;
    for (int times = 0; times < 1'000; ++times)
        crowd.push_back(std::make_unique<Visitor>(scene.socket()));
    CHECK(scene.health() == ready);
    // At most 64 are kept; the others have been closed, and in the end all are.
    program->eventually("the crowd to be closed", [&] { return all_closed(crowd); });
    CHECK(scene.health() == ready);
    program->eventually("the descriptors to be given back",
                        [&] { return descriptors_of(program->pid()).size() <= before; });
    end_well(scene, *program);
}

TEST_CASE("kaigara ends while clients are connected") {
    const SupervisionScene scene;
    const auto program = running(scene);
    std::vector<std::unique_ptr<Visitor>> crowd;
    for (int times = 0; times < 40; ++times)
        crowd.push_back(std::make_unique<Visitor>(scene.socket()));
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("truncated and nonsensical notify datagrams are named, and make nothing ready") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--ready", "notify"}, {"notify",       "",
                                           "notify",       "\n\n\n",
                                           "notify",       "=",
                                           "notify",       "READY",
                                           "notify",       "\xff\xfe\x01",
                                           "notify",       "WATCHDOG=maybe",
                                           "notify",       "MAINPID=-1\nMAINPID=99999999999",
                                           "notify",       "EXTEND_TIMEOUT_USEC=soon",
                                           "notify-bytes", "4097",
                                           "notify-bytes", "100000",
                                           "notify",       "STATUS=told",
                                           "log-signals",  "15",
                                           "exit",         "5"});
    program->wait_for("ready\n");
    program->eventually("told", [&] {
        const json status = scene.status();
        return status.is_object() && status["message"] == "told";
    });
    CHECK(scene.health() == starting);
    program->wait_for_error("kaigara: warn: ");
    end_well(scene, *program);
    CHECK(!has(program->errors(), "\xff"));
}

TEST_CASE("a flood of notify datagrams stalls nothing, and does not fill the log") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--ready", "notify"},
        "( while :; do \"$actor\" notify NONSENSE notify WATCHDOG=maybe notify-bytes 60000 "
        "notify 'MAINPID=x' notify '' || exit; done ) & "
        "exec \"$actor\" notify READY=1 log-signals 15 exit 5");
    program->wait_for("ready\n");
    for (int times = 0; times < 5; ++times) CHECK(scene.health() == ready);
    program->send(SIGUSR1);
    program->wait_for("signal 10\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
    CHECK(count(program->errors(), "\n") < 200);
}

TEST_CASE("STATUS cannot forge lines of the status or of the log") {
    const SupervisionScene scene;
    const auto program = scene.play({"--ready", "notify"},
                                    {"notify", "STATUS=a\x1b[2J\"}\\\t\r{\"ok\":true\nREADY=1",
                                     "log-signals", "15", "exit", "5"});
    scene.await_health(*program, ready);
    CHECK(scene.status().is_object());
    const Outcome outcome = scene.ask({"status"});
    CHECK(!has(outcome.output, "\x1b"));
    CHECK(!has(outcome.output, "\r"));
    end_well(scene, *program);
}

TEST_CASE("a process of another user is not heard on the notify socket") {
    if (mode() != Mode::root) return;  // others may not become anybody
    const SupervisionScene scene;
    const auto program =
        scene.start({"--ready", "notify"},
                    "/usr/bin/setpriv --reuid=12345 --clear-groups \"$actor\" notify READY=1; "
                    "exec \"$actor\" notify STATUS=told log-signals 15 exit 5");
    program->eventually("told", [&] {
        const json status = scene.status();
        return status.is_object() && status["message"] == "told";
    });
    CHECK(scene.health() == starting);
    end_well(scene, *program);
}

TEST_CASE("a check that hangs, forks and ignores TERM is named, and nothing of it piles up") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--check-interval", "100ms", "--check-timeout", "200ms", "--check-failures", "2",
         "--ready",
         scene.check("[ -e $scene/good ] && { touch $scene/hung; exec $actor ignore 15 ignore 1 "
                     "fork { ignore 15 group { ignore 15 pause } pause } pause; }; "
                     "echo x >>$scene/asked; exit 0")},
        "trap 'exit 5' TERM; trap 'echo signal 10' USR1; echo up; while :; do sleep 0.02; done");
    program->wait_for("up\n");
    scene.await_health(*program, ready);
    scene.touch("good");
    scene.await_health(*program, "startup 0, live 0, ready 1");
    for (int times = 0; times < 20; ++times) {
        CHECK(actors_below(program->pid()) <= 6);
        CHECK(scene.ask({"health", "--live"}).ending == "exit 0");
    }
    program->wait_for_error("not ready");
    scene.remove("good");
    scene.await_health(*program, ready);
    program->eventually("nothing is left", [&] { return actors_below(program->pid()) == 0; });
    end_well(scene, *program);
}

TEST_CASE("a check that floods its output fills neither the log nor the memory") {
    const SupervisionScene scene;
    const auto program =
        scene.play({"--check-interval", "100ms", "--check-timeout", "500ms", "--ready",
                    scene.check("echo x >>$scene/asked; exec $actor flood")},
                   obeying);
    program->wait_for("ready\n");
    program->eventually("three checks", [&] {
        return scene.folder().exists("asked") && count(scene.folder().read("asked"), "x") >= 3;
    });
    CHECK(program->errors().size() < 20'000);
    CHECK(program->output().size() < 20'000);
    CHECK(scene.ask({"status", "--json"}).output.size() < 20'000);
    end_well(scene, *program);
}

TEST_CASE("a URL that answers a byte a second is a failure after --check-timeout, and no stall") {
    const SupervisionScene scene;
    Port port;
    port.listen();
    const auto program = scene.play(
        {"--ready", port.http("/slow"), "--check-interval", "100ms", "--check-timeout", "300ms"},
        obeying);
    program->wait_for("ready\n");
    auto next = std::chrono::steady_clock::now();
    program->eventually("three checks", [&] {
        if (std::chrono::steady_clock::now() >= next) {
            port.drip(http_answer("200 OK"));
            next += std::chrono::seconds(1);
        }
        return port.served() >= 3;
    });
    CHECK(scene.health() == starting);
    const json status = scene.status();
    CHECK_MESSAGE(has(status.value("last_reason", ""), "/slow"), status.dump());
    end_well(scene, *program);
}

TEST_CASE("a URL whose answer never ends is no stall, either") {
    const SupervisionScene scene;
    Port port;
    port.listen();
    const auto program = scene.play(
        {"--ready", port.http("/long"), "--check-interval", "100ms", "--check-timeout", "300ms"},
        obeying);
    program->wait_for("ready\n");
    const std::string endless = "HTTP/1.1 503 No\r\n" + std::string(1 << 16, 'x');
    program->eventually("some checks", [&] {
        port.serve(endless);
        return port.served() >= 3;
    });
    CHECK(scene.health() == starting);
    end_well(scene, *program);
}

}  // TEST_SUITE("contract")
