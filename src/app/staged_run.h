// SPDX-License-Identifier: Apache-2.0
#pragma once

// `start` and `provision`: the stages one after the other, on one loop.
//
//     resolve ──► provision ──► supervise ──► exit status
//        │            │             │
//        └────────────┴── stop ─────┴──► 128 + signal, or the application's status
//
// Signals are read from the first moment on and go to the stage that is running. One that came
// while files were being read is acted on before the next stage begins: a stop ends the run, any
// other has nobody that it could be meant for and is dropped.
//
// Each stage gives the next one a value and is gone, memory included, before that begins.

#include "app/options.h"

namespace kaigara::app {

// The exit status.
int run_stages(const CommandLine& line, const Settings& settings, char** environment);

}  // namespace kaigara::app
