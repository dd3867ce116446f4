// SPDX-License-Identifier: Apache-2.0
#include "supervise/supervisor.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::supervise;

namespace {

// A supervisor with real children. What needs PID 1 or a terminal is in the contract tests.
class Stage : public Observer {
public:
    explicit Stage(std::vector<std::string> words)
        : words_(std::move(words)),
          signals_((platform::take_signals(), loop), [](const platform::Signal&) {},
                   [this] { reap(); }),
          supervisor(loop, reaper, launch, *this,
                     [this](const Outcome& result) { finish(result); }) {
        for (std::string& word : words_) launch.argv.push_back(word.data());
        launch.argv.push_back(nullptr);
        for (char** entry = environ; *entry != nullptr; ++entry)
            launch.environment.push_back(*entry);
        launch.environment.push_back(nullptr);
        launch.leave_directory = false;
        launch.close_inherited = false;
    }

    void spawned(pid_t pid) override { application = pid; }

    Outcome run() {
        platform::Timer deadline(loop, [this] { loop.stop(); });
        deadline.start(Milliseconds(10'000));
        supervisor.start();
        if (!outcome) loop.run();
        REQUIRE(outcome.has_value());
        return *outcome;
    }

    void receive(int number) { supervisor.on_signal({number, ::getpid(), SI_USER, 0}); }

    platform::Loop loop;
    platform::Reaper reaper;
    Launch launch;
    pid_t application = 0;
    std::optional<Outcome> outcome;

private:
    void reap() {
        reaper.reap();
        supervisor.on_reaped();
    }
    void finish(const Outcome& result) {
        outcome = result;
        loop.stop();
    }

    std::vector<std::string> words_;
    platform::SignalReader signals_;

public:
    Supervisor supervisor;
};

// Runs `script` until it has made the file "ready" in `scratch`, then does `then`.
Outcome run_when_ready(Stage& stage, const test::ScratchDir& scratch, std::function<void()> then) {
    std::optional<platform::Timer> look;
    const auto check = [&] {
        if (scratch.exists("ready")) {
            then();
        } else {
            look->start(Milliseconds(1));
        }
    };
    look.emplace(stage.loop, check);
    look->start(Milliseconds(1));
    return stage.run();
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
        const Outcome outcome =
            run_when_ready(stage, scratch, [&stage] { stage.receive(SIGTERM); });
        CHECK(outcome.end.status() == 128 + SIGKILL);
    }

    TEST_CASE("an application whose file is being written is tried again until it can be run") {
        const test::ScratchDir scratch;
        const std::string program = scratch / "busy";
        REQUIRE(::system(("cp /bin/true " + program).c_str()) == 0);
        std::optional<platform::Fd> writer(platform::Fd(::open(program.c_str(), O_WRONLY | O_CLOEXEC)));
        Stage stage({program});
        platform::Timer release(stage.loop, [&writer] { writer.reset(); });
        release.start(Milliseconds(30));
        CHECK(stage.run().end.status() == 0);
    }

    TEST_CASE("a stop while the application cannot be started yet ends kaigara by that signal") {
        const test::ScratchDir scratch;
        const std::string program = scratch / "busy";
        REQUIRE(::system(("cp /bin/true " + program).c_str()) == 0);
        const platform::Fd writer(::open(program.c_str(), O_WRONLY | O_CLOEXEC));
        Stage stage({program});
        platform::Timer stop(stage.loop, [&stage] { stage.receive(SIGTERM); });
        stop.start(Milliseconds(5));
        const Outcome outcome = stage.run();
        CHECK(outcome.kind == Outcome::Kind::never_started);
        CHECK(outcome.signal == SIGTERM);
    }
}
