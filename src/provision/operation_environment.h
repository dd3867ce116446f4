// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operation finds in its environment: all that kaigara got, and KAIGARA_OPERATION,
// KAIGARA_ATTEMPT, KAIGARA_SNAPSHOT. It is made once; from one operation to the next only the name
// changes.

#include <string>
#include <string_view>
#include <vector>

namespace kaigara::provision {

class OperationEnvironment {
public:
    // `inherited` is NAME=value; what it says under our names is left out. With a snapshot the
    // operation gets it as descriptor number `snapshot_number`, -1 for none.
    OperationEnvironment(std::vector<std::string> inherited, int snapshot_number);
    OperationEnvironment(const OperationEnvironment&) = delete;
    OperationEnvironment& operator=(const OperationEnvironment&) = delete;

    // As execve(2) wants it; good until the next call.
    char* const* of(std::string_view operation);

private:
    std::vector<std::string> inherited_;
    std::string operation_;
    std::string attempt_;
    std::string snapshot_;
    std::vector<char*> pointers_;  // the operation's is the first
};

// The number of the descriptor that a snapshot is passed as: high, since shell scripts use 3 to 9
// as they like, and within what RLIMIT_NOFILE allows.
int snapshot_number() noexcept;

}  // namespace kaigara::provision
