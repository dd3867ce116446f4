// SPDX-License-Identifier: Apache-2.0
#pragma once

// The first system calls of a program, seen by ptrace(2): for what has to come before all else.

#include <cstdint>
#include <string>
#include <vector>

namespace kaigara::test {

struct SystemCall {
    long number;
    // Of rt_sigprocmask, when it blocks or sets: the set, signal n being bit n - 1. Else 0.
    std::uint64_t blocked;
};

// Those that follow execve, `most` of them at most. The program is killed then.
std::vector<SystemCall> first_calls(const std::vector<std::string>& words, std::size_t most);

}  // namespace kaigara::test
