// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara wait TARGET...`: until all of them answer, without a word; platform/waiter does it.

#include "app/options.h"
#include "app/settings.h"

namespace kaigara::app {

// 0 when all answered, 69 when they did not in time, 64 when one is no target, 128+n for a signal
// that stopped it.
int run_wait(const CommandLine& line, const Settings& settings);

}  // namespace kaigara::app
