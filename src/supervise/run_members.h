// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which processes belong to a run of the application: the application, and whatever comes from it,
// however it has tried to leave (setsid(2), double forks). Pure.
//
// All that a run leaves becomes our child, as we are PID 1 or a subreaper, so all descendants of
// ours are looked at, but for:
//
//   - companions (the watcher, a command of on-change) and what comes from them;
//   - what is older than the run, such as a daemon that an operation has left on purpose.
//
// What came into the container from outside (docker exec) has its parent out of our sight, and is
// no descendant. What such a process leaves behind when it ends cannot be told from the run's own,
// once it is our child.

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <vector>

#include "platform/processes.h"

namespace kaigara::supervise {

struct Run {
    std::uint64_t started = 0;  // as platform::Process has it; 0 where that is not known
    std::span<const pid_t> companions;
};

// The pids, zombies not included.
std::vector<pid_t> members_of_run(const Run& run, pid_t self,
                                  const std::vector<platform::Process>& all);

}  // namespace kaigara::supervise
