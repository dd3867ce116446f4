// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: timeout and kill-after, wait and wait-timeout, and a stop in each of the delays.

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "ledger_scene.h"
#include "support/descriptor.h"
#include "support/expect.h"
#include "support/proc.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// provision ends so, within the time.
Outcome ends_within(const LedgerScene& scene, std::string_view ending,
                    std::chrono::milliseconds most) {
    const auto begin = Clock::now();
    Outcome outcome = scene.provision();
    CHECK(Clock::now() - begin < most);
    CHECK_MESSAGE(outcome.ending == ending, outcome.errors);
    return outcome;
}

// What kaigara is in the middle of when the text has come is ended by TERM and INT at once.
void check_stops_at_once(const LedgerScene& scene, std::string_view text) {
    for (const int signal : {SIGTERM, SIGINT}) {
        CAPTURE(signal);
        Program program({.words = scene.ledger_words("start", {"--", actor_path(), "say", "app"})});
        wait_for_either(program, text);
        const auto begin = Clock::now();
        program.send(signal);
        CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
        CHECK(Clock::now() - begin < 5s);
        CHECK(!has(program.output(), "app\n"));
    }
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an operation past its timeout is ended, the start is 81, and a line tells the name") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once timeout=200ms", "exec \"$actor\" say up pause");
    scene.annotated("20-never", "run=always");
    const Outcome outcome = ends_within(scene, "exit 81", 20s);
    check_message(outcome, "error", {"10-op"});
    CHECK(scene.runs() == Strings{"10-op"});
    CHECK(scene.events() == Strings{"started 10-op", "timed-out 10-op"});
    scene.annotated("10-op", "run=once interrupted=fail",
                    "echo \"${KAIGARA_INTERRUPTED-no}\" >>\"$scene/runs\"");
    scene.provisions({"10-op", "no", "20-never"});
}

TEST_CASE("a timeout is no matter for an operation that ends in time") {
    const LedgerScene scene;
    scene.annotated("10-op", "timeout=30s", "exec \"$actor\" linger 50");
    scene.provisions({"10-op"});
}

TEST_CASE("TERM comes first, and what ends well after it has timed out all the same") {
    const LedgerScene scene;
    scene.annotated("10-op", "timeout=300ms kill-after=20s",
                    "exec \"$actor\" log-signals 15 say cleaned exit 0");
    const Outcome outcome = ends_within(scene, "exit 81", 15s);
    CHECK(has(outcome.output + outcome.errors, "[10-op] signal 15\n"));
    CHECK(has(outcome.output + outcome.errors, "[10-op] cleaned\n"));
}

TEST_CASE("what ignores TERM is killed when kill-after has passed") {
    const LedgerScene scene;
    scene.annotated("10-op", "timeout=300ms kill-after=200ms", "exec \"$actor\" log-signals 64");
    ends_within(scene, "exit 81", 4s);
    scene.annotated("10-op", "timeout=300ms", "exec \"$actor\" log-signals 64");
    const auto begin = Clock::now();
    CHECK(scene.provision().ending == "exit 81");
    CHECK(Clock::now() - begin >= 5s);
}

TEST_CASE("kill-after is the time after a stop as well") {
    const LedgerScene scene;
    scene.annotated("10-op", "kill-after=100ms", "exec \"$actor\" log-signals 64");
    Program program({.words = scene.ledger_words("provision")});
    wait_for_either(program, "[10-op] ready\n");
    const auto begin = Clock::now();
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    CHECK(Clock::now() - begin < 4s);
}

TEST_CASE("a timeout ends all of the session, daemons that left it aside") {
    const LedgerScene scene;
    scene.annotated("10-op", "timeout=2s kill-after=100ms on-failure=continue",
                    "exec \"$actor\" fork { ignore 15 pause } group { ignore 15 pause } "
                    "daemon { say daemon pause } ignore 15 pause");
    Program program(
        {.words = scene.ledger_words("start", {"--", actor_path(), "log-signals", "15"})});
    program.wait_for("ready\n");
    // The application and the daemon.
    program.eventually("the others to be gone",
                       [&] { return children_of(program.pid()).size() == 2; });
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
    CHECK(has(program.output() + program.errors(), "[10-op] daemon\n"));
}

TEST_CASE("each attempt has the whole timeout, and the last one decides between 80 and 81") {
    const LedgerScene scene;
    const std::string options = "run=once timeout=1s kill-after=100ms retries=2 retry-delay=10ms";
    scene.annotated("10-op", options, "test \"$KAIGARA_ATTEMPT\" = 3 || exec \"$actor\" pause");
    scene.provisions({"10-op", "10-op", "10-op"});
    CHECK(scene.events().back() == "done 10-op");
    scene.annotated("20-op", options,
                    "test \"$KAIGARA_ATTEMPT\" = 3 || exec \"$actor\" pause\n"
                    "exit 4");
    CHECK(scene.provision().ending == "exit 80");
    CHECK(scene.runs().size() == 3);
    scene.annotated("20-op", options,
                    "test \"$KAIGARA_ATTEMPT\" != 3 || exec \"$actor\" pause\n"
                    "exit 4");
    CHECK(scene.provision().ending == "exit 81");
    CHECK(scene.runs().size() == 3);
    CHECK(scene.events().back() == "timed-out 20-op");
}

