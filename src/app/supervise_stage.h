// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 3 of `start`, on the loop: the supervisor with its deadline, and with --watch the watcher
// and what is to happen when files have changed.
//
//     watcher ──► rows of actions ──► PendingActions ──► run:CMD ... ──► restart │ reload, signals
//                                                                           │
//                                               after a random time, at most --watch-splay
//
// The supervisor alone says when it is over. Once a stop has come or the application has ended, the
// watcher is ended and nothing is begun any more.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/application.h"
#include "app/options.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/signals.h"
#include "supervise/change_action.h"
#include "supervise/change_command.h"
#include "supervise/supervisor.h"
#include "supervise/watcher.h"

namespace kaigara::app {

struct SuperviseRequest {
    const CommandLine& line;
    const Settings& settings;
    // Null-terminated, and outlive the stage.
    char** program = nullptr;
    char** environment = nullptr;
    std::vector<std::string> exported;  // "NAME=value" of the metadata
};

class SuperviseStage {
public:
    SuperviseStage(platform::Loop& loop, platform::Reaper& reaper, SuperviseRequest request);

    // From the start of the application to its end; the exit status.
    int run();
    void on_signal(const platform::Signal& signal);
    // After each round of reaping.
    void on_reaped();

private:
    Result<void> prepare_watcher();
    void bury_watcher();
    void on_deadline();
    void on_splay();
    void follow();
    void follow_deadline();
    void follow_changes();
    void take_step(const supervise::ChangeAction& step);
    void run_command(const std::string& command);
    void end_companions();
    std::vector<pid_t> companions() const;

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    SuperviseRequest request_;
    Application application_;
    supervise::Observer silent_;
    std::unique_ptr<supervise::Supervisor> supervisor_;
    platform::Timer timer_;  // for the supervisor's deadline
    std::optional<supervise::Supervisor::Clock::time_point> armed_;

    supervise::ChangeActions actions_;
    std::optional<supervise::PendingActions> pending_;
    std::unique_ptr<supervise::Watcher> watcher_;
    std::vector<char*> command_environment_;
    std::string directory_;  // that kaigara was started in
    platform::Timer splay_;  // while it runs, a restart is to come
    std::unique_ptr<supervise::ChangeCommand> command_;
};

}  // namespace kaigara::app
