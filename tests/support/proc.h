// SPDX-License-Identifier: Apache-2.0
#pragma once

// What /proc tells of a process, by its number as the test sees it. A process that has gone gives
// empty answers.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace kaigara::test {

// Where /proc/PID/NAME leads: "cwd", "exe".
std::string link_of(pid_t process, std::string_view name);

// Open descriptors, and where each leads.
std::map<int, std::string> descriptors_of(pid_t process);

// A set of /proc/PID/status, signal n being bit n - 1: "SigBlk", "SigIgn", "SigCgt".
std::uint64_t signals_of(pid_t process, std::string_view name);
bool blocks(pid_t process, int signal);

std::vector<pid_t> children_of(pid_t process);

// The letter of its state, 'Z' for a zombie, or ' '.
char state_of(pid_t process);

}  // namespace kaigara::test
