// SPDX-License-Identifier: Apache-2.0

// Words about signals and about children.

#include "support/actor/play.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kaigara::actor {

namespace {

void ignore(Play& play) {
    const long number = take_number(play);
    if (::signal(static_cast<int>(number), SIG_IGN) == SIG_ERR) spoil("ignore", "signal");
}

void block(Play& play) {
    const std::uint64_t set = std::uint64_t{1} << (take_number(play) - 1);
    ::syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, nullptr, sizeof set);
}

void log_signals(Play& play) {
    const long until = take_number(play);
    const std::uint64_t all = ~std::uint64_t{0};
    ::syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, nullptr, sizeof all);
    print("ready\n");
    for (;;) {
        const long number = ::syscall(SYS_rt_sigtimedwait, &all, nullptr, nullptr, sizeof all);
        if (number < 0) continue;
        print("signal %ld\n", number);
        if (number == until) return;
    }
}

void send(Play& play) { ::kill(::getppid(), static_cast<int>(take_number(play))); }

void send_group(Play& play) { ::kill(0, static_cast<int>(take_number(play))); }

enum class Family { same, group, session, daemon };

void start_child(Play& play, Family family) {
    char** const inside = take_block(play);
    char maker[16];
    std::snprintf(maker, sizeof maker, "%d", ::getpid());
    const pid_t child = ::fork();
    if (child < 0) spoil("fork", "child");
    if (child > 0) {
        if (family == Family::group) ::setpgid(child, child);
        // The one in the middle of a daemon is gone when this returns: the daemon is an orphan.
        if (family == Family::daemon && ::waitpid(child, nullptr, 0) < 0) spoil("wait", "daemon");
        return;
    }
    if (family == Family::group) ::setpgid(0, 0);
    if (family == Family::session || family == Family::daemon) ::setsid();
    if (family == Family::daemon) {
        std::snprintf(maker, sizeof maker, "%d", ::getpid());
        const pid_t grandchild = ::fork();
        if (grandchild < 0) spoil("fork", "grandchild");
        if (grandchild > 0) _exit(0);
    }
    ::setenv("ACTOR_MAKER", maker, 1);
    perform(Play{inside});
}

void fork_child(Play& play) { start_child(play, Family::same); }
void fork_group(Play& play) { start_child(play, Family::group); }
void fork_session(Play& play) { start_child(play, Family::session); }
void fork_daemon(Play& play) { start_child(play, Family::daemon); }

// As fast as it goes: each in the middle makes one that is an orphan and ends at once.
void orphans(Play& play) {
    for (long left = take_number(play); left > 0; --left) {
        const pid_t child = ::fork();
        if (child < 0) spoil("fork", "orphan");
        if (child == 0) {
            if (::fork() < 0) _exit(96);
            _exit(0);
        }
        int status = 0;
        if (::waitpid(child, &status, 0) < 0) spoil("wait", "orphan");
        if (status != 0) spoil("fork", "orphan's child");
    }
    print("orphans made\n");
}

bool reap_next() {
    int status = 0;
    const pid_t child = ::waitpid(-1, &status, 0);
    if (child < 0) return false;
    if (WIFEXITED(status))
        print("child exit %d\n", WEXITSTATUS(status));
    else
        print("child signal %d\n", WTERMSIG(status));
    return true;
}

void reap(Play&) {
    while (reap_next()) continue;
}

void reap_one(Play&) {
    if (!reap_next()) spoil("reap-one", "no child");
}

}  // namespace

extern const Word process_words[] = {
    {"ignore", ignore},
    {"block", block},
    {"log-signals", log_signals},
    {"send", send},
    {"send-group", send_group},
    {"fork", fork_child},
    {"group", fork_group},
    {"session", fork_session},
    {"daemon", fork_daemon},
    {"orphans", orphans},
    {"reap", reap},
    {"reap-one", reap_one},
    {nullptr, nullptr},
};

}  // namespace kaigara::actor
