// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_decision.h"

#include <doctest/doctest.h>

#include "provision/operation_plan.h"

using namespace kaigara;
using namespace kaigara::provision;
using Action = OperationDecision::Action;

namespace {

const OperationDigests as_it_was{"content", "code", "inputs"};

OperationOptions options(RunKind run) {
    OperationOptions options;
    options.run = run;
    return options;
}

// An operation that succeeded, and then came to `last`.
OperationPast succeeded(LedgerEvent last = LedgerEvent::done) {
    OperationPast past;
    past.last = last;
    past.has_succeeded = true;
    past.success = as_it_was;
    return past;
}

OperationPast never_succeeded(LedgerEvent last) {
    OperationPast past;
    past.last = last;
    return past;
}

OperationCandidate candidate(std::string name, RunKind run = RunKind::once) {
    OperationCandidate candidate;
    candidate.operation.name = std::move(name);
    candidate.operation.options.run = run;
    candidate.digests = as_it_was;
    return candidate;
}

Action decide(const OperationOptions& options, const OperationPast& past,
              const OperationDigests& now = as_it_was) {
    return decide_operation(options, now, &past, true).action;
}

constexpr LedgerEvent failures[] = {LedgerEvent::failed, LedgerEvent::timed_out,
                                    LedgerEvent::skipped, LedgerEvent::cancelled,
                                    LedgerEvent::forgotten};

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("an operation whose condition is false does not run, whatever the ledger says") {
    for (const RunKind run : {RunKind::always, RunKind::once, RunKind::on_change}) {
        OperationOptions with_condition = options(run);
        with_condition.when = "app.debug";
        const OperationPast interrupted = never_succeeded(LedgerEvent::started);
        const auto decision = decide_operation(with_condition, as_it_was, &interrupted, false);
        CHECK(decision.action == Action::skip);
        CHECK(decision.why == "when=app.debug is false");
    }
}

TEST_CASE("always runs at each start, and the ledger is not asked") {
    CHECK(decide(options(RunKind::always), succeeded()) == Action::run);
    CHECK(decide(options(RunKind::always), never_succeeded(LedgerEvent::started)) == Action::run);
}

TEST_CASE("once runs until it has succeeded") {
    const OperationOptions once = options(RunKind::once);
    const auto first = decide_operation(once, as_it_was, nullptr, true);
    CHECK(first.action == Action::run);
    CHECK(first.is_first);
    for (const LedgerEvent last : failures)
        CHECK(decide(once, never_succeeded(last)) == Action::run);
    for (const LedgerEvent last :
         {LedgerEvent::done, LedgerEvent::accepted, LedgerEvent::baselined})
        CHECK(decide(once, succeeded(last)) == Action::skip);
}

TEST_CASE("a success of a once operation outlives what comes after it") {
    for (const LedgerEvent last : {LedgerEvent::failed, LedgerEvent::cancelled})
        CHECK(decide(options(RunKind::once), succeeded(last)) == Action::skip);
    OperationOptions rerun = options(RunKind::once);
    rerun.on_edit = OnEdit::rerun;
    CHECK(decide(rerun, succeeded(LedgerEvent::failed)) == Action::run);
}

TEST_CASE("an interrupted operation runs again and knows it, or keeps everything from running") {
    for (const RunKind run : {RunKind::once, RunKind::on_change}) {
        for (const OperationPast& past :
             {never_succeeded(LedgerEvent::started), succeeded(LedgerEvent::started)}) {
            const auto decision = decide_operation(options(run), as_it_was, &past, true);
            CHECK(decision.action == Action::run);
            CHECK(decision.interrupted);
        }
    }
    OperationOptions careful = options(RunKind::once);
    careful.interrupted = OnInterrupt::fail;
    CHECK(decide(careful, never_succeeded(LedgerEvent::started)) == Action::block_interrupted);
    CHECK(decide(careful, never_succeeded(LedgerEvent::failed)) == Action::run);
}

TEST_CASE("an edit of a once operation that is done is told, refused, or run") {
    const OperationDigests edited{"other", "other", "inputs"};
    const OperationDigests cosmetic{"other", "code", "inputs"};
    OperationOptions once = options(RunKind::once);
    const OperationPast past = succeeded();
    const auto warned = decide_operation(once, edited, &past, true);
    CHECK(warned.action == Action::skip);
    CHECK_FALSE(warned.warning.empty());
    CHECK(decide_operation(once, cosmetic, &past, true).warning.empty());
    once.on_edit = OnEdit::fail;
    CHECK(decide(once, past, edited) == Action::block_edited);
    CHECK(decide(once, past, cosmetic) == Action::skip);
    once.on_edit = OnEdit::rerun;
    CHECK(decide(once, past, edited) == Action::run);
    CHECK(decide(once, past, cosmetic) == Action::skip);
}

TEST_CASE("on-change runs unless its last word is a success with all as it is now") {
    const OperationOptions on_change = options(RunKind::on_change);
    CHECK(decide(on_change, succeeded()) == Action::skip);
    CHECK(decide(on_change, succeeded(), {"other", "code", "inputs"}) == Action::run);
    CHECK(decide(on_change, succeeded(), {"content", "code", "other"}) == Action::run);
    for (const LedgerEvent last : failures) {
        CHECK(decide(on_change, succeeded(last)) == Action::run);
        CHECK(decide(on_change, never_succeeded(last)) == Action::run);
    }
}

TEST_CASE("a barrier that the image lacks blocks, another operation that it lacks is a warning") {
    LedgerHistory history;
    history["10-a"] = succeeded();
    history["20-gone"] = succeeded();
    history["30-never"] = never_succeeded(LedgerEvent::failed);
    const OperationPlan warned = plan_operations({candidate("10-a")}, history);
    CHECK(warned.blocked.empty());
    REQUIRE(warned.warnings.size() == 1);
    CHECK(warned.warnings[0].find("20-gone") != std::string::npos);
    CHECK(warned.warnings[0].find("30-never") == std::string::npos);
    history["20-gone"].success_is_barrier = true;
    const OperationPlan blocked = plan_operations({candidate("10-a")}, history);
    REQUIRE(blocked.blocked.size() == 1);
    CHECK(blocked.blocked[0].fault == Fault::configuration);
    CHECK(plan_operations({candidate("10-a"), candidate("20-gone")}, history).blocked.empty());
}

TEST_CASE("what comes late runs with a warning, what was forgotten without one") {
    LedgerHistory history;
    history["20-b"] = succeeded();
    const OperationPlan late = plan_operations({candidate("10-a"), candidate("20-b")}, history);
    REQUIRE(late.warnings.size() == 1);
    CHECK(late.warnings[0].find("10-a runs late: 20-b") != std::string::npos);
    CHECK(late.needs_lock());
    history["10-a"] = never_succeeded(LedgerEvent::forgotten);
    CHECK(plan_operations({candidate("10-a"), candidate("20-b")}, history).warnings.empty());
    CHECK(plan_operations({candidate("20-b"), candidate("30-c")}, {}).warnings.empty());
}

TEST_CASE("no lock is needed where nothing that is recorded runs") {
    LedgerHistory history;
    history["10-a"] = succeeded();
    const OperationPlan plan =
        plan_operations({candidate("10-a"), candidate("20-b", RunKind::always)}, history);
    CHECK_FALSE(plan.needs_lock());
    REQUIRE(plan.operations.size() == 2);
    CHECK_FALSE(plan.operations[0].runs());
    CHECK(plan.operations[1].runs());
}

TEST_CASE("what has no end is being run where another kaigara has the ledger, and is no reason to "
          "refuse") {
    LedgerHistory history;
    history["10-a"] = never_succeeded(LedgerEvent::started);
    OperationCandidate careful = candidate("10-a");
    careful.operation.options.interrupted = OnInterrupt::fail;
    const OperationPlan plan = plan_operations({careful}, history, "", LedgerUse::by_another);
    CHECK(plan.blocked.empty());
    CHECK(plan.needs_lock());
    CHECK_FALSE(plan_operations({careful}, history).blocked.empty());
}

TEST_CASE("one operation alone is not kept from running by another") {
    LedgerHistory history;
    history["10-a"] = never_succeeded(LedgerEvent::started);
    OperationCandidate careful = candidate("10-a");
    careful.operation.options.interrupted = OnInterrupt::fail;
    CHECK_FALSE(plan_operations({careful, candidate("20-b")}, history).blocked.empty());
    const OperationPlan alone = plan_operations({careful, candidate("20-b")}, history, "20-b");
    CHECK(alone.blocked.empty());
    CHECK(alone.operations.size() == 1);
}

}  // TEST_SUITE("provision")
