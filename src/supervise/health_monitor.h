// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of health.h: a timer, and the checks, each a child process in a session of its own
// that is ended by KILL, with all that it has left there, when the check's time is over.
//
//     begin_run() ─► timer ─► check (a child) ─► Health ─► on_change()
//                       ▲                          │
//                       └──────────────────────────┘
//
// A check of targets is this very program, found at /proc/self/exe, with the hidden command
// `probe`: so a server's answer is never read by PID 1. Nothing runs, and no timer does, where
// neither readiness nor liveness is asked for.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/captured_command.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "supervise/check_spec.h"
#include "supervise/health.h"
#include "supervise/notify_message.h"

namespace kaigara::supervise {

struct HealthRequest {
    CheckSpec ready;
    CheckSpec live;
    Milliseconds interval{10'000};
    Milliseconds timeout{3'000};
    unsigned failures = 3;
    Milliseconds start_timeout{0};
    char* const* environment = nullptr;  // of the checks; outlives the monitor
    std::string directory;               // that they run in; empty: ours
};

class HealthMonitor {
public:
    // Loop and reaper outlive it. `on_change` is called, never from within a call of the owner's
    // but on_reaped() and on_message(), when something can have changed that health() tells.
    HealthMonitor(platform::Loop& loop, platform::Reaper& reaper, HealthRequest request,
                  std::function<void()> on_change);
    HealthMonitor(const HealthMonitor&) = delete;
    HealthMonitor& operator=(const HealthMonitor&) = delete;

    void begin_run();
    void end_run();
    // The application is being stopped: it is checked no more.
    void rest();
    // What the application says of itself.
    void on_message(const NotifyMessage& message);
    // After each round of reaping.
    void on_reaped();

    const Health& health() const noexcept { return health_; }
    bool uses_notify() const noexcept;
    // What the environment of the application is to say (WATCHDOG_USEC); 0 for nothing.
    std::chrono::microseconds watchdog() const noexcept;
    // The processes of checks that run.
    void append_pids(std::vector<pid_t>& pids) const;

private:
    using Check = Health::Check;
    struct Probe {
        CheckSpec spec;
        std::unique_ptr<platform::CapturedCommand> running;
        bool is_over = false;  // the command has ended, and may be destroyed
        // It has got KILL and does not die (it waits for a disk, say): that is a failure, and so is
        // each check that would be due until it is gone.
        bool is_stuck = false;
        std::unique_ptr<platform::Timer> patience{};
    };

    void on_time();
    void follow();
    void start(Check check);
    void on_stuck(Check check);
    void fail_stuck(Check check);
    void on_end(Check check, const platform::CapturedEnd& end);
    Probe& probe(Check check) noexcept { return check == Check::ready ? ready_ : live_; }

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    HealthRequest request_;
    std::function<void()> on_change_;
    Health health_;
    Probe ready_;
    Probe live_;
    platform::Timer timer_;
};

}  // namespace kaigara::supervise
