// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stage 3 does, as a table: (state, event) -> (actions, state). It touches nothing; the
// supervisor performs the actions and brings the events.
//
//                 spawned                ended
//     starting ------------> running ------------------> done
//       |  ^                  |  |                         ^
//       |  | retry            |  | ended, others are left  | nobody left, deadline, or stop
//       +--+                  |  v                         |
//       |                     | leaving -------------------+
//       | refused, stop       |  ^
//       v                stop |  | ended, others are left
//      done                   v  |
//                            stopping --- deadline: kill all ---> stopping
//
// starting   The application could not be started for want of a process or memory, or its file is
//            being written; it is tried again until the start deadline. Signals are held and
//            delivered when it runs; a stop ends kaigara at once.
// running    It runs. Signals are forwarded.
// stopping   A stop was asked for and forwarded. With a stop timeout, a deadline runs. Further
//            signals are forwarded too, a second stop as well.
// leaving    The application has ended and others are left (PID 1 with a grace time): they got TERM
//            and are waited for until the deadline. A stop signal now ends the waiting.
// done       kaigara ends with the application's status.
//
// A stop is TERM, or the stop signal that the user named: a container whose image says STOPSIGNAL
// QUIT is stopped by QUIT.

#include <cstdint>

namespace kaigara::supervise {

enum class State : std::uint8_t { starting, running, stopping, leaving, done };

enum class Event : std::uint8_t {
    spawned,
    spawn_deferred,     // worth another try
    spawn_refused,      // it will never start
    signal,             // one that is to be forwarded
    stop,               // one that asks for the stop, to be forwarded
    ended,              // the application ended, and nobody is waited for
    ended_with_others,  // the application ended, others are left and have a grace time
    deadline,           // the timer that was armed last
    nobody_left,        // the last child is gone
};

using Actions = std::uint16_t;
namespace action {
inline constexpr Actions none = 0;
inline constexpr Actions spawn = 1U << 0U;             // try to start the application
inline constexpr Actions arm_retry = 1U << 1U;         // deadline after the retry delay
inline constexpr Actions hold = 1U << 2U;              // keep the signal until the application runs
inline constexpr Actions deliver_held = 1U << 3U;      // forward what was held
inline constexpr Actions forward = 1U << 4U;           // forward the signal
inline constexpr Actions arm_stop = 1U << 5U;          // deadline after the stop timeout, if any
inline constexpr Actions kill_all = 1U << 6U;          // KILL to all that is left
inline constexpr Actions terminate_others = 1U << 7U;  // TERM to all that is left
inline constexpr Actions arm_grace = 1U << 8U;         // deadline after the grace time
inline constexpr Actions finish = 1U << 9U;            // end with the application's status
inline constexpr Actions finish_by_signal = 1U << 10U;  // end with 128 + the signal
inline constexpr Actions report = 1U << 11U;            // say why it could not be started, end
}  // namespace action

struct Decision {
    Actions actions = action::none;
    State next = State::starting;
};

// Every pair has an answer; policy.cpp proves it at compile time.
Decision decide(State state, Event event) noexcept;

}  // namespace kaigara::supervise
