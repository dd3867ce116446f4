// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which processes there are, as /proc tells it. Slow (a file a process), so it is asked only where
// a signal to a process group is not enough.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace kaigara::platform {

struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    bool is_zombie = false;
    std::uint64_t started = 0;  // in clock ticks since the machine's start
};

// Every process that /proc shows; empty where /proc is not mounted.
std::vector<Process> list_processes();

// One of them; nothing where it does not exist, or /proc does not show it.
std::optional<Process> find_process(pid_t pid);

// The descendants of `ancestor` among `all`, however deep, itself and zombies not included.
std::vector<pid_t> descendants_of(pid_t ancestor, const std::vector<Process>& all);

// The members of a session among `all`, zombies not included.
std::vector<pid_t> members_of_session(pid_t session, const std::vector<Process>& all);

}  // namespace kaigara::platform
