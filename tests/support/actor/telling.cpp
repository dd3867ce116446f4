// SPDX-License-Identifier: Apache-2.0

// Words that tell: the time, and what an application says to its service manager (sd_notify(3)).

#include "support/actor/play.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace kaigara::actor {

namespace {

void clock(Play&) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    print("clock %lld\n", static_cast<long long>(now.tv_sec) * 1000 + now.tv_nsec / 1000000);
}

// One datagram to NOTIFY_SOCKET, a path or '@' and an abstract name, with a descriptor or -1.
void tell(const char* text, std::size_t size, int descriptor) {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    errno = ENOENT;
    if (name == nullptr || *name == '\0') spoil("notify", "NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(name);
    errno = ENAMETOOLONG;
    if (length >= sizeof address.sun_path) spoil("notify", name);
    std::memcpy(address.sun_path, name, length);
    if (*name == '@') address.sun_path[0] = '\0';
    iovec part{const_cast<char*>(text), size};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) spoil("notify", name);
    ::close(socket);
}

void notify(Play& play) {
    const char* const text = take(play);
    tell(text, std::strlen(text), -1);
}

// READY=1 in front of so many bytes that nobody has asked for.
void notify_bytes(Play& play) {
    static char block[1 << 17];
    std::memset(block, 'x', sizeof block);
    std::memcpy(block, "READY=1\nX_", 10);
    const long size = take_number(play);
    errno = EINVAL;
    if (size < 10 || size > long{sizeof block}) spoil("notify-bytes", "a size");
    tell(block, static_cast<std::size_t>(size), -1);
}

// With the text goes the one writing end of a pipe; waits until the receiver has closed it.
void notify_pipe(Play& play) {
    const char* const text = take(play);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) spoil("notify-pipe", "pipe");
    tell(text, std::strlen(text), ends[1]);
    ::close(ends[1]);
    char byte = 0;
    while (::read(ends[0], &byte, 1) < 0 && errno == EINTR) continue;
    ::close(ends[0]);
    print("descriptor closed\n");
}

}  // namespace

extern const Word telling_words[] = {
    {"clock", clock},
    {"notify", notify},
    {"notify-bytes", notify_bytes},
    {"notify-pipe", notify_pipe},
    {nullptr, nullptr},
};

}  // namespace kaigara::actor
