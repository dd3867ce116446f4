// SPDX-License-Identifier: Apache-2.0
#include "app/plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/ledger_access.h"
#include "app/operation_set.h"
#include "app/report.h"
#include "app/resolve.h"
#include "base/text.h"
#include "metadata/output.h"
#include "metadata/redaction.h"
#include "platform/files.h"
#include "platform/sha256.h"
#include "provision/file_plan.h"
#include "provision/target.h"
#include "provision/text_diff.h"

namespace kaigara::app {

namespace {

using metadata::Value;
using provision::Examination;
using provision::PlannedFile;
using Outcome = provision::Target::Outcome;

struct FileStep {
    std::string target;
    std::string source;
    std::string_view action;
    std::vector<std::string> reasons;
    std::string diff;
};

struct OperationStep {
    std::string name;
    std::string_view kind;  // always, once, on-change
    std::string_view action;
    std::string why;
};

struct Plan {
    std::vector<FileStep> files;
    std::vector<OperationStep> operations;
    std::vector<std::string> warnings;
    Errors blocked;
    int stop_signal = 0;  // that came while the ledger was read

    std::size_t runs() const {
        return static_cast<std::size_t>(
            std::ranges::count(operations, "run", &OperationStep::action));
    }
    bool has_work() const {
        return runs() != 0 || std::ranges::any_of(files, [](const FileStep& step) {
                   return step.action != "unchanged";
               });
    }
};

std::string_view action_of(const Examination& found) {
    if (found.outcome == Outcome::unchanged) return "unchanged";
    if (found.outcome == Outcome::passed_on) return "write";
    return found.is_new ? "create" : "change";
}

std::vector<std::string> reasons_of(const Examination& found) {
    std::vector<std::string> reasons;
    for (const std::string& directory : found.directories)
        reasons.push_back(fmt::format("makes the directory {}", directory));
    if (found.is_new) reasons.push_back(fmt::format("new, mode {:04o}", found.new_mode));
    if (!found.is_new && found.content_differs) reasons.push_back("its content differs");
    if (found.old_mode != found.new_mode)
        reasons.push_back(
            fmt::format("mode {:04o} becomes {:04o}", found.old_mode, found.new_mode));
    if (found.old_owner != found.new_owner)
        reasons.push_back(fmt::format("owner {}:{} becomes {}:{}", found.old_owner.uid,
                                      found.old_owner.gid, found.new_owner.uid,
                                      found.new_owner.gid));
    if (found.outcome == Outcome::written_in_place) reasons.push_back("written in place");
    return reasons;
}

std::string diff_of(const PlannedFile& planned, const Examination& found) {
    if (found.outcome == Outcome::passed_on || (!found.is_new && !found.content_differs)) return {};
    if (!found.is_new && !found.old_content) return {};
    // What others may not read now may hold a secret that the template uses no longer.
    const bool is_private = !found.is_new && (found.old_mode & 0004U) == 0;
    const provision::DiffText wanted{planned.file.content, planned.masked,
                                     planned.file.spec.has_secret || planned.is_hidden ||
                                         is_private};
    const std::string target = text::printable(planned.file.spec.path);
    return provision::unified_diff(found.old_content.value_or(""), wanted,
                                   found.is_new ? "/dev/null" : target, target);
}

// Makes the steps of a plan, one file after the other.
class FilePlanner {
public:
    FilePlanner(const std::vector<PlannedFile>& files, const metadata::Tree& tree, Plan& plan)
        : redact_(tree), plan_(plan) {
        for (const PlannedFile& planned : files) {
            const auto& of_it = planned.file.directories;
            directories_.insert(directories_.end(), of_it.begin(), of_it.end());
        }
        const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
        std::ranges::sort(directories_, by_path);
        const auto repeated = std::ranges::unique(directories_);
        directories_.erase(repeated.begin(), repeated.end());
    }

