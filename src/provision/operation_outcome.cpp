// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_outcome.h"

#include <fmt/format.h>

#include "platform/signals.h"

namespace kaigara::provision {

namespace {

std::string failure_text(const platform::ChildEnd& end) {
    if (!end.by_signal && end.number == status_try_later)
        return fmt::format("asks to be tried again later (status {})", status_try_later);
    if (!end.by_signal) return fmt::format("failed with status {}", end.number);
    return fmt::format("was ended by signal {} ({}){}", end.number,
                       platform::signal_name(end.number),
                       end.dumped_core ? " and dumped core" : "");
}

}  // namespace

std::string rounded(Milliseconds duration) {
    if (duration < Milliseconds(100)) return format_duration(duration);
    if (duration < Milliseconds(60'000)) {
        const auto tenths = (duration.count() + 50) / 100;
        return fmt::format("{}.{}s", tenths / 10, tenths % 10);
    }
    return format_duration(std::chrono::duration_cast<std::chrono::seconds>(duration));
}

OperationOutcome judge(const platform::ChildEnd& end, Milliseconds duration,
                       Milliseconds time_limit) {
    const std::string took = fmt::format("duration={}", format_duration(duration));
    if (time_limit.count() != 0)
        return {LedgerEvent::timed_out,
                fmt::format("timeout={} {}", format_duration(time_limit), took),
                fmt::format("was ended by its timeout of {}", format_duration(time_limit))};
    if (!end.by_signal && end.number == 0)
        return {LedgerEvent::done, took, fmt::format("done in {}", rounded(duration))};
    if (!end.by_signal && end.number == status_does_not_apply)
        return {LedgerEvent::skipped, took,
                fmt::format("does not apply (status {})", status_does_not_apply)};
    return {LedgerEvent::failed,
            fmt::format("{}={} {}", end.by_signal ? "signal" : "status", end.number, took),
            fmt::format("{} after {}", failure_text(end), rounded(duration))};
}

}  // namespace kaigara::provision
