// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `on-change: restart`. "Before a restart no descendant of the former run is left
// (those of docker exec are not ours and stay)."

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <unistd.h>

#include "support/proc.h"
#include "support/world.h"
#include "watch_scene.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

// A start of `script` by sh, under the scene's settings.
std::unique_ptr<Program> start_script(const WatchScene& watch, const std::string& script,
                                      std::vector<std::string> options = {}) {
    std::vector<std::string> all = {"--watch", "--watch-quiet", "100ms"};
    all.insert(all.end(), options.begin(), options.end());
    std::vector<std::string> words = watch.scene().words("start", std::move(all));
    for (const std::string& word :
         {std::string("--"), std::string("/bin/sh"), std::string("-c"), script})
        words.push_back(word);
    auto program = std::make_unique<Program>(Setup{.words = std::move(words)});
    program->wait_for("run");
    return program;
}

// How many processes below a kaigara are the actor.
std::size_t actors_below(pid_t process) {
    std::size_t found = 0;
    for (const pid_t child : children_of(process)) {
        const std::string exe = link_of(child, "exe");
        if (exe.ends_with("/actor") && state_of(child) != 'Z') ++found;
        found += actors_below(child);
    }
    return found;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("restart ends the application in order and starts it again, as often as files change") {
    const WatchScene watch("restart");
    const auto program = watch.start();
    for (const std::string value : {"1", "2", "3"}) {
        watch.set_value(value);
        program->wait_for("ended\n");
        program->wait_for("run ");
        CHECK(watch.scene().folder().read("rendered") == fmt::format("value {}\n", value));
    }
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
    CHECK(count(program->output(), "run ") == 4);
    CHECK(count(program->output(), "ended") == 4);
}

TEST_CASE("nothing of the former run is left, not even a daemon of a session of its own") {
    const WatchScene watch("restart");
    const std::string actor = actor_path();
    const auto program = start_script(
        watch, fmt::format("'{0}' daemon {{ '{0}' pause }}; '{0}' pause & '{0}' ignore 15 pause & "
                           "trap 'exit 0' TERM; echo run; while :; do sleep 0.02; done",
                           actor));
    for (int round = 0; round < 3; ++round) {
        program->eventually("all have started", [&] { return actors_below(program->pid()) >= 2; });
        const auto before = children_of(program->pid());
        watch.set_value(std::to_string(round + 1));
        program->wait_for("run");
        // The watcher alone is the same.
        const pid_t watcher = WatchScene::watcher_of(program->pid());
        CHECK(watcher != 0);
        for (const pid_t child : before) {
            if (child == watcher) continue;
            CHECK((::kill(child, 0) != 0 || state_of(child) == 'Z'));
        }
    }
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
}

TEST_CASE("an application that does not obey is killed after --stop-timeout, and started again") {
    const WatchScene watch("restart");
    const auto program = start_script(watch, "trap '' TERM; echo run; while :; do sleep 0.02; done",
                                      {"--stop-timeout", "200ms"});
    watch.set_value("1");
    program->wait_for("run");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 137");
}

TEST_CASE("a stop during a restart ends kaigara, with the status of the last run") {
    const WatchScene watch("restart");
    const auto program = start_script(
        watch, "trap 'echo asked; sleep 0.5; exit 7' TERM; echo run; while :; do sleep 0.02; done");
    watch.set_value("1");
    program->wait_for("asked\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 7");
    CHECK(count(program->output(), "run") == 1);
}

TEST_CASE("the restarted application is where the first one was, with the same descriptors") {
    const WatchScene watch("restart");
    std::vector<std::string> words =
        watch.scene().words("start", {"--watch", "--watch-quiet", "100ms"});
    for (const std::string& word :
         {std::string("--"), std::string("/bin/sh"), std::string("-c"),
          std::string("echo \"at $PWD $(pwd -P)\"; [ -e /proc/$$/fd/7 ] && echo has 7; "
                      "trap 'exit 0' TERM; echo run; while :; do sleep 0.02; done")})
        words.push_back(word);
    Setup setup{.words = std::move(words), .directory = "/usr/share"};
    setup.descriptors = {7};
    Program program(std::move(setup));
    program.wait_for("run");
    watch.set_value("1");
    program.wait_for("run");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
    CHECK(count(program.output(), "at /usr/share /usr/share\n") == 2);
    CHECK(count(program.output(), "has 7\n") == 2);
}

TEST_CASE("a restart waits for a part of --watch-splay, and a stop does not wait for it") {
    const WatchScene watch("restart");
    const auto program = watch.start({"--watch-splay", "1h"});
    watch.set_value("1");
    program->wait_for_error("the application is restarted in");
    const auto before = std::chrono::steady_clock::now();
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
    CHECK(std::chrono::steady_clock::now() - before < 1s);
    CHECK(count(program->output(), "run ") == 1);
}

TEST_CASE("commands run before the restart, and reloads of its burst are swallowed") {
    const WatchScene watch("restart");
    watch.scene().resource("u.tmpl", "u {{value}}\n");
    watch.scene().resource("v.tmpl", "v {{value}}\n");
    watch.scene().config(
        fmt::format("metadata:\n  - file: watched.yml\ntemplates:\n"
                    "  - {{source: t, target: '{0}/rendered', on-change: restart}}\n"
                    "  - {{source: u, target: '{0}/u', on-change: reload}}\n"
                    "  - {{source: v, target: '{0}/v', on-change: 'run:cat {0}/v'}}\n",
                    watch.scene().folder().path()));
    const auto program = watch.start();
    watch.set_value("1");
    program->wait_for("v 1\n");
    program->wait_for("ended\n");
    program->wait_for("run ");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 0");
    CHECK_FALSE(has(program->output(), "got HUP"));
}
}  // TEST_SUITE("contract")
