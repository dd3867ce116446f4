// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is done when kaigara itself cannot go on: one line that says why, and nobody left behind.
//
// That is rare, and never the application's fault: the kernel has no memory for a further
// descriptor of epoll(7), or a library calls abort(3), as libuv does where epoll_ctl(2) or its own
// pipe fails. A process 1 that just died would take the application with it by KILL, in the middle
// of a write; and no default action of a signal ends a process 1, so abort(3) would end it by an
// illegal instruction, without a word. So the children are asked to end first, and have the time
// that `docker stop` gives.
//
// The event loop is no longer trusted here, so the time passes by looking every ten milliseconds.

#include <string_view>

namespace kaigara::platform {

// TERM (and CONT, for those that are stopped) to every child; KILL to what is left after ten
// seconds. Returns when none is left, at once where there is none. Process 1 speaks to its whole
// PID namespace, any other process to its descendants.
void stop_all_children() noexcept;

// Logs "WHAT: the text of the errno", stops the children and ends with 74 (EX_IOERR). Asked again
// while it is at work, it ends at once.
[[noreturn]] void give_up(std::string_view what, int error) noexcept;

}  // namespace kaigara::platform
