// SPDX-License-Identifier: Apache-2.0
#include "platform/session.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "platform/processes.h"

namespace kaigara::platform {

namespace {

bool becomes_parent_of_orphans() noexcept {
    int subreaper = 0;
    return ::getpid() == 1 ||
           (::prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0) == 0 && subreaper != 0);
}

void send_and_continue(pid_t target, int signal) noexcept {
    ::kill(target, signal);
    if (signal != SIGKILL) ::kill(target, SIGCONT);
}

}  // namespace

Session::Session(const Reaper& reaper)
    : reaper_(reaper), adopts_orphans_(becomes_parent_of_orphans()) {}

void Session::send(int signal) const {
    // The leader's group in one call, so that it cannot fork away from it; then all others.
    send_and_continue(-leader_, signal);
    for (const Process& process : list_processes()) {
        if (process.session == leader_ && process.group != leader_ && !process.is_zombie)
            send_and_continue(process.pid, signal);
    }
}

bool Session::is_empty() const {
    if (adopts_orphans_ && !reaper_.has_children()) return true;
    return count() == 0;
}

std::size_t Session::count() const {
    const auto all = list_processes();
    // Without /proc the group is all that can be asked for; it has one member at least.
    if (all.empty()) return ::kill(-leader_, 0) == 0 ? 1 : 0;
    return members_of_session(leader_, all).size();
}

}  // namespace kaigara::platform
