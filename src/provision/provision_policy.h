// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the second half of stage 2 does, as a table: (state, event) -> (actions, state). It touches
// nothing; the provisioner performs the actions and brings the events.
//
//   starting ──must_wait──► waiting ──answered──► starting
//   starting ──must_announce──► announcing ──announced──► starting ──spawned──► running
//   running ──ended──► recording ──recorded──► flushing ──passed──► starting (the next one)
//   running ──timed_out──► expiring ──deadline──► sweeping      each: nobody left ──► recording
//   running ──others are left──► clearing ──deadline──► sweeping
//   flushing ──retry──► delaying ──deadline──► starting
//   running, expiring, clearing ──lost──► losing ──deadline──► dropping      nobody left ──► done
//   running, expiring ──stop──► stopping ──deadline, second stop──► killing
//   stopping, killing ──nobody left──► closing ──recorded──► done
//
// clang-format off
// starting   The next operation is to be started. For want of a process or memory, or while its
//            file is being written, it is tried again until a deadline.
// waiting    The ledger is not had yet, or what the operation waits for (its option `wait`) does not
//            answer. The deadline tells so, and starts anew.
// announcing Its start is being recorded. The ledger sees to it that this comes to an end.
// running    It runs. The deadline tells that it still does, and starts anew.
// expiring   Its timeout is over: the session got TERM and has until the deadline.
// clearing   It has ended and left others in its session; they got TERM and have until the
//            deadline.
// sweeping   They got KILL. What cannot die even so (it hangs in the kernel) is left at a deadline.
// recording  It has ended and so has its session, or it has not come to be. That is being recorded.
// flushing   Its end is recorded. The last of its output waits for its reader.
// delaying   It has failed, and is tried again at the deadline.
// losing     The ledger's lock was lost while it ran: the session got TERM and has until the
//            deadline, which comes before another kaigara can have the lock. Nothing is recorded.
// dropping   The session got KILL for that.
// stopping   A stop was asked for: the session got the signal and has until the deadline.
// killing    The session got KILL, by the deadline or by a second stop.
// closing    A stop was asked for, and nothing runs. What that has cancelled is being recorded, until
//            the deadline, or a further stop.
// done       Nothing runs, and nothing will.
// clang-format on
//
// Signals that are no stop are no events: they are held back from operations, and are not kept for
// the application, which was not there when they came.

#include <cstdint>

namespace kaigara::provision {

enum class State : std::uint8_t {
    starting,
    waiting,
    announcing,
    running,
    expiring,
    clearing,
    sweeping,
    recording,
    flushing,
    delaying,
    losing,
    dropping,
    stopping,
    killing,
    closing,
    done,
};

enum class Event : std::uint8_t {
    spawned,
    spawn_deferred,     // worth another try
    none_left_to_run,   // there is no further operation
    must_wait,          // the next one needs the ledger, or waits for something
    answered,           // all of which is there now
    must_announce,      // its start is to be recorded
    announced,          // that is recorded
    refused,            // it cannot be started
    ended,              // the operation ended, and nobody of its session is left
    ended_with_others,  // the operation ended, others of its session are left
    timed_out,          // it runs for longer than it may
    session_empty,      // after its end: nobody is left now
    session_occupied,   // after its end: somebody still is
    recorded,           // its end
    record_failed,      // its start, or its end, cannot be recorded
    lost,               // the ledger's lock, while its start is recorded and its end is not
    retry,              // it is over, has failed, and is to be tried again
    passed,             // it is over, and the next one may come
    failed,             // it is over, and the start with it
    stop,               // TERM, INT or QUIT
    deadline,           // the one that was set last
};

using Actions = std::uint32_t;
namespace action {
inline constexpr Actions none = 0;
inline constexpr Actions spawn = 1U << 0U;            // try to start the operation
inline constexpr Actions next = 1U << 1U;             // go on to the one after it
inline constexpr Actions begin_wait = 1U << 2U;       // ask for the next of what it waits for
inline constexpr Actions arm_spawn = 1U << 3U;        // deadline of another try to start it
inline constexpr Actions arm_retry = 1U << 4U;        // deadline after its retry-delay
inline constexpr Actions arm_progress = 1U << 5U;     // deadline after the progress interval
inline constexpr Actions arm_run = 1U << 6U;          // the same, or after its timeout
inline constexpr Actions tell_progress = 1U << 7U;    // say that it still runs, or waits
inline constexpr Actions tell_timeout = 1U << 8U;     // say that its time is over
inline constexpr Actions send_stop = 1U << 9U;        // the stop signal to the session
inline constexpr Actions terminate = 1U << 10U;       // TERM to the session
inline constexpr Actions kill = 1U << 11U;            // KILL to the session
inline constexpr Actions arm_kill = 1U << 12U;        // deadline after kill-after
inline constexpr Actions watch = 1U << 13U;           // look soon whether anybody is left
inline constexpr Actions tell_survivors = 1U << 14U;  // say that some cannot be ended
inline constexpr Actions flush = 1U << 15U;           // pass on its last output
inline constexpr Actions finish_done = 1U << 16U;     // end: all operations are done
inline constexpr Actions finish_failed = 1U << 17U;   // end: one has failed
inline constexpr Actions finish_stopped = 1U << 18U;  // end: by the stop signal
inline constexpr Actions announce = 1U << 19U;        // record its start
inline constexpr Actions launch = 1U << 20U;          // make its process
inline constexpr Actions record = 1U << 21U;          // record its end
inline constexpr Actions record_stop = 1U << 22U;     // record that it was cancelled, if it ran
inline constexpr Actions arm_close = 1U << 23U;       // deadline of that
inline constexpr Actions tell_loss = 1U << 24U;       // say that it is ended, and why
inline constexpr Actions arm_loss = 1U << 25U;        // deadline before the lock's time is over
}  // namespace action

struct Decision {
    Actions actions = action::none;
    State next = State::starting;
};

// Every pair has an answer; provision_policy.cpp proves it at compile time.
Decision decide(State state, Event event) noexcept;

}  // namespace kaigara::provision
