// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether the application is started again when a run of it has ended, and after which delay: pure,
// the clock and the dice are the caller's.
//
// A run that was shorter than `reset` doubles the next delay, up to `longest_delay`; one that was
// at least as long counts as healthy, so that the delay is the first one again and the count of
// restarts begins anew. One rule gives up, `limit`: a window of time beside a growing delay would
// cancel it (that is the trap in systemd's StartLimitIntervalSec). Each delay varies by a fifth, so
// that replicas which failed together do not come back together.
//
// What the end of a run says:
//
//     why it ended           no      on-failure                  always
//     by itself              done    again, if it has failed     again
//     INT or QUIT, asked     done    done                        done
//     status 126 or 127      done    done                        done
//     not live, start time   done    again                       again
//     restart was asked      again   again                       again     at once, not counted
//
// INT and QUIT end an application that somebody wanted to end, at a terminal or by forwarding. 126
// and 127 say that the program, or what its shell should run, cannot be executed: it will be no
// better the next time.

#include <cstdint>
#include <optional>
#include <string>

#include "base/duration.h"
#include "platform/reaper.h"

namespace kaigara::supervise {

enum class RestartWhen : std::uint8_t { never, on_failure, always };

struct RestartRules {
    RestartWhen when = RestartWhen::never;
    Milliseconds first_delay{100};
    Milliseconds longest_delay{30'000};
    Milliseconds reset{10'000};
    std::optional<std::uint64_t> limit;  // restarts without a reset between them; 1 or more
};

// Why a run has ended; all but `by_itself` and `interrupted` by kaigara's own stop.
enum class EndReason : std::uint8_t {
    by_itself,
    interrupted,
    restart_asked,
    not_live,
    start_timeout
};

struct RunEnd {
    EndReason reason = EndReason::by_itself;
    platform::ChildEnd child;
    bool success = false;  // its status is 0, or counts as 0
    Milliseconds ran{0};
};

// Lives as long as kaigara.
struct RestartHistory {
    std::uint64_t without_reset = 0;  // restarts since the last healthy run
    std::uint64_t all = 0;            // restarts, those that were asked for as well
};

struct RestartVerdict {
    bool again = false;
    bool gives_up = false;  // it would be started again, but for the limit
    Milliseconds delay{0};
};

// What comes after a run; counts it in `history`. `random` is any number, all bits of it.
RestartVerdict after_run(const RestartRules& rules, RestartHistory& history, const RunEnd& end,
                         std::uint64_t random) noexcept;

// "the application ended with status 3 after 1s200ms"
std::string text_of(const RunEnd& end);

}  // namespace kaigara::supervise
