// SPDX-License-Identifier: Apache-2.0
#pragma once

// kaigara as tini 0.19.0. See docs/faces.md for what is the same and what is not.

#include <bitset>
#include <vector>

#include "app/face_parts.h"
#include "base/result.h"

namespace kaigara::app {

int run_tini(int argc, char** argv, char** environment);

// What the command line and the environment ask for.
struct TiniOptions {
    bool subreaper = false;
    bool group = false;
    bool warn_on_reap = false;
    // Messages above it are not written: 1 warnings, 2 information, 3 debugging, 4 tracing.
    // Unsigned, so that a TINI_VERBOSITY of -1 is the most there is.
    unsigned verbosity = 1;
    int parent_death_signal = 0;
    std::bitset<256> success;
    std::vector<char*> program;  // null-terminated
};

Result<TiniOptions, FaceEnd> parse_tini(int argc, char** argv, char* const* environment);

}  // namespace kaigara::app
