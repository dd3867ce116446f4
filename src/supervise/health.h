// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a run of the application is ready and live, and which check is due when: pure, the clock
// is the caller's.
//
//              begin()                  ready: said, or the check succeeds
//     (no run) -------> starting ──────────────────────────────► ready ◄───┐
//                          │                        failures in a row │     │ said, one success
//                          │                                          ▼     │
//                          │ start timeout                         not ready┘
//                          ▼
//                       verdict: start_timeout        verdict: not_live
//                                                        ▲
//                              live check fails `failures` times in a row, or no WATCHDOG=1 within
//                              that time; not before it was ready first
//
// Without a rule about readiness a run is ready from its beginning. A verdict comes once a run; the
// application is to be stopped then, and nothing is due any more.
//
// While the application has not been ready yet, its check comes after 100 ms and then after twice
// that, up to a second, so that one that starts quickly is known quickly. Later all checks come
// once an interval, counted from the end of the last one, so that they never overlap.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/duration.h"
#include "supervise/restart_policy.h"

namespace kaigara::supervise {

enum class HealthBy : std::uint8_t { nothing, notify, check };

struct HealthRules {
    HealthBy ready = HealthBy::nothing;
    HealthBy live = HealthBy::nothing;
    Milliseconds interval{10'000};
    unsigned failures = 3;
    Milliseconds start_timeout{0};  // 0: none

    // How long an application may stay silent that is to say itself that it is live.
    Milliseconds watchdog() const noexcept { return interval * failures; }
};

class Health {
public:
    using Time = std::chrono::steady_clock::time_point;
    enum class Check : std::uint8_t { ready, live };

    explicit Health(const HealthRules& rules) noexcept : rules_(rules) {}

    void begin(Time now);
    void end() noexcept;
    // The application is being stopped: nothing is due any more, and what it says or fails to do
    // now tells nothing about its health. A verdict that was given stays.
    void rest() noexcept;

    // What the application says.
    void say_ready(Time now);
    void say_reloading() noexcept;
    void say_stopping() noexcept;
    void say_live(Time now) noexcept;
    void say_dead();
    void set_watchdog(Milliseconds interval, Time now) noexcept;
    // More time to start, or until the next WATCHDOG=1.
    void extend(Milliseconds time, Time now) noexcept;

    // How a check that was due has ended; `reason` why it failed.
    void on_check(Check check, bool success, std::string reason, Time now);

    // When something is due next, if ever.
    std::optional<Time> next() const noexcept;
    // Takes a check that is due: it runs from now on, until on_check().
    bool take_due(Check check, Time now) noexcept;
    // The time has come: a start or a watchdog may be over.
    void look(Time now);

    bool is_ready() const noexcept { return is_ready_ && !is_leaving_ && !verdict_; }
    bool is_live() const noexcept { return verdict_ != EndReason::not_live; }
    bool was_ready() const noexcept { return was_ready_; }
    bool is_reloading() const noexcept { return is_reloading_; }
    // The application is to be stopped, and why. Once a run.
    std::optional<EndReason> verdict() const noexcept { return verdict_; }
    // Why it is not ready or not live, as far as that is known.
    const std::string& reason() const noexcept { return reason_; }

private:
    struct Probe {
        std::optional<Time> due;
        Milliseconds delay{0};  // of a check before it was ready
        unsigned failures = 0;  // in a row
    };

    void become_ready(Time now);
    void give_verdict(EndReason reason);
    void cancel() noexcept;

    HealthRules rules_;
    Probe ready_;
    Probe live_;
    std::optional<Time> start_limit_;
    std::optional<Time> watchdog_limit_;
    Milliseconds watchdog_{0};
    bool is_ready_ = false;
    bool was_ready_ = false;
    bool is_reloading_ = false;
    bool is_leaving_ = false;  // the application said that it stops
    bool is_resting_ = false;
    std::optional<EndReason> verdict_;
    std::string reason_;
};

}  // namespace kaigara::supervise
