// SPDX-License-Identifier: Apache-2.0
#include "app/operation_set.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

Result<void> check_only(const Settings& settings,
                        const std::vector<provision::OperationCandidate>& candidates) {
    if (settings.only.empty()) return {};
    std::vector<std::string_view> names;
    for (const auto& candidate : candidates) names.push_back(candidate.operation.name);
    if (std::ranges::find(names, settings.only) != names.end()) return {};
    return Error{Fault::configuration, 0,
                 fmt::format("no operation '{}' in {}{}", text::printable(settings.only),
                             settings.operations.path, text::did_you_mean(settings.only, names)),
                 "--only"};
}

void tell(const provision::PlannedOperation& planned) {
    const provision::OperationCandidate& candidate = planned.candidate;
    const provision::OperationDecision& decision = planned.decision;
    const std::string name = text::printable(candidate.operation.name);
    if (decision.interrupted)
        log::warn("operation {} {}: it runs again", name, decision.why);
    else if (planned.is_pending() && planned.past)
        log::info("operation {} runs: {}", name, decision.why);
    else if (!planned.runs() && !candidate.applies)
        log::info("operation {} does not run: {}", name, decision.why);
    else if (!planned.runs())
        log::debug("operation {} does not run: {}", name, decision.why);
}

}  // namespace

Result<std::vector<provision::Operation>, Errors> find_operations(const Settings& settings) {
    KG_LET(operations,
           provision::find_operations(settings.operations.path, settings.operations.named));
    Errors errors = provision::override_options(operations, settings.operation_entries);
    if (!errors.empty()) return errors;
    return operations;
}

Result<std::vector<provision::OperationCandidate>, Errors>
find_candidates(const Settings& settings, const metadata::Tree& tree,
                const provision::OperationInputs::Planned& planned) {
    KG_LET(operations, find_operations(settings));
    KG_LET(candidates, provision::examine_operations(std::move(operations), tree, planned));
    if (auto known = check_only(settings, candidates); !known)
        return Errors{std::move(known).error()};
    return candidates;
}

provision::OperationPlan plan_by_ledger(const Settings& settings,
                                        std::vector<provision::OperationCandidate> candidates,
                                        const provision::LedgerState& state) {
    return provision::plan_operations(std::move(candidates), state.history, settings.only,
                                      state.in_use ? provision::LedgerUse::by_another
                                                   : provision::LedgerUse::ours_or_free);
}

void tell(const provision::OperationPlan& plan) {
    for (const std::string& warning : plan.warnings) log::warn("{}", warning);
    std::size_t skipped = 0;
    for (const provision::PlannedOperation& planned : plan.operations) {
        if (!planned.runs()) ++skipped;
        tell(planned);
    }
    if (skipped != 0)
        log::info("{} of {} {} nothing to do", skipped,
                  text::counted(plan.operations.size(), "operation"),
                  skipped == 1 ? "has" : "have");
}

provision::OutputMode output_mode(OperationOutput output) noexcept {
    switch (output) {
    case OperationOutput::raw: return provision::OutputMode::raw;
    case OperationOutput::json: return provision::OutputMode::json;
    case OperationOutput::prefix: break;
    }
    return provision::OutputMode::prefix;
}

std::vector<std::string> operation_environment(const Settings& settings, char** environment) {
    std::vector<std::string> entries;
    const std::pair<std::string_view, const Place*> places[] = {
        {"KAIGARA_CONFIG=", &settings.config}, {"KAIGARA_RESOURCES=", &settings.resources}};
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        const bool replaced = std::ranges::any_of(places, [entry](const auto& place) {
            return place.second->named && entry.starts_with(place.first);
        });
        if (!replaced) entries.emplace_back(entry);
    }
    for (const auto& [name, place] : places) {
        if (place->named) entries.push_back(std::string(name) + place->path);
    }
    return entries;
}

}  // namespace kaigara::app
