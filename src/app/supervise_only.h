// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 3 alone: what `kaigara exec` and the faces of other inits do.
//
// There is one child and there are signals, so there is nothing that an event loop could add: all
// waiting is one system call, rt_sigtimedwait(2), with the supervisor's deadline. That is what
// makes this path cost no more than tini (docs/performance.md): no descriptor is opened, and a
// signal is passed on with two system calls.

#include "platform/reaper.h"
#include "supervise/supervisor.h"

namespace kaigara::app {

// Is told of all children, in the order in which other inits tell of them.
class ChildWatcher {
public:
    virtual ~ChildWatcher() = default;
    // SIGCHLD came; it is about to be seen who ended.
    virtual void child_signal() {}
    // One that is not the application ended. The application's end is the Observer's to hear.
    virtual void stranger_ended(pid_t, const platform::ChildEnd&) {}
    // All that were dead are reaped.
    virtual void reaped(bool /*children_are_left*/) {}
};

// Runs the application to its end. Signals must have been taken; those of `launch.not_ours` are
// unblocked.
supervise::Outcome supervise_only(const supervise::Launch& launch, supervise::Observer& observer,
                                  ChildWatcher* watcher = nullptr);

}  // namespace kaigara::app