TEST_CASE("on-failure=continue holds for a timeout and for a wait") {
    const LedgerScene scene;
    scene.annotated("10-op", "timeout=100ms on-failure=continue", "exec \"$actor\" pause");
    scene.annotated("20-op", fmt::format("wait=file:{} wait-timeout=100ms on-failure=continue",
                                         scene.folder() / "gone"));
    scene.annotated("30-op", "run=always");
    const Outcome outcome = scene.provisions({"10-op", "30-op"});
    CHECK_MESSAGE(has(outcome.errors, "20-op"), outcome.errors);
}

TEST_CASE("wait holds an operation until what it waits for is there") {
    const LedgerScene scene;
    const std::string file = scene.folder() / "appears";
    scene.annotated("10-op", fmt::format("run=once wait=file:{} wait-timeout=25s", file));
    Program program({.words = scene.ledger_words("provision")});
    CHECK(program.stays(300ms));
    CHECK(scene.runs() == Strings{});
    scene.folder().write("appears", "");
    CHECK(program.wait() == "exit 0");
    CHECK(scene.runs() == Strings{"10-op"});
}

TEST_CASE("wait is for all of its targets, and what an operation before makes is there at once") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=always", "touch \"$scene/a\" \"$scene/b\"");
    scene.annotated("20-op", fmt::format("wait=file:{0}/a,file:{0}/b", scene.folder().path()));
    scene.provisions({"10-op", "20-op"});
    scene.annotated("20-op", fmt::format("wait=file:{0}/a,file:{0}/c wait-timeout=200ms",
                                         scene.folder().path()));
    const Outcome outcome = ends_within(scene, "exit 81", 20s);
    CHECK(scene.runs() == Strings{"10-op"});
    check_message(outcome, "error", {"20-op", "file:" + (scene.folder() / "c")});
    CHECK(!has(outcome.errors, "file:" + (scene.folder() / "a")));
}

TEST_CASE("a wait in vain is 81, is not retried, and nothing of it is recorded as begun") {
    const LedgerScene scene;
    scene.annotated("10-op", fmt::format("run=once wait=tcp:127.0.0.1:1,unix:{} wait-timeout=300ms "
                                         "retries=50 retry-delay=1s",
                                         scene.folder() / "socket"));
    const Outcome outcome = ends_within(scene, "exit 81", 15s);
    check_message(outcome, "error", {"10-op", "tcp:127.0.0.1:1"});
    CHECK(scene.runs() == Strings{});
    // Whether the ledger was made by then or not, no run of it is unfinished.
    scene.annotated("10-op", "run=once interrupted=fail",
                    "echo \"${KAIGARA_INTERRUPTED-no}\" >>\"$scene/runs\"");
    scene.provisions({"10-op", "no"});
}

TEST_CASE("an operation that is done, or whose when is false, waits for nothing") {
    const LedgerScene scene;
    const std::string wait = fmt::format("wait=file:{} wait-timeout=20s", scene.folder() / "gone");
    scene.annotated("10-op", "run=once");
    scene.provisions({"10-op"});
    scene.annotated("10-op", "run=once " + wait);
    scene.annotated("20-op", "when=nowhere " + wait);
    ends_within(scene, "exit 0", 10s);
    CHECK(scene.runs() == Strings{});
}

TEST_CASE("a stop while an operation waits for something ends kaigara at once") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=always", "echo begun");
    scene.annotated("20-op", fmt::format("run=once wait=file:{}", scene.folder() / "gone"));
    check_stops_at_once(scene, "[10-op] begun\n");
    CHECK(scene.runs() == Strings{"10-op", "10-op"});
}

TEST_CASE("a stop between two attempts ends kaigara at once, and no attempt follows") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once retries=5 retry-delay=30s interrupted=fail",
                    "echo begun; exit 1");
    check_stops_at_once(scene, "[10-op] begun\n");
    CHECK(scene.runs() == Strings{"10-op", "10-op"});
    // What was stopped there is not of an unknown end.
    scene.annotated("10-op", "run=once interrupted=fail");
    scene.provisions({"10-op"});
}

TEST_CASE("a stop while kaigara waits for the lock ends it at once") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once");
    scene.folder().make_dir("state");
    scene.folder().write("state/ledger.lock", "", 0600);
    const Descriptor held(::open((scene.ledger() + ".lock").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(held.number(), LOCK_EX | LOCK_NB) == 0);
    check_stops_at_once(scene, "waiting");
    CHECK(scene.runs() == Strings{});
}

}  // TEST_SUITE("contract")
