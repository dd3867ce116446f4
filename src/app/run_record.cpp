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
    since_ = platform::wall_clock();
    oom_kills_ = platform::count_oom_kills();
}

Status::Exit RunRecord::end(const supervise::RunEnd& end, bool by_us) {
    since_.reset();
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
    exits_.insert(exits_.begin(), exit);
    if (exits_.size() > Status::most_exits) exits_.pop_back();
    return exit;
}

void RunRecord::describe(Status& status) const {
    status.since_ms = since_;
    status.last_exits = exits_;
    status.signals_forwarded = forwarded_;
}

}  // namespace kaigara::app
