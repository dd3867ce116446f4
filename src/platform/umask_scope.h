// SPDX-License-Identifier: Apache-2.0
#pragma once

// The umask for as long as the object lives. It belongs to the process, which has no other thread.

#include <sys/stat.h>
#include <sys/types.h>

namespace kaigara::platform {

class UmaskScope {
public:
    explicit UmaskScope(mode_t mask) noexcept : before_(::umask(mask)) {}
    ~UmaskScope() { ::umask(before_); }
    UmaskScope(const UmaskScope&) = delete;
    UmaskScope& operator=(const UmaskScope&) = delete;

private:
    mode_t before_;
};

}  // namespace kaigara::platform
