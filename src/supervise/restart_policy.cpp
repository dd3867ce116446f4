// SPDX-License-Identifier: Apache-2.0
#include "supervise/restart_policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "platform/signals.h"

namespace kaigara::supervise {

namespace {

constexpr int cannot_execute = 126;
constexpr int not_found = 127;

bool wants_another(const RestartRules& rules, const RunEnd& end) noexcept {
    const bool was_ended_as_bad =
        end.reason == EndReason::not_live || end.reason == EndReason::start_timeout;
    if (end.reason == EndReason::interrupted) return false;
    if (!end.child.by_signal &&
        (end.child.number == cannot_execute || end.child.number == not_found))
        return false;
    switch (rules.when) {
    case RestartWhen::never: return false;
    case RestartWhen::on_failure: return was_ended_as_bad || !end.success;
    case RestartWhen::always: break;
    }
    return true;
}

// The first delay, doubled for each restart since the last healthy run.
Milliseconds delay_of(const RestartRules& rules, std::uint64_t earlier) noexcept {
    Milliseconds delay = std::min(rules.first_delay, rules.longest_delay);
    if (delay.count() == 0) return delay;
    for (; earlier > 0 && delay < rules.longest_delay; --earlier)
        delay = std::min(delay * 2, rules.longest_delay);
    return delay;
}

// Between four and six fifths.
Milliseconds vary(Milliseconds delay, std::uint64_t random) noexcept {
    const auto fifth = static_cast<std::uint64_t>(delay.count()) / 5;
    const auto offset = static_cast<Milliseconds::rep>(random % (2 * fifth + 1));
    return delay + Milliseconds(offset - static_cast<Milliseconds::rep>(fifth));
}

}  // namespace

RestartVerdict after_run(const RestartRules& rules, RestartHistory& history, const RunEnd& end,
                         std::uint64_t random) noexcept {
    if (end.ran >= rules.reset) history.without_reset = 0;
    if (end.reason == EndReason::restart_asked) {
        ++history.all;
        return {.again = true};
    }
    if (!wants_another(rules, end)) return {};
    if (rules.limit && history.without_reset >= *rules.limit) return {.gives_up = true};
    const Milliseconds delay = vary(delay_of(rules, history.without_reset), random);
    ++history.without_reset;
    ++history.all;
    return {.again = true, .delay = delay};
}

std::string text_of(const RunEnd& end) {
    const std::string how = end.child.by_signal
                                ? fmt::format("was ended by signal {} ({})", end.child.number,
                                              platform::signal_name(end.child.number))
                                : fmt::format("ended with status {}", end.child.number);
    return fmt::format("the application {} after {}", how, format_duration(end.ran));
}

}  // namespace kaigara::supervise
