// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes down what becomes of the operations that are recorded: `started` on disk before one runs,
// its end on disk before anything follows. It holds the ledger's lock until none of them is left to
// run; an operation that is not recorded passes through without a trace.

#include <memory>
#include <string>

#include "base/result.h"
#include "provision/ledger.h"
#include "provision/operation_plan.h"

namespace kaigara::provision {

class OperationRecorder {
public:
    using Recorded = HeldLedger::Recorded;

    // Without a ledger nothing may be recorded: no operation of the plan is pending.
    OperationRecorder() = default;
    explicit OperationRecorder(std::unique_ptr<HeldLedger> ledger) : ledger_(std::move(ledger)) {}

    // Whether the next attempt is to be announced: it is recorded, and no start of it is open.
    bool must_announce(const PlannedOperation& planned) const noexcept {
        return planned.is_pending() && !is_open_;
    }
    // The next attempt is about to start. `on_done` may be called from within, as by end(). When it
    // gets an error, the operation must not run.
    void start(const PlannedOperation& planned, unsigned attempt, Recorded on_done);
    // It has ended, or has not come to be. Nothing is written where no start is open.
    void end(const PlannedOperation& planned, LedgerEvent event, const std::string& details,
             Recorded on_done);
    bool is_open() const noexcept { return is_open_; }
    bool has_ledger() const noexcept { return ledger_ != nullptr; }
    void on_lost(HeldLedger::OnLost on_lost);

    // No operation that is to be recorded comes any more, or the lock is lost: others may have the
    // ledger. An end that is open stays unknown.
    void release() noexcept {
        ledger_.reset();
        is_open_ = false;
    }

private:
    std::unique_ptr<HeldLedger> ledger_;
    bool is_open_ = false;  // a start is written, or is being written, and its end is not
};

}  // namespace kaigara::provision
