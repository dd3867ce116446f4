// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_recorder.h"

#include <fmt/format.h>

namespace kaigara::provision {

Result<void> OperationRecorder::start(const PlannedOperation& planned, unsigned attempt) {
    if (!planned.is_pending() || is_open_) return {};
    if (!ledger_)
        return Error{Fault::internal, 0, "an operation is to be recorded without a ledger", ""};
    const OperationCandidate& candidate = planned.candidate;
    const OperationOptions& options = candidate.operation.options;
    KG_TRY(ledger_->file.append(
        {LedgerEvent::started, candidate.operation.name,
         fmt::format("run={} attempt={} host={} content=sha256:{}", run_kind_name(options.run),
                     attempt, encode_name(host_name()), candidate.digests.content)}));
    is_open_ = true;
    return {};
}

Result<void> OperationRecorder::end(const PlannedOperation& planned, LedgerEvent event,
                                    const std::string& details) {
    if (!is_open_) return {};
    is_open_ = false;
    const OperationCandidate& candidate = planned.candidate;
    std::string all = details;
    // Its success says itself what it is a success of, should the line of its start be lost.
    if (event == LedgerEvent::done)
        all += " " + describe_operation(candidate.digests, candidate.operation.options.barrier);
    return ledger_->file.append({event, candidate.operation.name, all});
}

}  // namespace kaigara::provision
