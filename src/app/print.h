// SPDX-License-Identifier: Apache-2.0
#pragma once

// render, get and metadata: the commands that print and end.

#include "app/options.h"

namespace kaigara::app {

// The exit status.
int print_command(const CommandLine& line, const Settings& settings, char** environment);

}  // namespace kaigara::app
