// SPDX-License-Identifier: Apache-2.0
#include "platform/reaper.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

namespace kaigara::platform {

void Reaper::expect(pid_t pid, OnEnd on_end) {
    expected_.push_back({pid, std::move(on_end), {}});
    has_children_ = true;
}

bool Reaper::expects(pid_t pid) const noexcept {
    return std::ranges::find(expected_, pid, &Expected::pid) != expected_.end();
}

void Reaper::watch_stops(pid_t pid, OnStop on_stop) {
    const auto found = std::ranges::find(expected_, pid, &Expected::pid);
    if (found != expected_.end()) found->on_stop = std::move(on_stop);
}

void Reaper::reap() {
    const bool stops = std::ranges::any_of(
        expected_, [](const Expected& child) { return static_cast<bool>(child.on_stop); });
    const int flags = stops ? WNOHANG | WUNTRACED : WNOHANG;
    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, flags);
        if (pid > 0) {
            deliver(pid, status);
            continue;
        }
        if (pid < 0 && errno == EINTR) continue;
        has_children_ = pid == 0;
        return;
    }
}

void Reaper::deliver(pid_t pid, int status) {
    const auto found = std::ranges::find(expected_, pid, &Expected::pid);
    if (WIFSTOPPED(status)) {
        if (found == expected_.end() || !found->on_stop) return;
        const OnStop on_stop = found->on_stop;  // the callback may change the list
        on_stop(WSTOPSIG(status));
        return;
    }
    ChildEnd end;
    end.by_signal = WIFSIGNALED(status);
    end.number = end.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    end.dumped_core = end.by_signal && WCOREDUMP(status);
    if (found == expected_.end()) {
        ++strangers_;
        if (on_stranger_) on_stranger_(pid, end);
        return;
    }
    const OnEnd on_end = std::move(found->on_end);
    expected_.erase(found);
    on_end(end);
}

}  // namespace kaigara::platform
