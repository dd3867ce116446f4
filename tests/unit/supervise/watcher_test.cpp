// SPDX-License-Identifier: Apache-2.0
#include "supervise/watcher.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/signals.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::supervise;

namespace {

using Rows = std::vector<std::size_t>;

std::string logged;

// A watcher whose program is a shell script, on a loop of its own.
class Scene {
public:
    explicit Scene(const std::string& script, Milliseconds delay = Milliseconds(5))
        : timeout_(loop, [] { FAIL("no event within 10 s"); }) {
        logged.clear();
        log::settings().sink = [](std::string_view line) noexcept { logged += line; };
        platform::take_signals();
        WatcherRequest request;
        request.words = {"/bin/sh", "-c", script};
        request.environment = environ;
        request.rows = 3;
        request.digest = 0x02000041;  // of which the low 24 bits are sent: "A" is 0x41
        request.first_delay = delay;
        request.longest_delay = delay;
        watcher = std::make_unique<Watcher>(loop, reaper, request, [this](const Rows& rows) {
            changes.push_back(rows);
            loop.stop();
        });
        timeout_.start(Milliseconds(10'000));
        watcher->start();
    }
    ~Scene() { log::settings().sink = nullptr; }

    void run_until_changed() {
        const std::size_t before = changes.size();
        while (changes.size() == before) loop.run();
    }
    void run_until_gone() {
        while (watcher->pid() != 0) loop.run();
    }

    platform::Loop loop;
    platform::Reaper reaper;
    std::unique_ptr<Watcher> watcher;
    std::vector<Rows> changes;

private:
    platform::SignalReader signals_{loop, [](const platform::Signal&) {},
                                    [this] {
                                        reaper.reap();
                                        loop.stop();
                                    }};
    platform::Timer timeout_;
};

const std::string hello = R"(printf '\001\000\000A' >&3; )";
const std::string stay = "exec sleep 100";

std::string will(int row) { return R"(printf '\002\000\000\00)" + std::to_string(row) + "' >&3; "; }
const std::string done = R"(printf '\003\000\000\000' >&3; )";
const std::string kept = R"(printf '\004\000\000\000' >&3; )";

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("a record is what it was, and nothing else is one") {
    const WatchRecord record{WatchRecord::Kind::will, 0x123456};
    const auto read = WatchRecord::read(record.bytes());
    REQUIRE(read);
    CHECK(read->kind == WatchRecord::Kind::will);
    CHECK(read->number == 0x123456);
    CHECK_FALSE(WatchRecord::read({0, 0, 0, 0}));
    CHECK_FALSE(WatchRecord::read({5, 0, 0, 0}));
    CHECK_FALSE(WatchRecord::read({3, 0, 0, 1}));
}

TEST_CASE("what was announced happens when the files are in place, as one burst") {
    Scene scene(hello + will(2) + will(0) + done + stay);
    scene.run_until_changed();
    CHECK(scene.changes == std::vector<Rows>{{2, 0}});
    CHECK(logged.empty());
}

TEST_CASE("what was announced for files that stayed does not happen") {
    Scene scene(hello + will(2) + kept + will(1) + done + stay);
    scene.run_until_changed();
    CHECK(scene.changes == std::vector<Rows>{{1}});
}

TEST_CASE("a watcher that dies in between may have written: what it announced happens") {
    Scene scene(hello + will(1) + "kill -KILL $$");
    scene.run_until_changed();
    CHECK(scene.changes == std::vector<Rows>{{1}});
}

TEST_CASE("a watcher that ends is started again, with a warning") {
    const test::ScratchDir scratch;
    Scene scene("[ -e " + scratch / "once" + " ] || { : >" + scratch / "once" + "; exit 3; }; " +
                hello + will(0) + done + stay);
    scene.run_until_changed();
    CHECK(scene.changes == std::vector<Rows>{{0}});
    CHECK(logged.find("ended with status 3") != std::string::npos);
}

TEST_CASE("whatever is no message ends the watcher, and nothing of it happens") {
    const test::ScratchDir scratch;
    const std::string first = "[ -e " + scratch / "once" + " ] || { : >" + scratch / "once" + "; ";
    const std::string second = "exec sleep 100; }; " + hello + will(2) + done + stay;
    for (const std::string& bad :
         {hello + will(1) + R"(printf 'xyz\n' >&3; )", hello + will(3), will(0) + done,
          hello + will(1) + R"(printf '\001\000\000A\003\000' >&3; )", hello + hello}) {
        CAPTURE(bad);
        ::unlink((scratch / "once").c_str());
        Scene scene(first + bad + second);
        scene.run_until_changed();
        CHECK(scene.changes == std::vector<Rows>{{2}});
        CHECK(logged.find("the watcher sent") != std::string::npos);
    }
}

TEST_CASE("another table of actions means another kaigara.yml: nothing is followed any more") {
    Scene scene(R"(trap 'exit 0' TERM; printf '\001\000\000B' >&3; while :; do sleep 0.01; done)");
    scene.run_until_gone();
    CHECK(logged.find("kaigara.yml has changed since the start") != std::string::npos);
    CHECK(scene.changes.empty());
}

TEST_CASE("a watcher that is ended is not started again") {
    const test::ScratchDir scratch;
    Scene scene(hello + will(0) + done + "trap ': >" + scratch / "ended" +
                "; exit 0' TERM; while :; do sleep 0.01; done");
    scene.run_until_changed();
    const auto ready = logged;
    scene.watcher->end();
    scene.run_until_gone();
    CHECK(logged == ready);
    CHECK(scene.changes.size() == 1);
}

TEST_CASE("a watcher that goes away takes its process with it") {
    Scene scene(hello + will(0) + done + "trap '' TERM; while :; do sleep 0.01; done");
    scene.run_until_changed();
    const pid_t pid = scene.watcher->pid();
    bool ended = false;
    scene.watcher.reset();
    while (!ended) {
        scene.loop.run();
        ended = ::kill(pid, 0) != 0;
    }
    CHECK(ended);
}
}  // TEST_SUITE("supervise")
