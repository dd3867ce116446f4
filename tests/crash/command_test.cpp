// SPDX-License-Identifier: Apache-2.0

// The commands that write to a ledger, killed at each of their system calls: what was there before
// is never lost, and what they were to do is done wholly or not at all.

#include <algorithm>
#include <cerrno>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "crash/crash_scene.h"
#include "support/file_facts.h"
#include "support/skip.h"

using namespace kaigara::test;

namespace {

constexpr int enough = 3;

// The scene with all done; its ledger.
std::string finished_ledger(const CrashScene& scene) {
    scene.begin_with("");
    CHECK(scene.traced({}).ending == "exit 0");
    return scene.text();
}

// Runs the command on the ledger, killed at each call in turn, then the check.
template <class Check>
void at_each_call(const CrashScene& scene, const std::string& before, const Strings& command,
                  Check check) {
    std::size_t killed = 0;
    int survived = 0;
    for (std::size_t call = 0; survived < enough; ++call) {
        CAPTURE(call);
        scene.begin_with(before);
        const TracedEnd end = scene.traced_command(command, {.kill_at = call});
        CAPTURE(end.output);
        const bool is_killed = end.ending == "signal 9";
        CHECK((is_killed || end.ending == "exit 0"));
        if (is_killed)
            ++killed;
        else
            ++survived;
        check(is_killed);
    }
    CHECK(killed > 20);
    fmt::print("ledger {}: killed at each of {} system calls\n", command[0], killed);
}

// What the next start runs; it ends well and all is done then.
Strings runs_next(const CrashScene& scene) {
    scene.forget_runs();
    const Outcome outcome = scene.provision({"--set", "app.version=2"});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(scene.ledger_command({"verify"}).ending == "exit 0");
    const Strings ran = scene.finished();
    CHECK(scene.provision({"--set", "app.version=2"}).ending == "exit 0");
    CHECK(scene.finished() == ran);
    return ran;
}

// The damaged text is somewhere, under the ledger's own name or another.
bool is_kept(const CrashScene& scene, const std::string& damaged) {
    const Strings names = names_in(scene.directory());
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return name.starts_with("ledger") && scene.folder().read("state/" + name) == damaged;
    });
}

// The ledger of a finished scene, with the success of 20-b made unreadable.
std::string damaged_ledger(const CrashScene& scene) {
    std::string text = finished_ledger(scene);
    const std::size_t place = text.find(" done 20-b ");
    REQUIRE(place != std::string::npos);
    text.replace(place, 5, " gone");
    return text;
}

}  // namespace

TEST_SUITE("crash") {

TEST_CASE("ledger forget, killed at each system call, has forgotten that one or nothing") {
    const CrashScene scene;
    const std::string before = finished_ledger(scene);
    at_each_call(scene, before, {"forget", "10-a"}, [&](bool is_killed) {
        CHECK(scene.text().starts_with(before));
        const bool has_forgotten = scene.standings()["10-a"].last == "forgotten";
        CHECK((is_killed || has_forgotten));
        CHECK(runs_next(scene) == (has_forgotten ? Strings{"10-a"} : Strings{}));
    });
}

TEST_CASE("ledger accept, killed at each system call, has accepted that one or nothing") {
    const CrashScene scene;
    const std::string all = finished_ledger(scene);
    // 10-a was started, and how that ended is unknown.
    const std::size_t end = all.find('\n', all.find(" started 10-a ")) + 1;
    const std::string before = all.substr(0, end);
    at_each_call(scene, before, {"accept", "10-a"}, [&](bool is_killed) {
        CHECK(scene.text().starts_with(before));
        const bool is_accepted = scene.standings()["10-a"].last == "accepted";
        CHECK((is_killed || is_accepted));
        CHECK(runs_next(scene) ==
              (is_accepted ? Strings{"20-b", "30-c"} : Strings{"10-a", "20-b", "30-c"}));
    });
}

TEST_CASE("ledger salvage, killed at each system call, loses neither the ledger nor the copy") {
    const CrashScene scene;
    const std::string damaged = damaged_ledger(scene);
    at_each_call(scene, damaged, {"salvage"}, [&](bool is_killed) {
        REQUIRE(scene.folder().exists("state/ledger"));
        CHECK(is_kept(scene, damaged));
        CHECK(scene.folder().mode("state/ledger") == 0600);
        const bool is_replaced = scene.text() != damaged;
        CHECK((is_killed || is_replaced));
        if (!is_replaced) CHECK(scene.provision().ending == "exit 65");
        CHECK(scene.ledger_command({"salvage"}).ending == "exit 0");
        CHECK(is_kept(scene, damaged));
        CHECK(runs_next(scene) == Strings{"20-b"});
    });
}

TEST_CASE("ledger salvage that cannot write is 74 and leaves the damaged ledger as it was") {
    if (!calls_can_fail()) KG_SKIP("calls can be made to fail on x86-64 only");
    const CrashScene scene;
    const std::string damaged = damaged_ledger(scene);
    scene.begin_with(damaged);
    const std::size_t calls = scene.traced_command({"salvage"}, {}).ledger_calls.size();
    std::size_t refused = 0;
    for (std::size_t call = 0; call < calls; ++call) {
        CAPTURE(call);
        scene.begin_with(damaged);
        const TracedEnd end = scene.traced_command(
            {"salvage"}, {.fail_at = call, .error = EIO, .disk_is_gone = true});
        CAPTURE(end.output);
        CHECK((end.ending == "exit 74" || end.ending == "exit 0"));
        if (end.ending == "exit 74") ++refused;
        CHECK(is_kept(scene, damaged));
        CHECK(scene.ledger_command({"salvage"}).ending == "exit 0");
        CHECK(runs_next(scene) == Strings{"20-b"});
    }
    CHECK(refused > 5);
    fmt::print("ledger salvage: each of {} system calls failed, {} of them with 74\n", calls,
               refused);
}

}  // TEST_SUITE("crash")
