// SPDX-License-Identifier: Apache-2.0
#pragma once

// A control group of its own with a limit on the number of processes. Root needs it, since no
// resource limit holds root. Both versions of control groups are known.

#include <optional>
#include <string>

#include <sys/types.h>

namespace kaigara::test {

class PidsGroup {
public:
    // Nothing where there is no such controller, or where it may not be used.
    static std::optional<PidsGroup> make(int limit);

    PidsGroup(PidsGroup&& other) noexcept;
    PidsGroup& operator=(PidsGroup&&) = delete;
    // The group has to be empty by then.
    ~PidsGroup();

    bool add(pid_t process) const;

private:
    explicit PidsGroup(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

}  // namespace kaigara::test
