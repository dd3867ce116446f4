// SPDX-License-Identifier: Apache-2.0
#include "platform/after_fork.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

// The sanitizers' bookkeeping of stack frames would be left behind in the parent's memory.
#define KG_CHILD_CODE [[gnu::no_sanitize("address", "undefined")]]

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// 32-bit machines have a second generation of these calls, with 32-bit ids.
#ifdef SYS_setgroups32
#define KG_SYS_setgroups SYS_setgroups32
#define KG_SYS_setresgid SYS_setresgid32
#define KG_SYS_setresuid SYS_setresuid32
#else
#define KG_SYS_setgroups SYS_setgroups
#define KG_SYS_setresgid SYS_setresgid
#define KG_SYS_setresuid SYS_setresuid
#endif

namespace kaigara::platform {

namespace {

[[noreturn]] KG_CHILD_CODE void fail(const AfterFork& child, SpawnStep step, int code) noexcept {
    child.report->step = step;
    child.report->code = code;
    ::_exit(127);
}

KG_CHILD_CODE void enter_group(const AfterFork& child) noexcept {
    const SpawnRequest& request = *child.request;
    if (request.group == ProcessGroup::own_session) {
        if (::setsid() < 0) fail(child, SpawnStep::session, errno);
        // Fails where 0 is no terminal, or another session's.
        if (request.take_terminal && ::ioctl(0, TIOCSCTTY, 0) < 0 &&
            request.terminal_error != nullptr)
            *request.terminal_error = errno;
    } else if (request.group == ProcessGroup::own_group) {
        if (::setpgid(0, 0) < 0) fail(child, SpawnStep::session, errno);
    }
    if (request.terminal < 0) return;
    const pid_t group = ::getpid();
    if (::ioctl(request.terminal, TIOCSPGRP, &group) == 0) return;
    // No terminal, a closed descriptor, another session's, one that was hung up: go on without.
    if (errno != ENOTTY && errno != EBADF && errno != ENXIO && errno != EPERM && errno != EIO)
        fail(child, SpawnStep::terminal, errno);
}

// close_range(2) came with Linux 5.9; before that, and where a seccomp filter does not know it,
// every number up to the limit is tried.
KG_CHILD_CODE void close_between(unsigned first, unsigned last) noexcept {
    if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
    const long limit = ::sysconf(_SC_OPEN_MAX);
    for (unsigned fd = first; fd <= last && static_cast<long>(fd) < limit; ++fd)
        ::close(static_cast<int>(fd));
}

KG_CHILD_CODE void place_descriptors(const AfterFork& child) noexcept {
    const SpawnRequest& request = *child.request;
    for (int target = 0; target < 3; ++target) {
        const int source = request.stdio[target];
        if (source == target) continue;
        if (::dup2(source, target) < 0) fail(child, SpawnStep::descriptors, errno);
    }
    if (request.passed >= 0) {
        // dup2() of a descriptor to itself would leave close-on-exec on.
        const int result = request.passed == request.passed_as
                               ? ::fcntl(request.passed, F_SETFD, 0)
                               : ::dup2(request.passed, request.passed_as);
        if (result < 0) fail(child, SpawnStep::descriptors, errno);
    }
    if (!request.close_others) return;
    if (request.passed < 0) {
        close_between(3, ~0U);
        return;
    }
    close_between(3, static_cast<unsigned>(request.passed_as) - 1);
    close_between(static_cast<unsigned>(request.passed_as) + 1, ~0U);
}

// setresuid(2) from root does most of this, but not where we have been that user all along, nor
// under an inherited securebit (no-setuid-fixup), and it never clears what is inheritable. Without
// permitted ones there are no ambient ones either.
KG_CHILD_CODE void drop_capabilities(const AfterFork& child) noexcept {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    if (::syscall(SYS_capset, &header, none) < 0) fail(child, SpawnStep::capabilities, errno);
}

KG_CHILD_CODE void become_user(const AfterFork& child) noexcept {
    const Credentials* user = child.request->credentials;
    if (user == nullptr) return;
    // Raw calls: the C library's would first ask every thread of the (shared) process to follow.
    // Groups before the user: without root there is no changing them.
    if (::syscall(KG_SYS_setgroups, user->groups.size(), user->groups.data()) < 0 &&
        !(child.may_keep_groups && errno == EPERM))
        fail(child, SpawnStep::groups, errno);
    if (::syscall(KG_SYS_setresgid, user->gid, user->gid, user->gid) < 0)
        fail(child, SpawnStep::group, errno);
    if (::syscall(KG_SYS_setresuid, user->uid, user->uid, user->uid) < 0)
        fail(child, SpawnStep::user, errno);
    if (user->uid != 0) drop_capabilities(child);
}

KG_CHILD_CODE void set_disposition(int signal, void (*disposition)(int)) noexcept {
    struct sigaction action = {};
    action.sa_handler = disposition;
    ::sigaction(signal, &action, nullptr);
}

KG_CHILD_CODE void restore_signals(const SpawnRequest& request) noexcept {
    if (request.default_dispositions) {
        for (int signal = 1; signal <= last_signal; ++signal) set_disposition(signal, SIG_DFL);
    } else if (request.ignore_child_signal) {
        set_disposition(SIGCHLD, SIG_IGN);
    }
    set_signal_mask(request.mask);
}

KG_CHILD_CODE void write_listen_pid(char* digits) noexcept {
    if (digits == nullptr) return;
    char reversed[12];
    int count = 0;
    for (pid_t rest = ::getpid(); rest > 0; rest /= 10)
        reversed[count++] = static_cast<char>('0' + rest % 10);
    while (count > 0) *digits++ = reversed[--count];
    *digits = '\0';
}

// Whether the kernel's "exec format error" is about a text, which a shell may run, and not about a
// program for another machine.
KG_CHILD_CODE bool is_text(const char* path) noexcept {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char head[128];
    const ssize_t size = ::read(fd, head, sizeof head);
    ::close(fd);
    for (ssize_t i = 0; i < size; ++i) {
        if (head[i] == '\0') return false;
    }
    return size >= 0;
}

// Executes `path`; returns errno when that failed. A text without `#!` is run by /bin/sh, as
// execvp(3) of glibc does and musl's does not.
KG_CHILD_CODE int execute_path(const AfterFork& child, char* path) noexcept {
    const SpawnRequest& request = *child.request;
    ::execve(path, request.argv, request.environment);
    const int code = errno;
    if (code != ENOEXEC || !is_text(path)) return code;
    static char shell[] = "/bin/sh";
    char** argv = child.shell_argv;
    argv[0] = shell;
    argv[1] = path;
    for (int i = 1;; ++i) {
        argv[i + 1] = request.argv[i];
        if (request.argv[i] == nullptr) break;
    }
    ::execve(shell, argv, request.environment);
    return ENOEXEC;
}

// Tries each directory of PATH. A candidate that may not be executed does not end the search, but
// is what is reported when no other is found, as execvp(3) does.
[[noreturn]] KG_CHILD_CODE void search_and_execute(const AfterFork& child) noexcept {
    const char* name = child.request->argv[0];
    int denied = 0;
    const char* directory = child.search_path;
    for (;;) {
        const char* end = directory;
        while (*end != '\0' && *end != ':') ++end;
        char* out = child.path_buffer;
        for (const char* from = directory; from != end; ++from) *out++ = *from;
        if (out != child.path_buffer) *out++ = '/';  // an empty part is the working directory
        for (const char* from = name;; ++from) {
            *out++ = *from;
            if (*from == '\0') break;
        }
        const int code = execute_path(child, child.path_buffer);
        if (code == EACCES) {
            denied = EACCES;
        } else if (code != ENOENT && code != ENOTDIR && code != ESTALE && code != ENODEV &&
                   code != ETIMEDOUT) {
            fail(child, SpawnStep::execute, code);
        }
        if (*end == '\0') break;
        directory = end + 1;
    }
    fail(child, SpawnStep::execute, denied != 0 ? denied : ENOENT);
}

}  // namespace

KG_CHILD_CODE int after_fork(void* argument) noexcept {
    const AfterFork& child = *static_cast<const AfterFork*>(argument);
    const SpawnRequest& request = *child.request;
    enter_group(child);
    place_descriptors(child);
    if (request.umask) ::umask(*request.umask);
    if (request.directory_fd >= 0 && ::fchdir(request.directory_fd) < 0)
        fail(child, SpawnStep::directory, errno);
    if (request.directory != nullptr && ::chdir(request.directory) < 0)
        fail(child, SpawnStep::directory, errno);
    become_user(child);
    if (request.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        fail(child, SpawnStep::no_new_privileges, errno);
    write_listen_pid(request.listen_pid);
    restore_signals(request);
    if (child.search_path != nullptr) search_and_execute(child);
    fail(child, SpawnStep::execute, execute_path(child, request.argv[0]));
}

}  // namespace kaigara::platform
