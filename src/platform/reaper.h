// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one place that waits for children (law 1). PID 1 must reap strangers, so it waits for any
// child; a second waiter beside it would lose statuses without a word.
//
// A child that was spawned is announced with expect() before control returns to the loop, so its
// end can never come first. Ends of strangers (orphans that the kernel gave us) are only counted.
// SIGCHLDs merge, so reap() goes on until no dead child is left.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace kaigara::platform {

// How a child ended: by exit(2) with a code, or by a signal.
struct ChildEnd {
    bool by_signal = false;
    int number = 0;  // the exit code 0..255, or the signal
    bool dumped_core = false;

    // 0..255 as a shell tells it: the code, or 128 + signal.
    int status() const noexcept { return by_signal ? 128 + number : number; }
    bool operator==(const ChildEnd&) const = default;
};

class Reaper {
public:
    using OnEnd = std::function<void(const ChildEnd&)>;
    using OnStop = std::function<void(int signal)>;
    using OnStranger = std::function<void(pid_t, const ChildEnd&)>;

    // `on_end` is called once. The pid is free for reuse from that moment on.
    void expect(pid_t pid, OnEnd on_end);
    bool expects(pid_t pid) const noexcept;
    // Also tells when this child was stopped by a signal (job control), until it ends.
    void watch_stops(pid_t pid, OnStop on_stop);
    // Called for each end that nobody expected.
    void on_stranger(OnStranger callback) { on_stranger_ = std::move(callback); }

    // Collects all that is dead.
    void reap();

    // False when the last reap() found that no child is left, dead or alive.
    bool has_children() const noexcept { return has_children_; }
    // How many ends nobody expected, so far.
    std::uint64_t strangers() const noexcept { return strangers_; }

private:
    struct Expected {
        pid_t pid;
        OnEnd on_end;
        OnStop on_stop;
    };

    void deliver(pid_t pid, int status);

    std::vector<Expected> expected_;
    OnStranger on_stranger_;
    std::uint64_t strangers_ = 0;
    bool has_children_ = true;
};

}  // namespace kaigara::platform
