// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stage 3 does, as a table: (state, event) -> (actions, state). It touches nothing; the
// supervisor performs the actions and brings the events. docs/supervision.md shows the same picture
// to users.
//
//                                     restart: asked for, not live, start time over
//               spawned              +--------------------+
//   starting ------------> running --+                    v
//    ^  |  ^ |                | |                     preparing      pre-stop runs; then the
//    |  +--+ |                | | stop                    | prepared stop signal is sent
//    | retry | refused, stop  | v                         v
//    |       v                | stop_preparing        restarting --- deadline: kill the run
//    |     done               |   | prepared              |
//    |       ^                |   v                       | again                 ended
//    |       |                |  stopping --- deadline:    |                         |
//    |       |                |   |           kill all     |                         v
//    |       |    ended       v   v                        |                 done or leaving
//    |       +-------------(the application's end)<--------+
//    |       |                |        | again
//    |       | nobody left,   |        v
//    |       | deadline, or   |     clearing --- deadline: kill the run
//    |       | a stop         |        | run gone
//    |     leaving <----------+        v
//    |              ended, others   waiting ------ stop ------> done
//    |              are left           | deadline, restart
//    +---------------------------------+
//
// starting       The application could not be started for want of a process or memory, or its file
//                is being written; it is tried again until the start deadline. Signals are held and
//                delivered when it runs; a stop ends kaigara at once.
// running        It runs. Signals are forwarded.
// stop_preparing A stop was asked for, and the command of pre-stop runs; the stop timeout runs from
//                the stop's arrival. When the command has ended the stop is forwarded. A second
//                stop cuts the command short.
// stopping       The stop was forwarded. With a stop timeout, a deadline runs. Further signals are
//                forwarded too, a second stop as well.
// preparing      As stop_preparing, but so that the application can be started again, or so that
//                the restart policy can be asked. A deadline runs always.
// restarting     The application got the stop signal for that.
//                In both a stop turns it into a stop: nothing is started any more.
// clearing       The application has ended and is to be started again, and what its run left is
//                being ended: with a grace time by TERM and, at the deadline, by KILL; else by KILL
//                at once. A signal finds nobody. A stop ends kaigara.
// waiting        Nothing of the run is left; the restart delay runs. A signal finds nobody. A stop
//                ends kaigara with the status of the last run.
// leaving        The application has ended and others are left (PID 1 with a grace time): they got
//                TERM and are waited for until the deadline. A stop signal now ends the waiting.
// done           kaigara ends with the application's status: the last one's, where there were
//                several.
//
// A stop is TERM, or the stop signal that the user named: a container whose image says STOPSIGNAL
// QUIT is stopped by QUIT. Whether an end is followed by another run is restart_policy's to say,
// which is asked at each end; `again` is its yes. Once a stop was asked for that yes changes
// nothing, here as there.

#include <cstdint>

namespace kaigara::supervise {

enum class State : std::uint8_t {
    starting,
    running,
    stop_preparing,
    stopping,
    preparing,
    restarting,
    clearing,
    waiting,
    leaving,
    done,
};

enum class Event : std::uint8_t {
    spawned,
    spawn_deferred,     // worth another try
    spawn_refused,      // it will never start
    signal,             // one that is to be forwarded
    stop,               // one that asks for the stop, to be forwarded
    restart,            // the application is to be stopped, and the restart policy asked
    prepared,           // the command of pre-stop has ended, or there is none
    ended,              // the application ended for good, and nobody is waited for
    ended_with_others,  // the application ended for good, others are left and have a grace time
    again,              // the application ended and is to be started again
    deadline,           // the timer that was armed last
    run_gone,           // nothing of the former run is left
    nobody_left,        // the last child is gone
};

using Actions = std::uint32_t;
namespace action {
inline constexpr Actions none = 0;
inline constexpr Actions spawn = 1U << 0U;         // try to start the application
inline constexpr Actions arm_retry = 1U << 1U;     // deadline after the retry delay
inline constexpr Actions hold = 1U << 2U;          // keep the signal until the application runs
inline constexpr Actions deliver_held = 1U << 3U;  // forward what was held
inline constexpr Actions forward = 1U << 4U;       // forward the signal
inline constexpr Actions forward_stop = 1U << 5U;  // forward the stop that came first
inline constexpr Actions arm_stop = 1U << 6U;      // deadline after the stop timeout, if any
inline constexpr Actions arm_restart = 1U << 7U;   // deadline after the stop timeout or 10 s
inline constexpr Actions prepare = 1U << 8U;       // run the command of pre-stop
inline constexpr Actions cut_prepare = 1U << 9U;   // end it by KILL
inline constexpr Actions stop_run = 1U << 10U;     // the stop signal to the application
inline constexpr Actions kill_all = 1U << 11U;     // KILL to all that is left
inline constexpr Actions terminate_others = 1U << 12U;  // TERM to all that is left
inline constexpr Actions arm_grace = 1U << 13U;         // deadline after the grace time
inline constexpr Actions clear_run = 1U << 14U;         // begin to end what the run has left
inline constexpr Actions kill_run = 1U << 15U;          // KILL to what is left of the run
inline constexpr Actions arm_delay = 1U << 16U;         // deadline after the restart delay
inline constexpr Actions disarm = 1U << 17U;            // no deadline any more
inline constexpr Actions tell_nobody = 1U << 18U;       // the signal finds nobody: say so
inline constexpr Actions finish = 1U << 19U;            // end with the application's status
inline constexpr Actions finish_by_signal = 1U << 20U;  // end with 128 + the signal, or as `finish`
                                                        // where an application has run already
inline constexpr Actions report = 1U << 21U;            // say why it could not be started, end
}  // namespace action

struct Decision {
    Actions actions = action::none;
    State next = State::starting;
};

// Every pair has an answer; policy.cpp proves it at compile time.
Decision decide(State state, Event event) noexcept;

}  // namespace kaigara::supervise
