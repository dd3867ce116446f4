// SPDX-License-Identifier: Apache-2.0
#pragma once

// kaigara as dumb-init 1.2.5. See docs/faces.md for what is the same and what is not.

#include <bitset>
#include <vector>

#include "app/face_parts.h"
#include "base/result.h"
#include "supervise/launch.h"

namespace kaigara::app {

int run_dumb_init(int argc, char** argv, char** environment);

// What the command line and the environment ask for.
struct DumbInitOptions {
    // A session of its own for the program, and signals for its whole process group.
    bool session = true;
    bool debug = false;
    // Told as debugging messages, when it was the environment that said so.
    bool debug_by_variable = false;
    bool no_session_by_variable = false;
    supervise::SignalMap signals;
    // Those of 1..31 that have a rewrite, even if it is one to themselves.
    std::bitset<32> rewritten;
    std::vector<char*> program;  // null-terminated
};

Result<DumbInitOptions, FaceEnd> parse_dumb_init(int argc, char** argv, char* const* environment);

}  // namespace kaigara::app
