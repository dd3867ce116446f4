// SPDX-License-Identifier: Apache-2.0
#pragma once

// --ready and --live in stage 3: joins the monitor, the socket for sd_notify(3) that each run gets
// anew, and the service manager outside, if it gave us a NOTIFY_SOCKET.
//
//     application ── NotifySocket ──► HealthMonitor ──► on_verdict: to be stopped, and why
//                          │                │
//                          └──► NotifyRelay ◄┘ READY=1 for checks that are not notify
//
// Where neither option says notify, the application keeps the NOTIFY_SOCKET of outside, untouched.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "supervise/health_monitor.h"
#include "supervise/launch.h"
#include "supervise/notify_relay.h"
#include "supervise/notify_socket.h"

namespace kaigara::app {

struct ReadinessRequest {
    const Settings& settings;
    char* const* environment = nullptr;  // of the checks; outlives the object
    std::string directory;               // that kaigara was started in
};

class Readiness {
public:
    struct Events {
        // The application is to be stopped, and the restart policy asked.
        std::function<void(supervise::EndReason)> on_verdict;
        // What the application said, beside what is about its health.
        std::function<void(const supervise::NotifyMessage&)> on_message;
        // Something of status() may be another.
        std::function<void()> on_change;
    };

    // Loop and reaper outlive it.
    Readiness(platform::Loop& loop, platform::Reaper& reaper, ReadinessRequest request,
              Events events);

    // Before the first run: takes what the launch's environment says about notifying out of it,
    // where kaigara is to be in between. Fault::configuration where the outer socket cannot be
    // used.
    Result<void> prepare(supervise::Launch& launch);
    // A run is about to begin. Fault::cannot_create where there is no socket for it; then the
    // application will never be ready.
    Result<void> open_socket(supervise::Launch& launch);
    void begin_run();
    void end_run();
    // It is being stopped, so that it may be started again or for good: it is checked no more.
    void rest() { monitor_.rest(); }
    // A stop was asked for.
    void tell_stopping();
    // What the application has said and nobody has read yet.
    void read_messages();
    // After each round of reaping.
    void on_reaped() { monitor_.on_reaped(); }
    void append_pids(std::vector<pid_t>& pids) const { monitor_.append_pids(pids); }

    const supervise::Health& health() const noexcept { return monitor_.health(); }
    // What the application said of itself last, by STATUS=.
    const std::optional<std::string>& message() const noexcept { return message_; }
    // Some run has been ready.
    bool was_ever_ready() const noexcept { return was_ever_ready_; }

private:
    void on_message(const supervise::NotifyMessage& message);
    void follow();

    platform::Loop& loop_;
    ReadinessRequest request_;
    Events events_;
    supervise::HealthMonitor monitor_;
    std::unique_ptr<supervise::NotifySocket> socket_;
    std::optional<supervise::NotifyRelay> relay_;
    std::optional<uid_t> user_;
    std::string socket_entry_;
    std::string watchdog_entry_;
    std::optional<std::string> message_;
    bool is_running_ = false;
    bool was_ready_ = false;  // when it was looked at last
    bool was_ever_ready_ = false;
    bool has_told_verdict_ = false;
};

}  // namespace kaigara::app
