// SPDX-License-Identifier: Apache-2.0
#include "app/watch_pass.h"

#include <sys/stat.h>

#include <set>
#include <utility>

#include "base/log.h"
#include "metadata/redaction.h"
#include "metadata/snapshot.h"
#include "platform/memory.h"
#include "platform/sha256.h"

namespace kaigara::app {

namespace {

using Record = supervise::WatchRecord;

// What has a content: a file, or nothing yet.
bool may_be_out_of_date(const std::string& path) {
    if (path.starts_with("/dev/") || path.starts_with("/proc/")) return false;
    struct stat facts = {};
    return ::stat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode);
}

}  // namespace

WatchPass::WatchPass(platform::Loop& loop, platform::Reaper& reaper, WatchPassRequest request,
                     Tell tell, std::function<void()> on_done)
    : loop_(loop), reaper_(reaper), request_(request), tell_(std::move(tell)),
      on_done_(std::move(on_done)) {}

void WatchPass::start(const std::vector<metadata::Answer>& answers) {
    is_running_ = true;
    if (!gather(answers) || !stage()) return end();
    check();
}

bool WatchPass::gather(const std::vector<metadata::Answer>& answers) {
    auto gathered = metadata::gather(request_.plan, answers);
    if (!gathered) {
        fail(gathered.error());
        return false;
    }
    if (gathered->warnings != warnings_) {
        for (const std::string& warning : gathered->warnings) log::warn("{}", warning);
        warnings_ = std::move(gathered->warnings);
    }
    next_digest_ = platform::sha256_hex(metadata::snapshot::encode(gathered->tree));
    if (next_digest_ == digest_) return false;
    tree_ = std::move(gathered->tree);
    return true;
}

bool WatchPass::stage() {
    const auto& entries = request_.settings.files;
    auto planned = provision::plan_files({request_.settings.resources.path, entries}, *tree_);
    if (!planned) {
        fail(planned.error());
        return false;
    }
    // Those of the entries come last.
    const std::size_t first_entry = planned->size() - entries.size();
    std::vector<provision::PlannedFile> files;
    on_change_.clear();
    for (std::size_t i = 0; i < planned->size(); ++i) {
        provision::PlannedFile& file = (*planned)[i];
        if (!may_be_out_of_date(file.file.spec.path)) continue;
        files.push_back(std::move(file));
        on_change_.push_back(i < first_entry ? "" : entries[i - first_entry].on_change);
    }
    files_.emplace(std::move(files));
    const Errors errors = files_->prepare();
    if (errors.empty()) return true;
    fail(errors);
    return false;
}

void WatchPass::check() {
    checks_ = std::make_unique<provision::FileChecks>(
        loop_, reaper_,
        provision::FileChecksRequest{files_->checks(), request_.environment,
                                     metadata::Redaction(*tree_)},
        [this](const Errors& errors) {
            if (errors.empty())
                commit();
            else
                fail(errors);
            end();
        });
    checks_->start();
}

void WatchPass::commit() {
    const std::vector<bool> changes = files_->changes();
    std::set<std::size_t> rows;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (!changes[i]) continue;
        if (const auto row = request_.actions.row_of(on_change_[i])) rows.insert(*row);
    }
    for (const std::size_t row : rows) tell_({Record::Kind::will, static_cast<std::uint32_t>(row)});
    const auto written = files_->commit();
    if (!rows.empty()) tell_({written ? Record::Kind::done : Record::Kind::kept, 0});
    if (!written) return fail({written.error()});
    digest_ = next_digest_;
    complaints_.clear();
}

void WatchPass::fail(const Errors& errors) {
    digest_.clear();
    std::string complaints;
    for (const Error& error : errors) complaints += error.text() + '\n';
    if (complaints == complaints_) return;
    complaints_ = std::move(complaints);
    for (const Error& error : errors) log::error("{}", error.text());
    log::warn("the files stay as they are until the next change");
}

void WatchPass::end() {
    files_.reset();
    tree_.reset();
    is_running_ = false;
    // The checks may be what is calling; they go with the next pass.
    platform::return_freed_memory();
    on_done_();
}

void WatchPass::on_reaped() {
    if (checks_) checks_->on_reaped();
}

}  // namespace kaigara::app
