// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara plan`: what `kaigara provision` would do now, and why. Nothing is changed, and no check
// of a file is run. stdout tells it, as text or as one JSON object:
//
//     {"files": [{"target": "/etc/app.conf", "source": "...", "action": "change", "why": ["..."],
//                 "diff": "--- ..."}],
//      "operations": [{"name": "10-a", "run": "once", "action": "run", "why": "..."}],
//      "warnings": ["..."],
//      "blocked": ["what would keep it from being done"]}
//
// `action` of a file is create, change, write or unchanged, of an operation run, skip or blocked.
// The exit status is 0 when there is nothing to do, 2 when there is something, 3 when something
// would keep it from being done; where the metadata cannot be had there is no plan, and the status
// is that of provision.

#include "app/options.h"

namespace kaigara::app {

inline constexpr int exit_something_to_do = 2;
inline constexpr int exit_blocked = 3;

// The exit status.
int run_plan(const Settings& settings, char** environment);

}  // namespace kaigara::app
