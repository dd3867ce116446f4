// SPDX-License-Identifier: Apache-2.0

// Words that print what the actor finds itself to be.

#include "support/actor/play.h"

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace kaigara::actor {

namespace {

constexpr int last_signal = 64;

// The kernel's own view, for all 64: glibc's calls leave two of them out.
void signals(Play&) {
    std::FILE* const status = std::fopen("/proc/self/status", "re");
    if (status == nullptr) spoil("open", "/proc/self/status");
    char line[512];
    while (std::fgets(line, sizeof line, status) != nullptr) {
        const char* const name = std::strncmp(line, "SigBlk:", 7) == 0   ? "blocked"
                                 : std::strncmp(line, "SigIgn:", 7) == 0 ? "ignored"
                                 : std::strncmp(line, "SigCgt:", 7) == 0 ? "caught"
                                                                         : nullptr;
        if (name == nullptr) continue;
        const std::uint64_t set = std::strtoull(line + 7, nullptr, 16);
        char text[512];
        int size = std::snprintf(text, sizeof text, "%s:", name);
        for (int number = 1; number <= last_signal; ++number) {
            if ((set >> (number - 1) & 1U) == 0) continue;
            size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), " %d",
                                  number);
        }
        print("%s\n", text);
    }
    std::fclose(status);
}

void descriptors(Play&) {
    constexpr int most = 1024;
    char text[4096];
    int size = std::snprintf(text, sizeof text, "descriptors:");
    for (int number = 0; number < most && size < int{sizeof text} - 8; ++number) {
        if (::fcntl(number, F_GETFD) < 0) continue;
        size +=
            std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), " %d", number);
    }
    print("%s\n", text);
}

// What the three are, and whether somebody has made them non-blocking.
void stdio(Play&) {
    for (int number = 0; number <= 2; ++number) {
        const int flags = ::fcntl(number, F_GETFL);
        if (flags < 0) {
            print("%d: closed\n", number);
            continue;
        }
        struct stat status{};
        struct stat null{};
        if (::fstat(number, &status) != 0 || ::stat("/dev/null", &null) != 0) spoil("stat", "");
        const bool is_null = S_ISCHR(status.st_mode) && status.st_rdev == null.st_rdev;
        const char* const kind = is_null                    ? "null"
                                 : ::isatty(number) != 0    ? "terminal"
                                 : S_ISFIFO(status.st_mode) ? "pipe"
                                 : S_ISSOCK(status.st_mode) ? "socket"
                                                            : "file";
        print("%d: %s %s\n", number, kind, (flags & O_NONBLOCK) != 0 ? "non-blocking" : "blocking");
    }
}

void environment(Play&) {
    for (char** entry = environ; *entry != nullptr; ++entry) print("%s\n", *entry);
}

void variable(Play& play) {
    const char* const name = take(play);
    const char* const value = std::getenv(name);
    if (value == nullptr)
        print("%s is unset\n", name);
    else
        print("%s=%s\n", name, value);
}

void arguments(Play& play) {
    while (*play.next != nullptr) print("[%s]\n", take(play));
}

void cwd(Play&) {
    char path[PATH_MAX];
    print("cwd %s\n", ::getcwd(path, sizeof path) == nullptr ? std::strerror(errno) : path);
}

void ids(Play&) {
    uid_t uids[3];
    gid_t gids[3];
    gid_t groups[64];
    if (::getresuid(&uids[0], &uids[1], &uids[2]) != 0) spoil("ids", "uid");
    if (::getresgid(&gids[0], &gids[1], &gids[2]) != 0) spoil("ids", "gid");
    const int count = ::getgroups(64, groups);
    char text[1024];
    int size = std::snprintf(text, sizeof text, "uid %u %u %u gid %u %u %u groups", uids[0],
                             uids[1], uids[2], gids[0], gids[1], gids[2]);
    for (int at = 0; at < count; ++at) {
        size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), " %u",
                              groups[at]);
    }
    print("%s\n", text);
}

void show_umask(Play&) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    print("umask %03o\n", mask);
}

void place(Play&) {
    const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
    print("pid %d parent %d group %d session %d foreground %d\n", ::getpid(), ::getppid(),
          ::getpgrp(), ::getsid(0), foreground);
}

// Who is the parent once the one that made this process has gone. A pipe that only the maker holds
// open would tell, but not that the kernel has reparented: that has no event, so it is asked again.
void parent(Play&) {
    const pid_t maker = static_cast<pid_t>(std::atoi(std::getenv("ACTOR_MAKER")));
    while (::getppid() == maker) ::poll(nullptr, 0, 1);
    print("parent %d\n", ::getppid());
}

// Counts what /proc shows as dead and not waited for.
void zombies(Play&) {
    DIR* const processes = ::opendir("/proc");
    if (processes == nullptr) spoil("open", "/proc");
    int count = 0;
    while (const dirent* const entry = ::readdir(processes)) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        char path[300];
        std::snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        const int file = ::open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        char text[512];
        const ssize_t size = ::read(file, text, sizeof text - 1);
        ::close(file);
        if (size <= 0) continue;
        text[size] = '\0';
        const char* const name_end = std::strrchr(text, ')');
        if (name_end != nullptr && name_end[1] == ' ' && name_end[2] == 'Z') ++count;
    }
    ::closedir(processes);
    print("zombies %d\n", count);
}

void window(Play&) {
    winsize size{};
    if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) spoil("window", "size");
    print("window %ux%u\n", size.ws_col, size.ws_row);
}

}  // namespace

extern const Word looking_words[] = {
    {"signals", signals},   {"descriptors", descriptors},
    {"stdio", stdio},       {"environment", environment},
    {"variable", variable}, {"arguments", arguments},
    {"cwd", cwd},           {"ids", ids},
    {"umask", show_umask},  {"place", place},
    {"parent", parent},     {"zombies", zombies},
    {"window", window},     {nullptr, nullptr},
};

}  // namespace kaigara::actor
