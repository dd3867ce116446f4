// SPDX-License-Identifier: Apache-2.0
#include "platform/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace kaigara::platform {

bool is_terminal(int fd) noexcept {
    termios settings;
    return ::tcgetattr(fd, &settings) == 0;
}

pid_t foreground_group(int fd) noexcept {
    pid_t foreground = -1;
    // The bare ioctl: tcgetpgrp(3) of some C libraries makes an error of the 0 of another
    // namespace.
    return ::ioctl(fd, TIOCGPGRP, &foreground) == 0 ? foreground : -1;
}

bool is_in_foreground(int fd) noexcept {
    const pid_t foreground = foreground_group(fd);
    return foreground >= 0 && foreground == ::getpgrp();
}

bool give_foreground(int fd, pid_t group) noexcept { return ::ioctl(fd, TIOCSPGRP, &group) == 0; }

}  // namespace kaigara::platform
