// SPDX-License-Identifier: Apache-2.0
#include "supervise/supervisor.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::supervise;

namespace {

using Clock = Supervisor::Clock;

// A supervisor with real children. What needs PID 1 or a terminal is in the contract tests.
class Stage {
public:
    explicit Stage(std::vector<std::string> words) : words_(std::move(words)) {
        platform::take_signals();
        for (std::string& word : words_) launch.argv.push_back(word.data());
        launch.argv.push_back(nullptr);
        for (char** entry = environ; *entry != nullptr; ++entry)
            launch.environment.push_back(*entry);
        launch.environment.push_back(nullptr);
        launch.leave_directory = false;
        launch.close_inherited = false;
    }

    // Calls `on_round` after each event, and every few milliseconds.
    Outcome run(const std::function<void()>& on_round = [] {}) {
        const auto last = Clock::now() + std::chrono::seconds(10);
        supervisor.start();
        while (!supervisor.is_done()) {
            REQUIRE(Clock::now() < last);
            const auto next = Clock::now() + Milliseconds(2);
            const auto deadline = supervisor.deadline();
            const auto signal = platform::wait_for_signal(
                platform::SignalSet::all(), deadline ? std::min(*deadline, next) : next);
            if (signal && signal->number == SIGCHLD) {
                reaper.reap();
                supervisor.on_reaped();
            }
            if (deadline && Clock::now() >= *deadline) supervisor.on_deadline();
            if (!supervisor.is_done()) on_round();
        }
        return supervisor.outcome();
    }

    void receive(int number) { supervisor.on_signal({number, ::getpid(), SI_USER, 0}); }

    platform::Reaper reaper;
    Launch launch;

private:
    std::vector<std::string> words_;
    Observer silent_;

public:
    Supervisor supervisor{reaper, launch, silent_};
};

// Runs `stage` and does `then` once, when its application has made the file "ready".
Outcome run_when_ready(Stage& stage, const test::ScratchDir& scratch,
                       const std::function<void()>& then) {
    bool done = false;
    return stage.run([&] {
        if (done || !scratch.exists("ready")) return;
        done = true;
        then();
    });
}

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("the outcome is the application's end") {
    CHECK(Stage({"/bin/sh", "-c", "exit 42"}).run().end.status() == 42);
    const Outcome killed = Stage({"/bin/sh", "-c", "kill -USR1 $$"}).run();
    CHECK(killed.kind == Outcome::Kind::ended);
    CHECK(killed.end.status() == 128 + SIGUSR1);
}

TEST_CASE("an application that does not exist is refused, with the reason") {
    const Outcome outcome = Stage({"/no/such/program"}).run();
    CHECK(outcome.kind == Outcome::Kind::refused);
    CHECK(outcome.failure.step == platform::SpawnStep::execute);
    CHECK(outcome.failure.code == ENOENT);
}

TEST_CASE("a signal is forwarded as it came, rewritten, or dropped") {
    const test::ScratchDir scratch;
    Stage stage({"/bin/sh", "-c",
                 "trap 'exit 11' USR1; trap 'exit 12' USR2; trap 'exit 13' HUP; : >" +
                     scratch / "ready" + "; while :; do sleep 0.01; done"});
    stage.launch.signals.rewrite(SIGUSR1, SIGUSR2);
    stage.launch.signals.rewrite(SIGHUP, SignalMap::drop);
    const Outcome outcome = run_when_ready(stage, scratch, [&stage] {
        stage.receive(SIGHUP);
        stage.receive(SIGUSR1);
    });
    CHECK(outcome.end.status() == 12);
}

TEST_CASE("a stop that is not obeyed ends in KILL after the stop timeout") {
    const test::ScratchDir scratch;
    Stage stage({"/bin/sh", "-c",
                 "trap '' TERM; : >" + scratch / "ready" + "; while :; do sleep 0.01; done"});
    stage.launch.stop_timeout = Milliseconds(20);
    const Outcome outcome = run_when_ready(stage, scratch, [&stage] { stage.receive(SIGTERM); });
    CHECK(outcome.end.status() == 128 + SIGKILL);
}

TEST_CASE("an application whose file is being written is tried again until it can be run") {
    const test::ScratchDir scratch;
    const std::string program = scratch.write("busy", "#!/bin/sh\nexit 8\n", 0755);
    platform::Fd writer(::open(program.c_str(), O_WRONLY | O_CLOEXEC));
    Stage stage({program});
    int rounds = 0;
    const Outcome outcome = stage.run([&] {
        if (++rounds == 3) writer.reset();
    });
    CHECK(rounds >= 3);
    CHECK(outcome.end.status() == 8);
}

TEST_CASE("a stop while the application cannot be started yet ends kaigara by that signal") {
    const test::ScratchDir scratch;
    const std::string program = scratch.write("busy", "#!/bin/sh\n", 0755);
    const platform::Fd writer(::open(program.c_str(), O_WRONLY | O_CLOEXEC));
    Stage stage({program});
    const Outcome outcome = stage.run([&stage] { stage.receive(SIGTERM); });
    CHECK(outcome.kind == Outcome::Kind::never_started);
    CHECK(outcome.signal == SIGTERM);
}
}  // TEST_SUITE("supervise")
