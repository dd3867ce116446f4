// SPDX-License-Identifier: Apache-2.0
#include "platform/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/text.h"
#include "platform/fd.h"

namespace kaigara::platform {

namespace {

constexpr int last_guessed_descriptor = 1024;  // where /proc is not there to be asked

bool close_if_inherited(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) return false;
    ::close(fd);
    return true;
}

}  // namespace

void occupy_closed_stdio() noexcept {
    for (int fd = 0; fd < 3; ++fd) {
        // O_PATH gives a descriptor on which read(2) and write(2) fail with EBADF, as on none.
        if (::fcntl(fd, F_GETFD) < 0) ::open("/", O_PATH | O_CLOEXEC);
    }
}

bool close_inherited_descriptors() noexcept {
    bool any = false;
    const Fd directory(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) {
        for (int fd = 3; fd < last_guessed_descriptor; ++fd) any = close_if_inherited(fd) || any;
        return any;
    }
    // The bare system call: readdir(3) would allocate 32 KiB in every PID 1.
    // Its entries are what <dirent.h> calls dirent where files have 64-bit offsets.
    alignas(dirent) std::array<char, 1024> buffer;
    for (;;) {
        const long size = ::syscall(SYS_getdents64, directory.get(), buffer.data(), buffer.size());
        if (size <= 0) return any;
        for (long offset = 0; offset < size;) {
            const auto* entry = reinterpret_cast<const dirent*>(buffer.data() + offset);
            offset += entry->d_reclen;
            const auto fd = text::parse_number(entry->d_name, 1U << 30U);
            if (fd && *fd >= 3) any = close_if_inherited(static_cast<int>(*fd)) || any;
        }
    }
}

}  // namespace kaigara::platform
