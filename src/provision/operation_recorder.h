// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes down what becomes of the operations that are recorded: `started` on disk before one runs,
// its end on disk before anything follows. It holds the ledger's lock until none of them is left to
// run; an operation that is not recorded passes through without a trace.

#include <optional>

#include "base/result.h"
#include "provision/ledger_file.h"
#include "provision/operation_plan.h"

namespace kaigara::provision {

class OperationRecorder {
public:
    // Without a ledger nothing may be recorded: no operation of the plan is pending.
    OperationRecorder() = default;
    explicit OperationRecorder(HeldLedger ledger) : ledger_(std::move(ledger)) {}

    // The next attempt is about to start. Once for each: a second call before its end does nothing.
    // Fault::input_output: it must not run.
    Result<void> start(const PlannedOperation& planned, unsigned attempt);
    // It has ended, or has not come to be. Nothing where start() was not called before.
    Result<void> end(const PlannedOperation& planned, LedgerEvent event,
                     const std::string& details);
    bool is_open() const noexcept { return is_open_; }
    bool has_ledger() const noexcept { return ledger_.has_value(); }

    // No operation that is to be recorded comes any more: others may have the ledger.
    void release() noexcept { ledger_.reset(); }

private:
    std::optional<HeldLedger> ledger_;
    bool is_open_ = false;  // a start is written, and its end is not
};

}  // namespace kaigara::provision
