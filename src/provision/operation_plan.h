// SPDX-License-Identifier: Apache-2.0
#pragma once

// What this start has to do, over all operations of the image and all that the ledger knows. Pure.
//
// It is made before anything is written or run, without the lock, and once more when the lock is
// had: another starter may have done the work meanwhile, or have gone further than this image may.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "provision/ledger_history.h"
#include "provision/operation_candidate.h"
#include "provision/operation_decision.h"

namespace kaigara::provision {

// Whether another kaigara has the ledger's lock.
enum class LedgerUse : std::uint8_t { ours_or_free, by_another };

struct PlannedOperation {
    OperationCandidate candidate;
    OperationDecision decision;
    std::optional<OperationPast> past;  // what the ledger says of it

    // Decides anew, when the candidate or what the ledger says has changed.
    void decide(const LedgerHistory& history, LedgerUse use = LedgerUse::ours_or_free);
    void decide();
    bool is_blocked() const noexcept {
        return decision.action == OperationDecision::Action::block_interrupted ||
               decision.action == OperationDecision::Action::block_edited;
    }
    bool runs() const noexcept { return decision.action == OperationDecision::Action::run; }
    // It runs, and the ledger is to know.
    bool is_pending() const noexcept { return runs() && candidate.operation.options.is_recorded(); }
};

// Why one that is blocked keeps the others from running, and what a person can do about it.
Error refusal(const PlannedOperation& planned);

struct OperationPlan {
    std::vector<PlannedOperation> operations;  // in the order of their names
    Errors blocked;                            // why nothing may run; Fault::configuration
    std::vector<std::string> warnings;

    bool needs_lock() const noexcept;  // one of them runs, and is recorded
};

// `only` is the name of the one operation that is asked for, empty for all; what the ledger has and
// the image lacks is looked at in both cases.
OperationPlan plan_operations(std::vector<OperationCandidate> candidates,
                              const LedgerHistory& history, const std::string& only = {},
                              LedgerUse use = LedgerUse::ours_or_free);

}  // namespace kaigara::provision
