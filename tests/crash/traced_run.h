// SPDX-License-Identifier: Apache-2.0
#pragma once

// One run of a program as PID 1 of a PID namespace of its own, with every system call of it (not of
// its children) seen from outside by ptrace(2). It can be killed at any of them, and with it the
// kernel kills all of the namespace, as when a container is killed or a machine loses its power;
// and any of them can be made to fail.
//
// Calls are counted from the first one that has to do with the scene's ledger, which is before the
// lock is made, to the last one of the program. Those that name the ledger, its lock or its
// directory, by a path or by a descriptor, are counted apart: these are worth an error.
//
// What a loss of power would leave is known as well: how much of the ledger was on disk, by the
// fdatasync(2) and fsync(2) that had come back without an error when the program ended.

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace kaigara::test {

inline constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

// What is to go wrong; numbers from 0 on.
struct Trouble {
    // KILL instead of this call; of a call of the ledger.
    std::size_t kill_at = never;
    std::size_t kill_at_ledger_call = never;
    // This call of the ledger has no effect and returns this error.
    std::size_t fail_at = never;
    int error = 0;
    // All that would write to the ledger from then on fails as well: the disk is gone.
    bool disk_is_gone = false;
    // This write to the ledger takes only the first half of what it is given.
    std::size_t shorten_at = never;
};

struct TracedCall {
    // "open", "write", ...: that of the manual, less at, 64 and the like; "fork" for all that makes
    // a process; empty for those that cannot be about a file.
    std::string_view name;
    std::string subject;  // the path, of a call of the ledger
};

struct TracedEnd {
    std::string ending;  // "exit N" or "signal N"
    std::string output;  // both streams
    std::size_t calls = 0;
    std::vector<TracedCall> ledger_calls;
    // Bytes of the ledger that a loss of power leaves for sure.
    std::size_t synced = 0;
    // And its name, for sure.
    bool is_named = false;
    // A process was made when something of the ledger, or its name, was not on disk yet.
    bool ran_ahead = false;
};

// `directory` is that of the ledger, an absolute path. `on_call` is told of each call that counts.
// Throws when the program has not ended after a time that no run takes.
TracedEnd traced_run(const std::vector<std::string>& words, const std::string& directory,
                     const Trouble& trouble = {},
                     const std::function<void(std::size_t call)>& on_call = {});

// Whether calls can be made to fail: registers are a matter of the processor.
bool calls_can_fail();

}  // namespace kaigara::test
