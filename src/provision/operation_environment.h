// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operation finds in its environment: all that kaigara got, KAIGARA_OPERATION,
// KAIGARA_ATTEMPT, KAIGARA_INTERRUPTED where it applies, KAIGARA_SNAPSHOT, and where it runs as
// another user, that one's HOME, USER and LOGNAME.

#include <string>
#include <string_view>
#include <vector>

#include "platform/users.h"

namespace kaigara::provision {

class OperationEnvironment {
public:
    // One run of one operation.
    struct Run {
        std::string_view operation;
        unsigned attempt = 1;
        bool interrupted = false;
        const platform::User* user = nullptr;
    };

    // `inherited` is NAME=value; what it says under our names is left out. With a snapshot the
    // operation gets it as descriptor number `snapshot_number`, -1 for none.
    OperationEnvironment(std::vector<std::string> inherited, int snapshot_number);
    OperationEnvironment(const OperationEnvironment&) = delete;
    OperationEnvironment& operator=(const OperationEnvironment&) = delete;

    // As execve(2) wants it; good until the next call.
    char* const* of(const Run& run);

private:
    std::vector<std::string> inherited_;
    std::vector<std::string> own_;
    std::string snapshot_;
    std::vector<char*> pointers_;
};

// The number of the descriptor that a snapshot is passed as: high, since shell scripts use 3 to 9
// as they like, and within what RLIMIT_NOFILE allows.
int snapshot_number() noexcept;

}  // namespace kaigara::provision
