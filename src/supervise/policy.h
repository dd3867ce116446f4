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
// and, where the application is to be started again while kaigara goes on:
//
//               restart                    ended
//     running ----------> restarting ---------------> clearing ----------> starting
//                           |  |  ^                    |  |  ^  run gone
//                           |  +--+ deadline:          |  +--+ deadline:
//                           |       kill the run       |       kill the run
//                           | stop, interrupted        | stop
//                           v                          v
//                        stopping                     done
//
// starting   The application could not be started for want of a process or memory, or its file is
//            being written; it is tried again until the start deadline. Signals are held and
//            delivered when it runs; a stop ends kaigara at once.
// running    It runs. Signals are forwarded.
// stopping   A stop was asked for and forwarded. With a stop timeout, a deadline runs. Further
//            signals are forwarded too, a second stop as well.
// restarting The application got the stop signal so that it can be started again; a deadline runs.
//            Signals are forwarded. A stop, and the end by an INT or QUIT that was forwarded, turn
//            it into a stop: nothing is started any more.
// clearing   That application has ended, and what it left is being ended: with a grace time by
//            TERM and, at the deadline, by KILL; else by KILL at once. When none of it is left the
//            application is started. Signals are held as in `starting`. A stop ends kaigara.
// leaving    The application has ended and others are left (PID 1 with a grace time): they got TERM
//            and are waited for until the deadline. A stop signal now ends the waiting.
// done       kaigara ends with the application's status: the last one's, where there were several.
//
// A stop is TERM, or the stop signal that the user named: a container whose image says STOPSIGNAL
// QUIT is stopped by QUIT.

#include <cstdint>

namespace kaigara::supervise {

enum class State : std::uint8_t {
    starting,
    running,
    stopping,
    restarting,
    clearing,
    leaving,
    done,
};

enum class Event : std::uint8_t {
    spawned,
    spawn_deferred,     // worth another try
    spawn_refused,      // it will never start
    signal,             // one that is to be forwarded
    stop,               // one that asks for the stop, to be forwarded
    restart,            // the application is to be started anew
    interrupted,        // the application is about to be told as ended by a forwarded INT or QUIT
    ended,              // the application ended, and nobody is waited for
    ended_with_others,  // the application ended, others are left and have a grace time
    deadline,           // the timer that was armed last
    run_gone,           // nothing of the former run is left
    nobody_left,        // the last child is gone
};

using Actions = std::uint32_t;
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
inline constexpr Actions finish_by_signal = 1U << 10U;  // end with 128 + the signal, or as `finish`
                                                        // where an application has run already
inline constexpr Actions report = 1U << 11U;            // say why it could not be started, end
inline constexpr Actions stop_run = 1U << 12U;          // the stop signal to the application
inline constexpr Actions arm_restart = 1U << 13U;       // deadline after the stop timeout or 10 s
inline constexpr Actions terminate_run = 1U << 14U;     // TERM to what is left of the run
inline constexpr Actions kill_run = 1U << 15U;          // KILL to what is left of the run
inline constexpr Actions disarm = 1U << 16U;            // no deadline any more
}  // namespace action

struct Decision {
    Actions actions = action::none;
    State next = State::starting;
};

// Every pair has an answer; policy.cpp proves it at compile time.
Decision decide(State state, Event event) noexcept;

}  // namespace kaigara::supervise
