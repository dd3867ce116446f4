// SPDX-License-Identifier: Apache-2.0
#include "supervise/health.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kaigara::supervise {

namespace {

constexpr Milliseconds first_start_delay{100};
constexpr Milliseconds longest_start_delay{1'000};

using Time = Health::Time;

void take_earlier(std::optional<Time>& earliest, const std::optional<Time>& other) noexcept {
    if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

void Health::begin(Time now) {
    *this = Health(rules_);
    if (rules_.start_timeout.count() > 0) start_limit_ = now + rules_.start_timeout;
    if (rules_.live == HealthBy::notify) {
        watchdog_ = rules_.watchdog();
        watchdog_limit_ = now + watchdog_;
    }
    if (rules_.ready == HealthBy::nothing) return become_ready(now);
    reason_ = "it has not been ready yet";
    if (rules_.ready != HealthBy::check) return;
    ready_.delay = std::min(first_start_delay, rules_.interval);
    ready_.due = now + ready_.delay;
}

void Health::end() noexcept {
    is_ready_ = false;
    is_reloading_ = false;
    // Of a run that is over nobody asks whether it is live.
    verdict_.reset();
    rest();
}

void Health::rest() noexcept {
    is_resting_ = true;
    cancel();
}

void Health::cancel() noexcept {
    ready_.due.reset();
    live_.due.reset();
    start_limit_.reset();
    watchdog_limit_.reset();
}

void Health::become_ready(Time now) {
    is_ready_ = true;
    ready_.failures = 0;
    reason_.clear();
    if (std::exchange(was_ready_, true)) return;
    start_limit_.reset();
    if (rules_.live == HealthBy::check) live_.due = now + rules_.interval;
}

void Health::say_ready(Time now) {
    is_reloading_ = false;
    if (rules_.ready == HealthBy::notify) become_ready(now);
}

void Health::say_reloading() noexcept { is_reloading_ = true; }

void Health::say_stopping() noexcept {
    is_leaving_ = true;
    reason_ = "it says that it stops";
}

void Health::say_live(Time now) noexcept {
    if (watchdog_limit_) watchdog_limit_ = now + watchdog_;
}

void Health::say_dead() {
    if (rules_.live != HealthBy::notify || is_resting_) return;
    reason_ = "it says that it is not live (WATCHDOG=trigger)";
    give_verdict(EndReason::not_live);
}

void Health::set_watchdog(Milliseconds interval, Time now) noexcept {
    if (!watchdog_limit_ || interval.count() == 0) return;
    watchdog_ = interval;
    watchdog_limit_ = now + interval;
}

void Health::extend(Milliseconds time, Time now) noexcept {
    if (start_limit_) start_limit_ = std::max(*start_limit_, now + time);
    if (watchdog_limit_) watchdog_limit_ = std::max(*watchdog_limit_, now + time);
}

bool Health::take_due(Check check, Time now) noexcept {
    Probe& probe = check == Check::ready ? ready_ : live_;
    if (verdict_ || !probe.due || *probe.due > now) return false;
    probe.due.reset();
    return true;
}

void Health::on_check(Check check, bool success, std::string reason, Time now) {
    if (verdict_ || is_resting_) return;
    Probe& probe = check == Check::ready ? ready_ : live_;
    if (success) {
        probe.failures = 0;
        if (check == Check::ready && !is_ready_) become_ready(now);
    } else {
        ++probe.failures;
        if (check == Check::live || probe.failures >= rules_.failures || !was_ready_)
            reason_ = std::move(reason);
        if (probe.failures >= rules_.failures) {
            if (check == Check::live) return give_verdict(EndReason::not_live);
            is_ready_ = false;
        }
    }
    if (check == Check::ready && !was_ready_) {
        probe.delay = std::min({probe.delay * 2, longest_start_delay, rules_.interval});
        probe.due = now + probe.delay;
        return;
    }
    probe.due = now + rules_.interval;
}

void Health::give_verdict(EndReason reason) {
    verdict_ = reason;
    cancel();
}

std::optional<Time> Health::next() const noexcept {
    std::optional<Time> earliest;
    take_earlier(earliest, ready_.due);
    take_earlier(earliest, live_.due);
    take_earlier(earliest, start_limit_);
    take_earlier(earliest, watchdog_limit_);
    return earliest;
}

void Health::look(Time now) {
    if (start_limit_ && *start_limit_ <= now) {
        reason_ =
            fmt::format("it was not ready within {}{}{}", format_duration(rules_.start_timeout),
                        ready_.failures > 0 ? ": " : "", ready_.failures > 0 ? reason_ : "");
        return give_verdict(EndReason::start_timeout);
    }
    if (watchdog_limit_ && *watchdog_limit_ <= now) {
        reason_ = fmt::format("no WATCHDOG=1 has come for {}", format_duration(watchdog_));
        give_verdict(EndReason::not_live);
    }
}

}  // namespace kaigara::supervise
