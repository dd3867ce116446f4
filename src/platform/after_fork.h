// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that runs between clone(2) and execve(2). Nothing here allocates, locks, throws or returns;
// every call is a bare system call, because the child may share the parent's memory.

#include "platform/spawn.h"

namespace kaigara::platform {

struct AfterFork {
    const SpawnRequest* request = nullptr;
    SpawnFailure* report = nullptr;     // memory that the parent sees
    const char* search_path = nullptr;  // PATH's value; nullptr when argv[0] is a path
    char* path_buffer = nullptr;        // room for the longest candidate
    char** shell_argv = nullptr;        // room for argv with /bin/sh and a script in front
    bool may_keep_groups = false;       // the present ones serve, where they cannot be set
};

// The entry of the child; `argument` is an AfterFork.
[[noreturn]] int after_fork(void* argument) noexcept;

}  // namespace kaigara::platform
