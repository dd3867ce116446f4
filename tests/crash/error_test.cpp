// SPDX-License-Identifier: Apache-2.0

// Each system call of a start that has to do with the ledger, and fails: status 74 and one message,
// nothing runs that is not recorded, and the next start goes on. Where the failure does no harm the
// start is none the worse for it.

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "crash/crash_scene.h"
#include "support/skip.h"

using namespace kaigara::test;

namespace {

// What each call may fail with.
std::vector<int> errors_of(std::string_view name) {
    if (name == "open") return {EACCES, EMFILE, EIO, EROFS};
    if (name == "write") return {ENOSPC, EIO, EDQUOT};
    if (name == "flock") return {ENOLCK, EIO};
    if (name == "rename") return {EIO, EROFS, EACCES};
    if (name == "mkdir") return {ENOSPC, EACCES, EROFS};
    if (name == "close") return {};  // the descriptor is gone whatever it returns
    return {EIO};
}

// One line that says error, names the file or its directory, and why.
void check_message(const CrashScene& scene, const std::string& output, int error) {
    CHECK(count(output, "kaigara: error: ") == 1);
    CHECK(has(output, scene.directory()));
    // A look at a file that fails may be told as the doubt about the file that it leaves.
    const bool says_why = has(output, std::generic_category().message(error)) ||
                          has(output, "regular file") || has(output, "removed, replaced");
    CHECK(says_why);
}

// The run ends with 74, or as if nothing had been; then the law. Whether it was 74.
bool check_failing(const CrashScene& scene, const std::string& before, const Trouble& trouble) {
    CAPTURE(trouble.fail_at);
    CAPTURE(trouble.error);
    scene.begin_with(before);
    const TracedEnd end = scene.traced(trouble);
    CAPTURE(end.output);
    const bool is_refused = end.ending == "exit 74";
    CHECK((is_refused || end.ending == "exit 0"));
    if (is_refused)
        check_message(scene, end.output, trouble.error);
    else
        CHECK(count(end.output, "kaigara: error: ") == 0);
    scene.check_nothing_unrecorded(before);
    // Whatever was begun was waited for: but for the first attempt of 20-b, which fails, it ended.
    const std::vector<Ran> began = scene.began();
    const bool has_failed =
        std::any_of(began.begin(), began.end(), [](const Ran& ran) { return ran.name == "20-b"; });
    CHECK(scene.finished().size() + (has_failed ? 1 : 0) == began.size());
    scene.check_recovery();
    return is_refused;
}

struct Tally {
    std::size_t tried = 0;
    std::size_t refused = 0;
    void count(bool is_refused) {
        ++tried;
        if (is_refused) ++refused;
    }
};

std::vector<TracedCall> calls_on(const CrashScene& scene, const std::string& before) {
    scene.begin_with(before);
    const TracedEnd whole = scene.traced({});
    REQUIRE(whole.ending == "exit 0");
    return whole.ledger_calls;
}

void check_each_error(const CrashScene& scene, const std::string& before, std::string_view what) {
    const std::vector<TracedCall> calls = calls_on(scene, before);
    Tally tally;
    Tally syncs;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        CAPTURE(calls[at].subject);
        CAPTURE(calls[at].name);
        for (const int error : errors_of(calls[at].name)) {
            const bool is_refused = check_failing(scene, before, {.fail_at = at, .error = error});
            tally.count(is_refused);
            if (calls[at].name == "fdatasync") syncs.count(is_refused);
        }
    }
    // No record may be taken for written that is not on disk.
    CHECK(syncs.tried >= 6);
    CHECK(syncs.refused == syncs.tried);
    fmt::print("{}: {} errors of single system calls, {} with status 74\n", what, tally.tried,
               tally.refused);
}

void check_gone_disk(const CrashScene& scene, const std::string& before, std::string_view what) {
    const std::vector<TracedCall> calls = calls_on(scene, before);
    Tally tally;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        CAPTURE(calls[at].subject);
        if (errors_of(calls[at].name).empty()) continue;
        tally.count(
            check_failing(scene, before, {.fail_at = at, .error = EIO, .disk_is_gone = true}));
    }
    CHECK(tally.refused > calls.size() / 2);
    fmt::print("{}: a disk that goes at each of {} system calls, {} with status 74\n", what,
               tally.tried, tally.refused);
}

}  // namespace

TEST_SUITE("crash") {

TEST_CASE("each call of the ledger that fails in a first start is 74 or does no harm") {
    if (!calls_can_fail()) KG_SKIP("calls can be made to fail on x86-64 only");
    const CrashScene scene;
    check_each_error(scene, "", "a first start");
}

TEST_CASE("each call of the ledger that fails in a later start is 74 or does no harm") {
    if (!calls_can_fail()) KG_SKIP("calls can be made to fail on x86-64 only");
    CrashScene scene;
    const std::string before = scene.older_ledger();
    check_each_error(scene, before, "a later start");
    // A torn line is cut off first.
    check_each_error(scene, before + "6 2026-01-02T03:04:05Z star", "on a torn ledger");
}

TEST_CASE("a disk that fails from some call on, so that nothing can be cut back, is 74") {
    if (!calls_can_fail()) KG_SKIP("calls can be made to fail on x86-64 only");
    CrashScene scene;
    check_gone_disk(scene, "", "a first start");
    const std::string before = scene.older_ledger();
    check_gone_disk(scene, before, "a later start");
}

TEST_CASE("a write that takes only half is gone on with; killed in between, it is a torn line") {
    if (!calls_can_fail()) KG_SKIP("calls can be made to fail on x86-64 only");
    const CrashScene scene;
    const std::vector<TracedCall> calls = calls_on(scene, "");
    std::size_t shortened = 0;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        if (calls[at].name != "write") continue;
        CAPTURE(at);
        ++shortened;
        scene.begin_with("");
        CHECK(scene.traced({.shorten_at = at}).ending == "exit 0");
        checked_lines(scene.text());
        scene.begin_with("");
        CHECK(scene.traced({.kill_at_ledger_call = at + 1, .shorten_at = at}).ending == "signal 9");
        scene.check_nothing_unrecorded("");
        scene.check_recovery();
        // No room for the other half.
        scene.begin_with("");
        const TracedEnd end = scene.traced({.fail_at = at + 1, .error = ENOSPC, .shorten_at = at});
        CHECK_MESSAGE(end.ending == "exit 74", end.output);
        check_message(scene, end.output, ENOSPC);
        CHECK((!scene.folder().exists("state/ledger") || scene.text().ends_with('\n')));
        scene.check_nothing_unrecorded("");
        scene.check_recovery();
    }
    CHECK(shortened >= 6);
    fmt::print("{} writes that take only half\n", shortened);
}

}  // TEST_SUITE("crash")
