// SPDX-License-Identifier: Apache-2.0

// Operations that are recorded, tried again, timed out: the provisioner with a ledger.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "scene.h"

using namespace kaigara;
using namespace kaigara::test;
using Kind = provision::ProvisionEnd::Kind;
using Events = std::vector<std::string>;

namespace {

// The operation itself is reaped, though others of its session are not.
bool leader_is_gone(const Scene& scene) {
    const std::string text = scene.files.exists("leader") ? scene.files.read("leader") : "";
    return text.ends_with('\n') && !is_alive(std::stoi(text));
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("an operation that runs once is recorded before and after, and does not run again") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once\necho once; grep -c started ledger");
    scene.script("20-b", "echo always");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] once\n[10-a] 1\n[20-b] always\n");
    CHECK(scene.events() == Events{"10-a started", "10-a done"});
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[20-b] always\n");
    CHECK(scene.events().size() == 2);
    struct stat status;
    REQUIRE(::stat(scene.ledger().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("operations that run at each start leave no ledger") {
    Scene scene;
    scene.script("10-a", ":");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK_FALSE(scene.files.exists("ledger"));
}

TEST_CASE("the ledger is let go as soon as nothing that is recorded is left to run") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once\nflock -n ledger.lock echo free || echo held");
    scene.script("20-b", "flock -n ledger.lock echo free || echo held");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] held\n[20-b] free\n");
}

TEST_CASE("each end is recorded as what it was") {
    const std::pair<const char*, Events> ends[] = {
        {"exit 3", {"10-a started", "10-a failed status=3"}},
        {"exit 77", {"10-a started", "10-a skipped"}},
        {"kill -KILL $$", {"10-a started", "10-a failed signal=9"}},
    };
    for (const auto& [body, events] : ends) {
        Scene scene;
        scene.script("10-a", std::string("# kaigara: run=once\n") + body);
        scene.run(scene.plan());
        CHECK(scene.events() == events);
    }
}

TEST_CASE("an operation that cannot be started is recorded as not started") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once");
    auto plan = scene.plan();
    ::unlink((scene.files / "operations/10-a").c_str());
    CHECK(scene.run(std::move(plan)).kind == Kind::failed);
    CHECK(scene.events() == Events{"10-a started", "10-a failed reason=not-started"});
}

TEST_CASE("a failed operation is tried again as often as it asks for, and each attempt is told") {
    Scene scene;
    scene.script("10-a",
                 "# kaigara: run=once retries=2 retry-delay=1ms\n"
                 "echo \"attempt $KAIGARA_ATTEMPT\"; [ \"$KAIGARA_ATTEMPT\" = 3 ] || exit 75");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] attempt 1\n[10-a] attempt 2\n[10-a] attempt 3\n");
    CHECK(scene.events() == Events{"10-a started", "10-a failed status=75", "10-a started",
                                   "10-a failed status=75", "10-a started", "10-a done"});
    CHECK(scene.log.has("attempt 3 of 3 follows in 2ms"));
}

TEST_CASE("when the attempts are used up the last one decides") {
    Scene scene;
    scene.script("10-a", "# kaigara: retries=1 retry-delay=1ms\nexit 75");
    const auto& end = scene.run(scene.plan());
    CHECK(end.kind == Kind::failed);
    CHECK(end.error.fault == Fault::operation_failed);
    CHECK(end.error.text().starts_with(
        "operation 10-a asks to be tried again later (status 75) after "));
}

TEST_CASE("an operation that may fail is followed by the next one") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once on-failure=continue\nexit 3");
    scene.script("20-b", "echo next");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[20-b] next\n");
    CHECK(scene.log.has("going on (on-failure=continue)"));
    CHECK(scene.events() == Events{"10-a started", "10-a failed status=3"});
}

TEST_CASE("an operation that runs too long is ended with all of its session") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once timeout=100ms\nsleep 1000 & echo $! > pid; wait");
    const auto& end = scene.run(scene.plan());
    CHECK(end.kind == Kind::failed);
    CHECK(end.error.fault == Fault::operation_timeout);
    CHECK(end.error.text() == "operation 10-a was ended by its timeout of 100ms");
    CHECK_FALSE(is_alive(scene.pid_in("pid")));
    CHECK(scene.events() == Events{"10-a started", "10-a timed-out"});
}

TEST_CASE("what ignores TERM at its timeout gets KILL after kill-after") {
    Scene scene;
    scene.script(
        "10-a", "# kaigara: timeout=50ms kill-after=50ms\ntrap '' TERM; while :; do sleep 1; done");
    const auto& end = scene.run(scene.plan());
    CHECK(end.error.fault == Fault::operation_timeout);
}

