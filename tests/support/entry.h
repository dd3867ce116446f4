// SPDX-License-Identifier: Apache-2.0
#pragma once

// The other side of Program: what the new process does between clone and exec, and what the
// guardian does instead of it. Program alone uses this.

#include "support/program.h"

namespace kaigara::test {

struct Entry {
    const Setup& setup;
    // What becomes 0, 1 and 2; -1 for a closed one.
    int streams[3];
    // One byte comes when the identity maps are written.
    int go;
    // A text of what went wrong. Close-on-exec: its end without a text tells that exec was done.
    int failure;
    // The guardian's end of its socket; -1 for Place::first.
    int socket;
};

// What the guardian tells: that its child has ended or stopped, with waitpid's status.
struct Report {
    enum Kind { ended, stopped };
    int kind;
    int status;
};

// What it is told: to begin to wait for its child; and what a shell's user does.
enum class Order : char { begin, foreground, background };

// Runs in the new process, as PID 1 of its namespace.
[[noreturn]] void enter(const Entry& entry) noexcept;

}  // namespace kaigara::test
