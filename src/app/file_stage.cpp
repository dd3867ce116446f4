// SPDX-License-Identifier: Apache-2.0
#include "app/file_stage.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

using Outcome = provision::Target::Outcome;

void tell(Outcome outcome, const std::string& target, const std::string& source) {
    switch (outcome) {
    case Outcome::unchanged: log::debug("{} is as {} wants it", target, source); break;
    case Outcome::replaced:
    case Outcome::written_in_place: log::info("wrote {} from {}", target, source); break;
    case Outcome::passed_on: log::debug("wrote to {} from {}", target, source); break;
    }
}

}  // namespace

FileStage::FileStage(std::vector<provision::PlannedFile> planned) : planned_(std::move(planned)) {
    for (const provision::PlannedFile& file : planned_) {
        told_.push_back({text::printable(file.file.spec.path), text::printable(file.source),
                         file.check, file.file.where});
    }
}

Errors FileStage::prepare() {
    std::vector<provision::TargetFile> files;
    files.reserve(planned_.size());
    for (provision::PlannedFile& file : planned_) files.push_back(std::move(file.file));
    planned_.clear();
    auto set = provision::TargetSet::prepare(std::move(files));
    if (!set) return std::move(set).error();
    set_.emplace(std::move(*set));
    return {};
}

std::vector<provision::FileCheck> FileStage::checks() const {
    std::vector<provision::FileCheck> checks;
    for (std::size_t i = 0; i < told_.size(); ++i) {
        if (told_[i].check.empty() || set_->outcome(i) == Outcome::unchanged) continue;
        checks.push_back({told_[i].check, set_->staged_path(i), told_[i].target, told_[i].where,
                          set_->staged_in_memory(i)});
    }
    return checks;
}

std::vector<bool> FileStage::changes() const {
    std::vector<bool> changes;
    for (std::size_t i = 0; i < set_->size(); ++i)
        changes.push_back(set_->outcome(i) == Outcome::replaced ||
                          set_->outcome(i) == Outcome::written_in_place);
    return changes;
}

Result<void> FileStage::commit() {
    const auto outcomes = set_->commit();
    for (const std::string& warning : set_->warnings()) log::warn("{}", warning);
    if (!outcomes) return outcomes.error();
    for (std::size_t i = 0; i < outcomes->size(); ++i)
        tell((*outcomes)[i], told_[i].target, told_[i].source);
    return {};
}

}  // namespace kaigara::app
