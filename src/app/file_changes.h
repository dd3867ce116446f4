// SPDX-License-Identifier: Apache-2.0
#pragma once

// --watch in stage 3: the watcher, and what is to happen when files have changed.
//
//     watcher ──► rows of actions ──► PendingActions ──► run:CMD ... ──► restart │ reload, signals
//                                                                           │
//                                               after a random time, at most --watch-splay

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/options.h"
#include "app/steering.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "supervise/change_action.h"
#include "supervise/hook_command.h"
#include "supervise/watcher.h"

namespace kaigara::app {

struct FileChangesRequest {
    const CommandLine& line;
    const Settings& settings;
    char* const* environment = nullptr;  // of commands and the watcher; outlives the object
    std::string directory;               // that kaigara was started in
};

class FileChanges {
public:
    // All outlive it.
    FileChanges(platform::Loop& loop, platform::Reaper& reaper, FileChangesRequest request,
                supervise::ChangeActions actions, Steering& application);
    FileChanges(const FileChanges&) = delete;
    FileChanges& operator=(const FileChanges&) = delete;

    // The table of what the files ask for; Fault::configuration where it is too long.
    static Result<supervise::ChangeActions> actions_of(const Settings& settings);

    void start() { watcher_.start(); }
    // After each round of reaping.
    void on_reaped();
    // Nothing is begun any more; the watcher is asked to end.
    void end();
    // The watcher ends by KILL, and is waited for, half a second at most: as PID 1 the kernel does
    // it; elsewhere a zombie would be left to whoever is there.
    void bury();
    void append_pids(std::vector<pid_t>& pids) const;

private:
    void follow();
    void take_step(const supervise::ChangeAction& step);
    void run_command(const std::string& command);

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    FileChangesRequest request_;
    Steering& application_;
    supervise::ChangeActions actions_;
    supervise::PendingActions pending_;
    supervise::Watcher watcher_;
    platform::Timer splay_;  // while it runs, a restart is to come
    std::unique_ptr<supervise::HookCommand> command_;
};

}  // namespace kaigara::app
