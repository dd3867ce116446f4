// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the text of a setting becomes its value, in Settings: one function for each row of the table
// that is not like others, and one template for each kind of member. All answer Fault::usage with a
// message that names the value and what is accepted.

#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/duration.h"
#include "base/result.h"
#include "base/text.h"
#include "platform/signals.h"
#include "supervise/check_spec.h"
#include "supervise/restart_policy.h"

namespace kaigara::app {

Error bad_value(std::string_view value, std::string_view expected);
Result<int> parse_signal(std::string_view value);
Result<void> assign_rewrite(Settings& settings, std::string_view value);
Result<void> assign_success(Settings& settings, std::string_view value);
Result<void> assign_umask(Settings& settings, std::string_view value);
Result<void> assign_level(Settings& settings, std::string_view value);
Result<void> assign_log_format(Settings& settings, std::string_view value);
Result<void> assign_operation_output(Settings& settings, std::string_view value);
Result<void> assign_format(Settings& settings, std::string_view value);
Result<void> assign_ledger(Settings& settings, std::string_view value);
Result<void> assign_restart(Settings& settings, std::string_view value);
Result<void> assign_restart_limit(Settings& settings, std::string_view value);
Result<void> assign_check_failures(Settings& settings, std::string_view value);
// Without an end a source that hangs would keep the container from starting, without a word.
Result<void> assign_resolve_timeout(Settings& settings, std::string_view value);
// Without an end a target that never answers would hold what comes after it, without a word.
Result<void> assign_wait_timeout(Settings& settings, std::string_view value);
// A source is asked at most so often, whatever it is.
Result<void> assign_watch_interval(Settings& settings, std::string_view value);
// Consul knows no shorter one, and a holder that is dead is to be missed within the hour.
Result<void> assign_lock_ttl(Settings& settings, std::string_view value);

// On with 1, true or yes, off with 0, false, no or nothing.
Result<bool> parse_switch(std::string_view value);

// A member that takes the text as it is; it may not be empty.
template <auto Member>
Result<void> assign_text(Settings& settings, std::string_view value) {
    if (value.empty()) return bad_value(value, "a value is needed");
    settings.*Member = std::string(value);
    return {};
}

template <auto Member>
Result<void> assign_place(Settings& settings, std::string_view value) {
    if (value.empty()) return bad_value(value, "a path is needed");
    settings.*Member = Place{std::string(value), true};
    return {};
}

template <auto Member>
Result<void> assign_switch(Settings& settings, std::string_view value) {
    KG_LET(on, parse_switch(value));
    settings.*Member = on;
    return {};
}

template <auto Member>
Result<void> assign_signal(Settings& settings, std::string_view value) {
    KG_LET(signal, parse_signal(value));
    settings.*Member = signal;
    return {};
}

template <auto Member>
Result<void> assign_duration(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    settings.*Member = duration;
    return {};
}

template <auto Member>
Result<void> assign_restart_duration(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    settings.restart.*Member = duration;
    return {};
}

// A check without an end could never fail, and one without a pause would be a load of its own.
template <auto Member>
Result<void> assign_check_duration(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration < Milliseconds(100) || duration > std::chrono::hours(24))
        return bad_value(value, "from 100ms to 1d");
    settings.*Member = duration;
    return {};
}

// It holds up a stop, or the next reload.
template <auto Member>
Result<void> assign_hook_timeout(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration.count() == 0) return bad_value(value, "a command needs some time, such as 5s");
    settings.*Member = duration;
    return {};
}

template <auto Member>
Result<void> assign_check(Settings& settings, std::string_view value) {
    KG_LET(spec, supervise::parse_check_spec(value));
    settings.*Member = std::move(spec);
    return {};
}

}  // namespace kaigara::app
