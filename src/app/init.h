// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara init [DIR]`: makes the beginnings of an image. What it makes passes `kaigara check`, and
// its Dockerfile builds as it is: a copy of this program lies beside it.
//
// Nothing that exists is touched: when one of the files is there, none is made.

#include "app/options.h"

namespace kaigara::app {

// The exit status.
int run_init(const CommandLine& line);

}  // namespace kaigara::app
