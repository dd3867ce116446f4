// SPDX-License-Identifier: Apache-2.0
#include "support/streams.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace kaigara::test {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// The flag is taken off again, since it belongs to both sides of what they share.
void fill(const Descriptor& end) {
    ::fcntl(end.number(), F_SETFL, O_NONBLOCK);
    const std::string block(4096, '.');
    while (::write(end.number(), block.data(), block.size()) > 0) continue;
    while (::write(end.number(), ".", 1) > 0) continue;
    ::fcntl(end.number(), F_SETFL, 0);
}

Terminal open_terminal() {
    Terminal made{Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), {}};
    const int master = made.master.number();
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) fail("open a terminal");
    char name[PATH_MAX];
    if (::ptsname_r(master, name, sizeof name) != 0) fail("ptsname");
    made.slave = Descriptor(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios settings{};
    if (!made.slave || ::tcgetattr(made.slave.number(), &settings) != 0) fail("open its slave");
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(made.slave.number(), TCSANOW, &settings);
    return made;
}

}  // namespace kaigara::test