    void add(const PlannedFile& planned) {
        const Examination found =
            provision::Target::examine(planned.file.spec, planned.file.content, directories_);
        FileStep step;
        step.target = text::printable(planned.file.spec.path);
        step.source = text::printable(planned.source);
        step.action = action_of(found);
        step.reasons = reasons_of(found);
        for (const std::string& warning : found.warnings) step.reasons.push_back(warning);
        // A secret of the metadata may stand in a file whose template does not know it any more.
        step.diff = redact_(diff_of(planned, found));
        if (found.error)
            plan_.blocked.push_back(
                {found.error->fault, found.error->code, found.error->text(), planned.file.where});
        plan_.files.push_back(std::move(step));
    }

private:
    metadata::Redaction redact_;
    std::vector<provision::RootDirectory> directories_;  // of the whole set
    Plan& plan_;
};

std::string_view action_of(const provision::PlannedOperation& planned) {
    if (planned.is_blocked()) return "blocked";
    return planned.runs() ? "run" : "skip";
}

void block(Plan& plan, const Errors& errors) {
    plan.blocked.insert(plan.blocked.end(), errors.begin(), errors.end());
}

// An operation may have one of the files as an input.
provision::OperationInputs::Planned contents_of(const std::vector<PlannedFile>& files) {
    provision::OperationInputs::Planned contents;
    for (const PlannedFile& planned : files)
        contents.emplace(planned.file.spec.path, platform::sha256_hex(planned.file.content));
    return contents;
}

// What the ledger says; nothing where a signal has ended the reading.
std::optional<Result<provision::LedgerState>> read_ledger(const Settings& settings,
                                                          char** environment, int& stop_signal) {
    auto client = LedgerClient::open(settings, environment);
    if (!client) return Result<provision::LedgerState>(std::move(client).error());
    auto state = (*client)->read();
    stop_signal = (*client)->stop_signal();
    return state;
}

void plan_operations(const Settings& settings, const metadata::Tree& tree, char** environment,
                     const std::vector<PlannedFile>& files, Plan& plan) {
    auto candidates = find_candidates(settings, tree, contents_of(files));
    if (!candidates) {
        block(plan, candidates.error());
        return;
    }
    const auto state = read_ledger(settings, environment, plan.stop_signal);
    if (!state) return;
    if (!*state) {
        block(plan, {state->error()});
        return;
    }
    const auto planned = plan_by_ledger(settings, std::move(*candidates), **state);
    block(plan, planned.blocked);
    plan.warnings = planned.warnings;
    for (const provision::PlannedOperation& one : planned.operations) {
        const provision::Operation& operation = one.candidate.operation;
        plan.operations.push_back({text::printable(operation.name),
                                   provision::run_kind_name(operation.options.run), action_of(one),
                                   one.decision.why});
    }
}

Plan make_plan(const Settings& settings, const metadata::Tree& tree, char** environment) {
    Plan plan;
    if (auto missing = check_resources(settings)) plan.blocked.push_back(*std::move(missing));
    const provision::FilePlanRequest request{settings.resources.path, settings.files,
                                             provision::MissingNames::are_errors, true};
    const auto files = provision::plan_files(request, tree);
    if (!files) {
        block(plan, files.error());
        plan_operations(settings, tree, environment, {}, plan);
        return plan;
    }
    plan_operations(settings, tree, environment, *files, plan);
    FilePlanner planner(*files, tree, plan);
    for (const PlannedFile& planned : *files) planner.add(planned);
    return plan;
}

std::string as_text(const Plan& plan) {
    std::string out;
    std::size_t changes = 0;
    for (const FileStep& step : plan.files) {
        if (step.action == "unchanged") continue;
        ++changes;
        out += fmt::format("{} {} from {}", step.action, step.target, step.source);
        for (std::size_t i = 0; i < step.reasons.size(); ++i)
            out += (i == 0 ? ": " : ", ") + step.reasons[i];
        out += '\n';
        out += step.diff;
    }
    for (const OperationStep& step : plan.operations) {
        if (step.action == "run") out += fmt::format("run {}: {}\n", step.name, step.why);
    }
    for (const std::string& warning : plan.warnings) out += fmt::format("warning: {}\n", warning);
    out += fmt::format("{} of {} would be written, {} of {} would run{}\n", changes,
                       text::counted(plan.files.size(), "file"), plan.runs(),
                       text::counted(plan.operations.size(), "operation"),
                       plan.blocked.empty() ? "" : "; blocked, see the errors");
    return out;
}

Value text_value(std::string_view text) { return Value::quoted(std::string(text)); }

std::string as_json(const Plan& plan) {
    std::vector<Value> files;
    for (const FileStep& step : plan.files) {
        std::vector<Value> reasons;
        for (const std::string& reason : step.reasons) reasons.push_back(text_value(reason));
        files.push_back(Value::map({{"target", text_value(step.target)},
                                    {"source", text_value(step.source)},
                                    {"action", text_value(step.action)},
                                    {"why", Value::list(std::move(reasons))},
                                    {"diff", text_value(step.diff)}}));
    }
    std::vector<Value> operations;
    for (const OperationStep& step : plan.operations) {
        operations.push_back(Value::map({{"name", text_value(step.name)},
                                         {"run", text_value(step.kind)},
                                         {"action", text_value(step.action)},
                                         {"why", text_value(step.why)}}));
    }
    std::vector<Value> warnings;
    for (const std::string& warning : plan.warnings) warnings.push_back(text_value(warning));
    std::vector<Value> blocked;
    for (const Error& error : plan.blocked) blocked.push_back(text_value(error.text()));
    const Value whole = Value::map({{"files", Value::list(std::move(files))},
                                    {"operations", Value::list(std::move(operations))},
                                    {"warnings", Value::list(std::move(warnings))},
                                    {"blocked", Value::list(std::move(blocked))}});
    return metadata::to_json(whole, 2) + "\n";
}

}  // namespace

int run_plan(const Settings& settings, char** environment) {
    const auto tree = resolve(settings, environment);
    if (!tree) return report(tree.error());
    log::settings().stage = log::Stage::provision;
    const Plan plan = make_plan(settings, *tree, environment);
    if (plan.stop_signal != 0) return exit_code_of_signal(plan.stop_signal);
    const auto written = platform::write_all(1, settings.as_json ? as_json(plan) : as_text(plan));
    if (!written) return report(written.error());
    if (!plan.blocked.empty()) {
        report(plan.blocked);
        return exit_blocked;
    }
    return plan.has_work() ? exit_something_to_do : exit_ok;
}

}  // namespace kaigara::app
