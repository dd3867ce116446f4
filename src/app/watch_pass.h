// SPDX-License-Identifier: Apache-2.0
#pragma once

// One pass of the watcher: from the answers of the sources to files in place.
//
//     gather ─► the same tree as last time? nothing to do
//        └────► render ─► stage ─► check ─► announce ─► put in place ─► done
//
// As in stage 2 all files are written or none. What goes wrong is one line for each error, the old
// files stay, and the next pass tries again; a line that the pass before has said already is not
// said again. Devices and pipes among the targets are left out: they were written to at the start,
// and have no content that could be out of date.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/file_stage.h"
#include "app/settings.h"
#include "metadata/gatherer.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "supervise/change_action.h"
#include "supervise/watch_record.h"

namespace kaigara::app {

struct WatchPassRequest {
    const Settings& settings;
    const metadata::GatherPlan& plan;
    char* const* environment = nullptr;  // of checks
    const supervise::ChangeActions& actions;
};

class WatchPass {
public:
    using Tell = std::function<void(supervise::WatchRecord)>;

    // Everything outlives it. `on_done` is called when a pass is over, maybe from within start().
    WatchPass(platform::Loop& loop, platform::Reaper& reaper, WatchPassRequest request, Tell tell,
              std::function<void()> on_done);

    void start(const std::vector<metadata::Answer>& answers);
    bool is_running() const noexcept { return is_running_; }
    // After each round of reaping.
    void on_reaped();

private:
    bool gather(const std::vector<metadata::Answer>& answers);
    bool stage();
    void check();
    void commit();
    void fail(const Errors& errors);
    void end();

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    WatchPassRequest request_;
    Tell tell_;
    std::function<void()> on_done_;
    bool is_running_ = false;
    std::optional<metadata::Tree> tree_;  // of this pass
    std::string digest_;                  // of the tree of the last pass that went well
    std::string next_digest_;
    std::vector<std::string> on_change_;  // of each file
    std::optional<FileStage> files_;
    std::unique_ptr<provision::FileChecks> checks_;
    std::string complaints_;  // of the last pass
    std::vector<std::string> warnings_;
};

}  // namespace kaigara::app
