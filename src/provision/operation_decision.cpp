// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_decision.h"

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

using Action = OperationDecision::Action;

OperationDecision run(std::string why, bool is_first) {
    return {Action::run, std::move(why), "", false, is_first};
}

OperationDecision skip(std::string why) { return {Action::skip, std::move(why), "", false, false}; }

// Why an operation runs whose last word is no success.
std::string reason_of(const OperationPast& past) {
    switch (past.last) {
    case LedgerEvent::failed: return fmt::format("failed at {}", past.last_time);
    case LedgerEvent::timed_out: return fmt::format("timed out at {}", past.last_time);
    case LedgerEvent::skipped: return fmt::format("did not apply at {}", past.last_time);
    case LedgerEvent::cancelled: return fmt::format("was cancelled at {}", past.last_time);
    case LedgerEvent::forgotten: return fmt::format("was forgotten at {}", past.last_time);
    default: return "has not run yet";
    }
}

OperationDecision run_again(const OperationPast& past) {
    // A person who has made the ledger forget it knows that it comes late.
    return run(reason_of(past), !past.has_succeeded && past.last != LedgerEvent::forgotten);
}

OperationDecision decide_interrupted(const OperationOptions& options, const OperationPast& past) {
    const std::string what =
        fmt::format("was started at {}, and how that ended is unknown", past.last_time);
    if (options.run == RunKind::once && options.interrupted == OnInterrupt::fail)
        return {Action::block_interrupted, what, "", false, false};
    OperationDecision decision = run(what, !past.has_succeeded);
    decision.interrupted = true;
    return decision;
}

OperationDecision decide_edited(const OperationOptions& options, const OperationPast& past) {
    const std::string what =
        fmt::format("is done since {} and has been edited since", past.success_time);
    switch (options.on_edit) {
    case OnEdit::fail: return {Action::block_edited, what, "", false, false};
    case OnEdit::rerun: return run(what, false);
    case OnEdit::warn: break;
    }
    return {Action::skip, what, what + "; it does not run again", false, false};
}

OperationDecision decide_once(const OperationOptions& options, const OperationDigests& now,
                              const OperationPast& past) {
    if (past.is_interrupted()) return decide_interrupted(options, past);
    const bool holds =
        past.has_succeeded && (past.ended_in_success() || options.on_edit != OnEdit::rerun);
    if (!holds) return run_again(past);
    if (!past.success.code.empty() && past.success.code != now.code)
        return decide_edited(options, past);
    return skip(fmt::format("done since {}", past.success_time));
}

OperationDecision decide_on_change(const OperationOptions& options, const OperationDigests& now,
                                   const OperationPast& past) {
    if (past.is_interrupted()) return decide_interrupted(options, past);
    if (!past.ended_in_success()) return run_again(past);
    if (past.success.content != now.content)
        return run(fmt::format("its content has changed since {}", past.success_time), false);
    if (past.success.inputs != now.inputs)
        return run(fmt::format("its inputs have changed since {}", past.success_time), false);
    return skip(fmt::format("nothing has changed since {}", past.success_time));
}

}  // namespace

OperationDecision decide_operation(const OperationOptions& options, const OperationDigests& now,
                                   const OperationPast* past, bool applies) {
    if (!applies) return skip(fmt::format("when={} is false", text::printable(options.when)));
    if (options.run == RunKind::always) return run("runs at each start", false);
    if (past == nullptr) return run("has not run yet", true);
    return options.run == RunKind::once ? decide_once(options, now, *past)
                                        : decide_on_change(options, now, *past);
}

OperationDecision decide_in_use(const OperationOptions& options, const OperationDigests& now,
                                const OperationPast* past, bool applies) {
    OperationDecision decision = decide_operation(options, now, past, applies);
    const bool is_running = past != nullptr && past->is_interrupted() && options.is_recorded();
    if (!applies || !is_running) return decision;
    return run(
        fmt::format("was started at {}, and another kaigara uses the ledger now", past->last_time),
        false);
}

}  // namespace kaigara::provision
