// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the second half of stage 2 does, as a table: (state, event) -> (actions, state). It touches
// nothing; the provisioner performs the actions and brings the events.
//
//                     +---------------------------- succeeded: the next one ----------+
//                     v                                                               |
//     (start) --> starting --spawned--> running --ended---------------------------> flushing
//                 |  ^   |                 |  |                                       ^ |  |
//                 |  +---+ retry           |  | ended, others are left                | |  |
//                 |                        |  +--> clearing ------- nobody left ------+ |  |
//                 |                   stop |          |  deadline                    | |  |
//                 |                        |          +----> sweeping -- nobody left -+ |  |
//                 |                        v                                            |  |
//                 |                     stopping --deadline, second stop--> killing     |  |
//                 | refused, no more,      |                                   |        |  |
//                 | stop                   | nobody left                       |        |  |
//                 v                        v                                   v        |  |
//               done <---------------------+-----------------------------------+--------+--+
//                                                                         failed, or a stop
//
// starting   The next operation is to be started. For want of a process or memory, or while its
//            file is being written, it is tried again until a deadline.
// running    It runs. The deadline tells that it still does, and starts anew.
// clearing   It has ended and left others in its session; they got TERM and have until the
// deadline. sweeping   They got KILL. What cannot die even so (it hangs in the kernel) is left at a
// deadline. flushing   It has ended and so has its session. The last of its output waits for its
// reader. stopping   A stop was asked for: the session got the signal and has until the deadline.
// killing    The session got KILL, by the deadline or by a second stop.
// done       Nothing runs, and nothing will.
//
// Signals that are no stop are no events: they are held back from operations, and are not kept for
// the application, which was not there when they came.

#include <cstdint>

namespace kaigara::provision {

enum class State : std::uint8_t {
    starting,
    running,
    clearing,
    sweeping,
    flushing,
    stopping,
    killing,
    done,
};

enum class Event : std::uint8_t {
    spawned,
    spawn_deferred,     // worth another try
    spawn_refused,      // it will never start
    none_left_to_run,   // there is no further operation
    ended,              // the operation ended, and nobody of its session is left
    ended_with_others,  // the operation ended, others of its session are left
    session_empty,      // after that: nobody is left now
    session_occupied,   // after that: somebody still is
    succeeded,          // all of its output is out, and it did what it should
    failed,             // all of its output is out, and it did not
    stop,               // TERM, INT or QUIT
    deadline,           // the one that was set last
};

using Actions = std::uint16_t;
namespace action {
inline constexpr Actions none = 0;
inline constexpr Actions spawn = 1U << 0U;            // try to start the operation
inline constexpr Actions next = 1U << 1U;             // start the one after it
inline constexpr Actions arm_retry = 1U << 2U;        // deadline after the retry delay
inline constexpr Actions arm_progress = 1U << 3U;     // deadline after the progress interval
inline constexpr Actions tell_progress = 1U << 4U;    // say that it still runs
inline constexpr Actions send_stop = 1U << 5U;        // the stop signal to the session
inline constexpr Actions terminate = 1U << 6U;        // TERM to the session
inline constexpr Actions kill = 1U << 7U;             // KILL to the session
inline constexpr Actions arm_kill = 1U << 8U;         // deadline after kill-after
inline constexpr Actions watch = 1U << 9U;            // look soon whether anybody is left
inline constexpr Actions tell_survivors = 1U << 10U;  // say that some cannot be ended
inline constexpr Actions flush = 1U << 11U;           // pass on what is left of the output
inline constexpr Actions finish_done = 1U << 12U;     // end: all operations are done
inline constexpr Actions finish_failed = 1U << 13U;   // end: one has failed
inline constexpr Actions finish_stopped = 1U << 14U;  // end: by the stop signal
}  // namespace action

struct Decision {
    Actions actions = action::none;
    State next = State::starting;
};

// Every pair has an answer; provision_policy.cpp proves it at compile time.
Decision decide(State state, Event event) noexcept;

}  // namespace kaigara::provision
