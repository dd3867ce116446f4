// SPDX-License-Identifier: Apache-2.0
#include "app/run_record.h"

#include <signal.h>

#include "platform/oom_kills.h"
#include "platform/wall_clock.h"

namespace kaigara::app {

namespace {

using Reason = Status::EndReason;

Reason reason_of(const supervise::RunEnd& end, bool by_kernel) noexcept {
    switch (end.reason) {
    case supervise::EndReason::not_live: return Reason::not_live;
    case supervise::EndReason::start_timeout: return Reason::start_timeout;
    case supervise::EndReason::restart_asked: return Reason::restart;
    case supervise::EndReason::by_itself:
    case supervise::EndReason::interrupted: break;
    }
    if (!end.child.by_signal) return Reason::exited;
    return by_kernel ? Reason::oom_kill : Reason::signal;
}

}  // namespace

void RunRecord::begin() {
    known_.since_ms = platform::wall_clock();
    oom_kills_ = platform::count_oom_kills();
}

Status::Exit RunRecord::end(const supervise::RunEnd& end, bool by_us) {
    known_.since_ms.reset();
    bool by_kernel = false;
    if (!by_us && end.child.by_signal && end.child.number == SIGKILL && oom_kills_) {
        const auto now = platform::count_oom_kills();
        by_kernel = now && *now > *oom_kills_;
    }
    Status::Exit exit;
    exit.status = end.child.status();
    exit.signal = end.child.by_signal ? end.child.number : 0;
    exit.reason = reason_of(end, by_kernel);
    exit.at_ms = platform::wall_clock();
    exit.ran = end.ran;
    known_.add_exit(exit);
    return exit;
}

void RunRecord::describe(Status& status) const {
    status.since_ms = known_.since_ms;
    status.last_exits = known_.last_exits;
    status.signals_forwarded = known_.signals_forwarded;
}

}  // namespace kaigara::app
