// SPDX-License-Identifier: Apache-2.0
#pragma once

// The terminal that the container or the shell gave us, and whose process group is in front of it.

#include <sys/types.h>

namespace kaigara::platform {

bool is_terminal(int fd) noexcept;

// The foreground process group of the terminal; -1 where `fd` is not our controlling terminal. A
// group from outside of our PID namespace is seen as 0.
pid_t foreground_group(int fd) noexcept;

// Whether `fd` is our controlling terminal and our process group is the foreground one. A group
// from outside of our PID namespace is seen as 0 on both sides, and counts as ours.
bool is_in_foreground(int fd) noexcept;

// Makes `group` the foreground process group; false when that is not possible (no terminal, another
// session's). TTOU is blocked, so a background process may do it too.
bool give_foreground(int fd, pid_t group) noexcept;

}  // namespace kaigara::platform
