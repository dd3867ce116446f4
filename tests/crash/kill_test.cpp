// SPDX-License-Identifier: Apache-2.0

// A start that is killed, with all of its namespace, at each of its system calls from the first
// look at the ledger to its end: whatever it was doing, the next start does what is left to be
// done, no more and no less.

#include <algorithm>
#include <functional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "crash/crash_scene.h"
#include "support/skip.h"

using namespace kaigara::test;

namespace {

// How many calls a run makes differs by a few from run to run: where this many runs in a row end
// before they are killed, there is no later call.
constexpr int enough = 3;

// Runs killed at each call in turn, until one comes to its end.
std::size_t at_each_call(const std::function<TracedEnd(const Trouble&)>& run,
                         const std::function<void(const TracedEnd&)>& check) {
    std::size_t killed = 0;
    int survived = 0;
    for (std::size_t call = 0; survived < enough; ++call) {
        CAPTURE(call);
        const TracedEnd end = run({.kill_at = call});
        CAPTURE(end.output);
        const bool is_killed = end.ending == "signal 9";
        CHECK((is_killed || end.ending == "exit 0"));
        if (is_killed)
            ++killed;
        else
            ++survived;
        check(end);
    }
    return killed;
}

void check_starts(const CrashScene& scene, const std::string& before, std::string_view what) {
    std::size_t losses = 0;
    const std::size_t killed = at_each_call(
        [&](const Trouble& trouble) {
            scene.begin_with(before);
            return scene.traced(trouble);
        },
        [&](const TracedEnd& end) {
            CHECK_FALSE(end.ran_ahead);
            scene.check_nothing_unrecorded(before);
            losses += check_power_loss(scene, end, before);
            scene.check_recovery();
        });
    CHECK(killed > 100);
    fmt::print("{}: killed at each of {} system calls; {} losses of power\n", what, killed, losses);
}

}  // namespace

TEST_SUITE("crash") {

TEST_CASE("killed at each system call of a first start") {
    const CrashScene scene;
    check_starts(scene, "", "a first start");
}

TEST_CASE("killed at each system call of a start on a ledger that has some of it") {
    CrashScene scene;
    const std::string before = scene.older_ledger();
    check_starts(scene, before, "a later start");
}

TEST_CASE("interrupted=fail, killed at each system call: refused exactly when it may have run") {
    const CrashScene scene;
    scene.add("10-a", "run=once interrupted=fail");
    std::size_t refused = 0;
    const std::size_t killed = at_each_call(
        [&](const Trouble& trouble) {
            scene.begin_with("");
            return scene.traced(trouble);
        },
        [&](const TracedEnd&) {
            scene.check_nothing_unrecorded("");
            const bool has_run = !scene.began().empty();
            const Standing standing = scene.standings()["10-a"];
            CHECK((!has_run || standing.holds || standing.is_interrupted()));
            if (standing.is_interrupted()) {
                ++refused;
                const std::string before = scene.text();
                const Outcome next = scene.provision();
                CHECK_MESSAGE(next.ending == "exit 78", next.errors);
                CHECK_MESSAGE(has(next.errors, "kaigara ledger accept 10-a"), next.errors);
                CHECK(scene.text() == before);
                CHECK(scene.ledger_command({"forget", "10-a"}).ending == "exit 0");
            }
            scene.check_recovery();
        });
    CHECK(refused > 5);
    fmt::print("interrupted=fail: killed at each of {} system calls, refused after {} of them\n",
               killed, refused);
}

TEST_CASE("a start that is killed at a call has not made that call") {
    const CrashScene scene;
    scene.begin_with("");
    const TracedEnd whole = scene.traced({});
    REQUIRE(whole.ending == "exit 0");
    REQUIRE_FALSE(whole.ledger_calls.empty());
    const auto made = std::find_if(
        whole.ledger_calls.begin(), whole.ledger_calls.end(), [&](const TracedCall& call) {
            return call.subject == scene.ledger() + ".new" && call.name == "rename";
        });
    REQUIRE(made != whole.ledger_calls.end());
    const auto place = static_cast<std::size_t>(made - whole.ledger_calls.begin());
    scene.begin_with("");
    CHECK(scene.traced({.kill_at_ledger_call = place}).ending == "signal 9");
    CHECK_FALSE(scene.folder().exists("state/ledger"));
    CHECK(scene.folder().exists("state/ledger.new"));
    scene.begin_with("");
    CHECK(scene.traced({.kill_at_ledger_call = place + 1}).ending == "signal 9");
    CHECK(scene.folder().exists("state/ledger"));
}

TEST_CASE("a record that does not wait for the disk would be noticed") {
    if (!calls_can_fail()) KG_SKIP("calls can be made to fail on x86-64 only");
    const CrashScene scene;
    scene.begin_with("");
    const TracedEnd whole = scene.traced({});
    CHECK_FALSE(whole.ran_ahead);
    std::size_t noticed = 0;
    for (std::size_t at = 0; at < whole.ledger_calls.size(); ++at) {
        if (whole.ledger_calls[at].name != "fdatasync") continue;
        // The disk is not asked, and the program does not know.
        scene.begin_with("");
        const TracedEnd end = scene.traced({.fail_at = at, .error = 0});
        CHECK_MESSAGE(end.ending == "exit 0", end.output);
        if (end.ran_ahead) ++noticed;
    }
    // The starts of three operations, one of them twice; and the end of the one before 25-always.
    CHECK(noticed == 5);
}

}  // TEST_SUITE("crash")
