// SPDX-License-Identifier: Apache-2.0
#pragma once

// How one run of an operation ended, and the words for it. Pure.

#include <string>

#include "base/duration.h"
#include "platform/reaper.h"
#include "provision/ledger_line.h"

namespace kaigara::provision {

inline constexpr int status_try_later = 75;       // EX_TEMPFAIL of sysexits.h
inline constexpr int status_does_not_apply = 77;  // what Automake's tests say for "skipped"

struct OperationOutcome {
    // done, skipped, failed or timed_out, as the ledger has them.
    LedgerEvent event = LedgerEvent::done;
    // The details of the line in the ledger: "status=3 duration=12ms".
    std::string details;
    // For a message, behind the operation's name: "failed with status 3 after 12ms".
    std::string text;

    bool is_over() const noexcept {
        return event == LedgerEvent::done || event == LedgerEvent::skipped;
    }
};

// `time_limit` is the timeout that ended it, 0 where none did.
OperationOutcome judge(const platform::ChildEnd& end, Milliseconds duration,
                       Milliseconds time_limit);

// As long as a person cares: "12ms", "0.3s", "1m5s".
std::string rounded(Milliseconds duration);

}  // namespace kaigara::provision