TEST_CASE("a stop is recorded as such, and also ends the delay before an attempt") {
    Scene running;
    running.script("10-a", "# kaigara: run=once\ntouch ready; sleep 1000");
    running.start(running.plan());
    running.serve_until([&] { return running.files.exists("ready"); });
    running.signal(SIGTERM);
    CHECK(running.finish().kind == Kind::stopped);
    CHECK(running.events() == Events{"10-a started", "10-a cancelled signal=15"});

    Scene delayed;
    delayed.script("10-a", "# kaigara: run=once retries=1 retry-delay=1h\nexit 1");
    delayed.start(delayed.plan());
    delayed.serve_until([&] { return delayed.log.has("attempt 2 of 2 follows in 1h"); });
    delayed.signal(SIGINT);
    const auto& end = delayed.finish();
    CHECK(end.kind == Kind::stopped);
    CHECK(end.signal == SIGINT);
    CHECK(delayed.events() == Events{"10-a started", "10-a failed status=1"});
}

TEST_CASE("an operation waits for what it needs, and is not started without it") {
    Scene scene;
    scene.script("10-a", "# kaigara: wait=file:" + scene.files / "there" + "\necho came");
    scene.start(scene.plan());
    scene.serve_until([&] { return scene.log.has("operation 10-a waits for file:"); });
    scene.files.write("there", "");
    CHECK(scene.finish().kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] came\n");

    Scene late;
    late.script("10-a",
                "# kaigara: run=once wait=file:/nonexistent/x wait-timeout=50ms\necho came");
    const auto& end = late.run(late.plan());
    CHECK(end.kind == Kind::failed);
    CHECK(end.error.fault == Fault::operation_timeout);
    CHECK(end.error.text().starts_with("operation 10-a was not started: "));
    CHECK_FALSE(late.files.exists("ledger"));
}

TEST_CASE("an unknown user is a fault of the configuration, and nothing is recorded") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once user=nobody-knows-me\n");
    const auto& end = scene.run(scene.plan());
    CHECK(end.kind == Kind::failed);
    CHECK(end.error.fault == Fault::configuration);
    CHECK_FALSE(scene.files.exists("ledger"));
}

TEST_CASE("a success stays one when a stop comes while its leftovers are cleared") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once kill-after=1m\necho $$ > leader\n"
                         "(trap '' TERM; : > left; while :; do sleep 0.1; done) &\n"
                         "while ! [ -e left ]; do sleep 0.01; done");
    scene.start(scene.plan());
    // Its end is known when TERM has been sent to the rest: the background loop goes on.
    scene.serve_until([&] { return leader_is_gone(scene); });
    scene.signal(SIGTERM);
    scene.signal(SIGINT);  // the second one kills
    CHECK(scene.finish().kind == Kind::stopped);
    CHECK(scene.events() == Events{"10-a started", "10-a done"});
}

TEST_CASE("a ledger that is taken away or written to under the operations ends the start") {
    for (const char* harm : {"rm ledger", "mv ledger other", "echo more >> ledger", ": > ledger"}) {
        CAPTURE(harm);
        Scene scene;
        scene.script("10-a", std::string("# kaigara: run=once\n") + harm);
        scene.script("20-b", "echo never");
        const auto& end = scene.run(scene.plan());
        CHECK(end.kind == Kind::failed);
        CHECK(end.error.fault == Fault::input_output);
        CHECK(scene.files.read("out").empty());
    }
}

TEST_CASE("a lock file that was removed is made again, and keeps two starters apart") {
    Scene scene;
    scene.script("10-a", "# kaigara: run=once");
    const auto plan = scene.plan();
    auto waiting = provision::LedgerLock::open(scene.ledger());
    REQUIRE(waiting);
    CHECK_FALSE(*waiting->try_lock());
    ::unlink((scene.ledger() + ".lock").c_str());
    CHECK_FALSE(*waiting->try_lock());
    CHECK(*waiting->try_lock());
    auto third = provision::LedgerLock::open(scene.ledger());
    REQUIRE(third);
    CHECK_FALSE(*third->try_lock());
}

TEST_CASE("an input that an operation before it writes makes an operation run in the same start") {
    Scene scene;
    scene.files.write("value", "1");
    scene.script("10-a", "cp value input");
    scene.script("20-b",
                 "# kaigara: run=on-change inputs=" + (scene.files / "input") + "\necho changed");
    const auto started = [&scene] {
        scene.run(scene.plan());
        return scene.files.read("out");
    };
    CHECK(started() == "[20-b] changed\n");
    CHECK(started().empty());
    scene.files.write("value", "2");
    CHECK(started() == "[20-b] changed\n");
    CHECK(started().empty());
}

}  // TEST_SUITE("provision")
