// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every exit status that kaigara chooses itself (CONTRACT section 7). No other file knows a number.
// Those up to 78 are the ones of sysexits(3); 126, 127 and 128+n are the shell's.

#include "base/error.h"
#include "supervise/launch.h"
#include "supervise/supervisor.h"

namespace kaigara::app {

inline constexpr int exit_ok = 0;
inline constexpr int exit_missing_value = 1;  // `get` of a path that does not exist
inline constexpr int exit_not_healthy = 1;    // `health`
inline constexpr int exit_try_again = 75;     // `reload` and `restart` when it is not possible now

int exit_code(Fault fault) noexcept;

// The status of the first error.
int exit_code(const Errors& errors) noexcept;

// The application's status as kaigara passes it on: 128+n for a signal, `success` statuses as 0.
int exit_code(const platform::ChildEnd& end, const supervise::Launch& launch) noexcept;

// 128 + the signal that ended kaigara's own work.
int exit_code_of_signal(int signal) noexcept;

}  // namespace kaigara::app
