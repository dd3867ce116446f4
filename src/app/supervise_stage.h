// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 3 on the loop: the supervisor with its deadline, and around it what the application's
// options ask for.
//
//     signals ───────────►┌────────────┐◄── restart ─── FileChanges   --watch
//     control socket ────►│ Supervisor │◄── verdict ─── Readiness     --ready, --live
//                         └────────────┘◄── prepared ── Hooks         --pre-stop, --on-reload
//                               │ starting, spawned, run_ended
//                               └──► RunRecord ──► Status
//
// The supervisor alone says when it is over. Once a stop has come or the application has ended,
// nothing is begun any more.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/application.h"
#include "app/file_changes.h"
#include "app/hooks.h"
#include "app/options.h"
#include "app/readiness.h"
#include "app/run_record.h"
#include "app/status.h"
#include "app/steering.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/signals.h"
#include "supervise/supervisor.h"

namespace kaigara::app {

struct SuperviseRequest {
    const CommandLine& line;
    const Settings& settings;
    // Null-terminated, and outlive the stage.
    char** program = nullptr;
    char** environment = nullptr;
    std::vector<std::string> exported;  // "NAME=value" of the metadata
    std::function<void()> on_change;    // describe() may say something else now
};

class SuperviseStage final : public supervise::Observer, public Steering {
public:
    SuperviseStage(platform::Loop& loop, platform::Reaper& reaper, SuperviseRequest request);

    // From the start of the application to its end; the exit status.
    int run();
    void on_signal(const platform::Signal& signal);
    // After each round of reaping.
    void on_reaped();

    // Fills what this stage knows.
    void describe(Status& status) const;
    // Why it cannot be reloaded or restarted now (Fault::lock).
    Result<void> accepts_reload() const;
    Result<void> accepts_restart() const;

    void reload() override;
    void restart() override;
    void send(int signal) override;

private:
    void starting() override;
    void spawned(pid_t application) override;
    void forwarded(int received, int target, int code) override;
    void process_ended() override;
    void run_ended(const supervise::RunEnd& end, const supervise::RestartVerdict&) override;

    Result<void> prepare();
    Result<void> prepare_changes();
    void on_message(const supervise::NotifyMessage& message);
    void on_main_pid(pid_t pid);
    void on_verdict(supervise::EndReason reason);
    void on_deadline();
    void follow();
    void follow_deadline();
    void begin_ending();
    std::vector<pid_t> companions() const;

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    SuperviseRequest request_;
    std::vector<char*> command_environment_;
    std::string directory_;  // that kaigara was started in
    Application application_;
    platform::Timer timer_;  // for the supervisor's deadline
    std::optional<supervise::Supervisor::Clock::time_point> armed_;
    RunRecord record_;
    std::unique_ptr<supervise::Supervisor> supervisor_;
    std::unique_ptr<Readiness> readiness_;
    std::unique_ptr<Hooks> hooks_;
    std::unique_ptr<FileChanges> changes_;
    bool is_ending_ = false;
    unsigned main_pids_ = 0;  // that the present run has told
};

}  // namespace kaigara::app
