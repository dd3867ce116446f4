// SPDX-License-Identifier: Apache-2.0
#pragma once

// A descriptor that closes itself. Whoever opens one opens it close-on-exec, so that no child ever
// inherits what it is not owed (law 6).

#include <unistd.h>

#include <utility>

namespace kaigara::platform {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const noexcept { return fd_; }
    bool is_open() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept {
        // close(2) is never repeated: on Linux the descriptor is gone even after EINTR.
        if (fd_ >= 0) ::close(fd_);
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

}  // namespace kaigara::platform
