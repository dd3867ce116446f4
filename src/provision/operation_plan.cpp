// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_plan.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

using Action = OperationDecision::Action;

constexpr std::size_t most_names = 10;  // in one message

std::string listed(const std::vector<std::string>& names) {
    const std::size_t shown = std::min(names.size(), most_names);
    std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
    if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
    return text;
}

// As a person types it behind a command.
std::string name_for_shell(std::string_view name) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (name.find_first_not_of(plain) == std::string_view::npos) return std::string(name);
    return text::shell_word(text::printable(name));
}

Error barrier_refusal(const std::string& name, const OperationPast& past) {
    return {Fault::configuration, 0,
            fmt::format(
                "operation {} has been applied to this ledger at {}, and it is a barrier: "
                "an image without it, as this one is, must not run on its data. Start the "
                "newer image again, or bring back the data and the ledger of before it; who knows "
                "that this image may run says 'kaigara ledger forget {}'",
                text::printable(name), past.success_time, name_for_shell(name)),
            ""};
}

// Operations of the ledger that the image does not have.
void look_for_missing(const LedgerHistory& history, const std::set<std::string_view>& present,
                      OperationPlan& plan) {
    std::vector<std::string> missing;
    for (const auto& [name, past] : history) {
        if (!past.has_succeeded || present.contains(name)) continue;
        if (past.success_is_barrier)
            plan.blocked.push_back(barrier_refusal(name, past));
        else
            missing.push_back(text::printable(name));
    }
    if (!missing.empty())
        plan.warnings.push_back(
            fmt::format("applied to this ledger, and not in this image: {}; the image may be older "
                        "than the data",
                        listed(missing)));
}

// One that has not been applied, though one that comes after it has.
void look_for_late(const LedgerHistory& history, OperationPlan& plan) {
    const auto last_done =
        std::ranges::find_if(history.rbegin(), history.rend(),
                             [](const auto& entry) { return entry.second.has_succeeded; });
    if (last_done == history.rend()) return;
    for (const PlannedOperation& planned : plan.operations) {
        const std::string& name = planned.candidate.operation.name;
        if (planned.is_pending() && planned.decision.is_first && name < last_done->first)
            plan.warnings.push_back(
                fmt::format("operation {} runs late: {}, which comes after it, has been applied "
                            "already",
                            text::printable(name), text::printable(last_done->first)));
    }
}

}  // namespace

Error refusal(const PlannedOperation& planned) {
    const std::string name = text::printable(planned.candidate.operation.name);
    const std::string word = name_for_shell(planned.candidate.operation.name);
    const bool edited = planned.decision.action == Action::block_edited;
    return {Fault::configuration, 0,
            fmt::format("operation {} {} ({}), so nothing runs: look at what it has done, then say "
                        "'kaigara ledger accept {}' to take it as done, or 'kaigara ledger forget "
                        "{}' to run it again",
                        name, planned.decision.why, edited ? "on-edit=fail" : "interrupted=fail",
                        word, word),
            ""};
}

void PlannedOperation::decide(const LedgerHistory& history, LedgerUse use) {
    const auto found = history.find(candidate.operation.name);
    past.reset();
    if (found != history.end()) past = found->second;
    if (use == LedgerUse::ours_or_free)
        decide();
    else
        decision = decide_in_use(candidate.operation.options, candidate.digests,
                                 past ? &*past : nullptr, candidate.applies);
}

void PlannedOperation::decide() {
    decision = decide_operation(candidate.operation.options, candidate.digests,
                                past ? &*past : nullptr, candidate.applies);
}

bool OperationPlan::needs_lock() const noexcept {
    return std::ranges::any_of(operations, &PlannedOperation::is_pending);
}

OperationPlan plan_operations(std::vector<OperationCandidate> candidates,
                              const LedgerHistory& history, const std::string& only,
                              LedgerUse use) {
    OperationPlan plan;
    std::set<std::string_view> present;
    for (const OperationCandidate& candidate : candidates) present.insert(candidate.operation.name);
    look_for_missing(history, present, plan);
    for (OperationCandidate& candidate : candidates) {
        if (!only.empty() && candidate.operation.name != only) continue;
        PlannedOperation planned;
        planned.candidate = std::move(candidate);
        planned.decide(history, use);
        if (planned.is_blocked()) plan.blocked.push_back(refusal(planned));
        if (!planned.decision.warning.empty())
            plan.warnings.push_back(fmt::format("operation {} {}",
                                                text::printable(planned.candidate.operation.name),
                                                planned.decision.warning));
        plan.operations.push_back(std::move(planned));
    }
    look_for_late(history, plan);
    return plan;
}

}  // namespace kaigara::provision
