// SPDX-License-Identifier: Apache-2.0

// Words that write, read, wait and end.

#include "support/actor/play.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kaigara::actor {

namespace {

void say(Play& play) { print("%s\n", take(play)); }

void complain(Play& play) {
    const char* text = take(play);
    write_all(STDERR_FILENO, text, std::strlen(text));
    write_all(STDERR_FILENO, "\n", 1);
}

void lines(Play& play) {
    const long count = take_number(play);
    for (long line = 1; line <= count; ++line) print("line %ld\n", line);
}

void bytes(Play& play) {
    static char block[65536];
    std::memset(block, 'x', sizeof block);
    for (long left = take_number(play); left > 0;) {
        const long size = left < long{sizeof block} ? left : long{sizeof block};
        write_all(STDOUT_FILENO, block, static_cast<std::size_t>(size));
        left -= size;
    }
}

void flood(Play&) {
    for (;;) print("flood flood flood flood flood flood flood flood flood flood flood flood\n");
}

void leave(Play& play) { _exit(static_cast<int>(take_number(play))); }

void raise_signal(Play& play) {
    const int number = static_cast<int>(take_number(play));
    std::uint64_t none = 0;
    ::signal(number, SIG_DFL);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
    ::syscall(SYS_kill, ::getpid(), number);
}

void become(Play& play) {
    ::execvp(*play.next, play.next);
    spoil("become", *play.next);
}

void pause_forever(Play&) {
    for (;;) ::pause();
}

void linger(Play& play) {
    const long milliseconds = take_number(play);
    timespec left{milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

// Until the file is there. The watch is set before the first look, so nothing falls between.
void await_file(Play& play) {
    const char* const path = take(play);
    char directory[PATH_MAX];
    std::snprintf(directory, sizeof directory, "%s", path);
    char* const slash = std::strrchr(directory, '/');
    if (slash == nullptr) spoil("await", path);
    *slash = '\0';
    const int watch = ::inotify_init1(IN_CLOEXEC);
    if (::inotify_add_watch(watch, directory, IN_CREATE | IN_MOVED_TO) < 0) spoil("await", path);
    while (::access(path, F_OK) != 0) {
        char events[4096];
        if (::read(watch, events, sizeof events) < 0 && errno != EINTR) spoil("await", path);
    }
    ::close(watch);
}

void read_line(Play&) {
    char line[4096];
    std::size_t size = 0;
    while (size < sizeof line - 1) {
        const ssize_t count = ::read(STDIN_FILENO, line + size, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        if (line[size] == '\n') break;
        ++size;
    }
    line[size] = '\0';
    print("read %s\n", line);
}

void read_all(Play&) {
    char data[4096];
    long total = 0;
    for (;;) {
        const ssize_t count = ::read(STDIN_FILENO, data, sizeof data);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) spoil("read", "stdin");
        if (count == 0) break;
        total += count;
    }
    print("input ended after %ld bytes\n", total);
}

void touch(Play& play) {
    const char* const path = take(play);
    const int file = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) spoil("touch", path);
    ::close(file);
}

}  // namespace

extern const Word plain_words[] = {
    {"say", say},
    {"complain", complain},
    {"lines", lines},
    {"bytes", bytes},
    {"flood", flood},
    {"exit", leave},
    {"raise", raise_signal},
    {"become", become},
    {"pause", pause_forever},
    {"linger", linger},
    {"await", await_file},
    {"read-line", read_line},
    {"read-all", read_all},
    {"touch", touch},
    {nullptr, nullptr},
};

}  // namespace kaigara::actor
