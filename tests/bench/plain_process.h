// SPDX-License-Identifier: Apache-2.0
#pragma once

// A program run as any shell would run it: no namespace, output to /dev/null. For the commands that
// print and end.

#include <string>
#include <vector>

#include "init_process.h"

namespace kaigara::bench {

struct PlainRun {
    Words words;
    Words environment;  // "NAME=value"; PATH is always there
    std::string input;  // a file for stdin; empty for /dev/null
};

struct PlainEnd {
    int status = 0;  // as waitpid gives it
    double milliseconds = 0;
    double megabytes = 0;  // the most that it had in memory
};

[[nodiscard]] PlainEnd run_plain(const PlainRun& run);
// Demands that exit status; another one means that nothing was measured.
[[nodiscard]] PlainEnd run_plain_to(int exit_status, const PlainRun& run);

}  // namespace kaigara::bench
