// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kaigara::app {

// The whole program: from arguments to exit status.
int run_program(int argc, char** argv, char** environment);

}  // namespace kaigara::app
