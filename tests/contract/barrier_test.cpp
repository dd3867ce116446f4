// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5, barrier: once such an operation has been applied, an image without it must not start
// on this ledger.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/file_facts.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

void remove_operation(const LedgerScene& scene, std::string_view name) {
    std::filesystem::remove(scene.folder() / fmt::format("operations/{}", name));
}

// A barrier that was applied, beside something that always runs.
void apply_barrier(const LedgerScene& scene, std::string_view options) {
    scene.annotated("10-always", "run=always");
    scene.annotated("20-barrier", options);
    scene.provisions({"10-always", "20-barrier"});
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an image that has the barrier starts, one that lacks it is refused and told why") {
    for (const std::string& options :
         Strings{"run=once barrier=yes", "run=on-change barrier=yes"}) {
        CAPTURE(options);
        const LedgerScene scene;
        apply_barrier(scene, options);
        scene.provisions({"10-always"});
        remove_operation(scene, "20-barrier");
        scene.refuses("exit 78", {"20-barrier", "barrier", "kaigara ledger forget 20-barrier"});
        const Outcome start = run({.words = scene.start({"--ledger", scene.ledger()})});
        check_refused(start, "exit 78", {"20-barrier"});
        CHECK(scene.runs() == Strings{});
        scene.annotated("20-barrier", options);
        scene.provisions({"10-always"});
    }
}

TEST_CASE("it is refused before files, operations and the ledger are touched") {
    const LedgerScene scene;
    apply_barrier(scene, "run=once barrier=yes");
    remove_operation(scene, "20-barrier");
    scene.root("etc/f.tmpl", "x\n");
    scene.annotated("30-new", "run=once");
    const Strings before = listing_of(scene.folder().path());
    scene.refuses("exit 78", {"20-barrier"});
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("an image without any operation is refused as well") {
    const LedgerScene scene;
    apply_barrier(scene, "run=once barrier=yes");
    remove_operation(scene, "10-always");
    remove_operation(scene, "20-barrier");
    scene.refuses("exit 78", {"20-barrier"});
    const Outcome elsewhere = run({.words = command({"provision", "--ledger", scene.ledger()})});
    check_refused(elsewhere, "exit 78", {"20-barrier"});
}

TEST_CASE("a file of that name that is no operation does not count") {
    const LedgerScene scene;
    apply_barrier(scene, "run=once barrier=yes");
    std::filesystem::rename(scene.folder() / "operations/20-barrier",
                            scene.folder() / "operations/20-barrier.bak");
    scene.refuses("exit 78", {"20-barrier"});
    scene.folder().make_dir("operations/20-barrier");
    scene.refuses("exit 78", {"20-barrier"});
}

TEST_CASE("all missing barriers are named in one go") {
    const LedgerScene scene;
    for (const char* const name : {"10-a", "20-b", "30-c"}) {
        scene.annotated(name, "run=once barrier=yes");
    }
    scene.provisions({"10-a", "20-b", "30-c"});
    remove_operation(scene, "10-a");
    remove_operation(scene, "30-c");
    const Outcome outcome = scene.refuses("exit 78", {"10-a", "30-c"});
    CHECK(!has(outcome.errors, "20-b"));
}

TEST_CASE("a barrier that never succeeded holds nobody back") {
    const LedgerScene scene;
    scene.annotated("20-barrier", "run=once barrier=yes", "exit 3");
    CHECK(scene.provision().ending == "exit 80");
    scene.annotated("20-barrier", "run=once barrier=yes", "exit 77");
    scene.provisions({"20-barrier"});
    remove_operation(scene, "20-barrier");
    scene.provisions({});
}

TEST_CASE("what is no barrier holds nobody back, and kaigara.yml can make it one") {
    const LedgerScene scene;
    apply_barrier(scene, "run=once");
    remove_operation(scene, "20-barrier");
    check_message(scene.provisions({"10-always"}), "warn", {"20-barrier"});

    const LedgerScene other;
    other.config("operations: {20-barrier: {barrier: yes}}\n");
    apply_barrier(other, "run=once");
    other.config("{}\n");
    remove_operation(other, "20-barrier");
    other.refuses("exit 78", {"20-barrier"});
}

TEST_CASE("a barrier that was forgotten holds nobody back any more") {
    const LedgerScene scene;
    apply_barrier(scene, "run=once barrier=yes");
    remove_operation(scene, "20-barrier");
    scene.refuses("exit 78", {"20-barrier"});
    const Outcome forget = scene.ledger_command({"forget", "20-barrier"});
    CHECK_MESSAGE(forget.ending == "exit 0", forget.errors);
    scene.provisions({"10-always"});
}

TEST_CASE("plan is blocked by a missing barrier, check and exec do not ask the ledger") {
    const LedgerScene scene;
    apply_barrier(scene, "run=once barrier=yes");
    remove_operation(scene, "20-barrier");
    const Outcome plan = run({.words = scene.ledger_words("plan")});
    CHECK(plan.ending == "exit 3");
    CHECK_MESSAGE(has(plan.output + plan.errors, "20-barrier"), plan.errors);
    quiet_success(
        run({.words = scene.words("check"), .environment = {"KAIGARA_LEDGER=" + scene.ledger()}}));
    CHECK(run({.words = exec_actor({"exit", "4"}),
               .environment = {"KAIGARA_LEDGER=" + scene.ledger()}})
              .ending == "exit 4");
}

}  // TEST_SUITE("contract")
