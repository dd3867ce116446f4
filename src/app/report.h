// SPDX-License-Identifier: Apache-2.0
#pragma once

// Errors and outcomes, told to the user and turned into an exit status.

#include "app/resolve.h"
#include "app/settings.h"
#include "app/settings_table.h"
#include "base/error.h"
#include "supervise/supervisor.h"

namespace kaigara::app {

// Level, form and first stage of the messages of a command; colour where stderr is a terminal and
// NO_COLOR is not set (no-color.org).
void set_up_log(const Settings& settings, Commands command, char** environment);

// Logs and returns the exit status.
int report(const Error& error);
int report(const Errors& errors);
int report(const Unresolved& reason);
int report(const supervise::Outcome& outcome, const supervise::Launch& launch);

}  // namespace kaigara::app
