// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waits until all of some targets have answered: `kaigara wait`, and an operation's `wait`.
//
//     start() ─► each target: attempt ─► no answer ─► delay ─► attempt ─► ... ─► answer
//                    │                                                         │
//                    └─ the time is over: on_done(error)       all of them: on_done()
//
// All are asked at the same time, at once and then again and again; the delay between two attempts
// grows from 100 ms to 1 s. One that has answered is not asked again. The loop is used for timers
// and sockets alone, so the waiter stands beside whatever else there is on it, and its destructor
// ends everything at once.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "platform/loop.h"
#include "platform/wait_attempt.h"
#include "platform/wait_target.h"

namespace kaigara::platform {

// "tcp:db:5432, file:/run/ready"
std::string names_of(const std::vector<WaitTarget>& targets);

class Waiter {
public:
    // Most targets at once, each of which may hold a descriptor.
    static constexpr std::size_t most_targets = 256;
    // The limit of one attempt.
    static constexpr Milliseconds attempt_limit{5'000};

    // The loop outlives it. `on_done` is called once, never by start(); the object may be destroyed
    // in it. Fault::unavailable names each target that did not answer, with its last reason.
    Waiter(Loop& loop, std::vector<WaitTarget> targets, Milliseconds timeout,
           std::function<void(Result<void>)> on_done);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    void start();

    // Those that have not answered yet, with their last reason where there is one:
    // "tcp:db:5432: connection refused; file:/run/ready: no such file or directory".
    std::string missing() const;

private:
    struct Probe;

    void attempt(Probe& probe);
    void on_attempt_end(Probe& probe, const std::string& reason);
    void on_time();
    void finish(Result<void> result);

    Loop& loop_;
    Milliseconds timeout_;
    std::function<void(Result<void>)> on_done_;
    HttpClient client_;
    Timer timer_;
    std::chrono::steady_clock::time_point deadline_;
    std::vector<std::unique_ptr<Probe>> probes_;
    std::size_t unanswered_;
};

}  // namespace kaigara::platform
