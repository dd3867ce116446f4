// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_recorder.h"

#include <fmt/format.h>

#include "provision/ledger_lock.h"

namespace kaigara::provision {

void OperationRecorder::start(const PlannedOperation& planned, unsigned attempt, Recorded on_done) {
    if (!ledger_) {
        on_done(Error{Fault::internal, 0, "an operation is to be recorded without a ledger", ""});
        return;
    }
    is_open_ = true;
    const OperationCandidate& candidate = planned.candidate;
    const OperationOptions& options = candidate.operation.options;
    ledger_->append(
        {LedgerEvent::started, candidate.operation.name,
         fmt::format("run={} attempt={} host={} content=sha256:{}", run_kind_name(options.run),
                     attempt, encode_name(host_name()), candidate.digests.content)},
        std::move(on_done));
}

void OperationRecorder::end(const PlannedOperation& planned, LedgerEvent event,
                            const std::string& details, Recorded on_done) {
    if (!is_open_) {
        on_done({});
        return;
    }
    is_open_ = false;
    const OperationCandidate& candidate = planned.candidate;
    std::string all = details;
    // Its success says itself what it is a success of, should the line of its start be lost.
    if (event == LedgerEvent::done)
        all += " " + describe_operation(candidate.digests, candidate.operation.options.barrier);
    ledger_->append({event, candidate.operation.name, all}, std::move(on_done));
}

void OperationRecorder::on_lost(HeldLedger::OnLost on_lost) {
    if (ledger_) ledger_->on_lost(std::move(on_lost));
}

}  // namespace kaigara::provision
