// SPDX-License-Identifier: Apache-2.0
#pragma once

// kaigara as catatonit 0.2.1. See docs/faces.md for what is the same and what is not.

#include <vector>

#include "app/face_parts.h"
#include "base/result.h"

namespace kaigara::app {

int run_catatonit(int argc, char** argv, char** environment);

// What the command line and the environment ask for.
struct CatatonitOptions {
    bool group = false;
    bool pause = false;
    bool debug = false;
    std::vector<char*> program;  // null-terminated
};

Result<CatatonitOptions, FaceEnd> parse_catatonit(int argc, char** argv, char* const* environment);

// The pid that LISTEN_PID names: the number that it begins with.
bool names_process(const char* listen_pid, pid_t process) noexcept;

}  // namespace kaigara::app
