// SPDX-License-Identifier: Apache-2.0

// The processes of a run: which of them is the main one, and what it leaves.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/processes.h"
#include "supervise/run_members.h"
#include "supervise/supervisor.h"

namespace kaigara::supervise {

namespace {

int send_to(pid_t target, int signal) { return ::kill(target, signal) == 0 ? 0 : errno; }

}  // namespace

bool Supervisor::adopt(pid_t pid) {
    if (pid == application_) return true;
    const std::vector<pid_t> members = run_members();
    if (!application_alive_ || std::ranges::find(members, pid) == members.end()) return false;
    const pid_t group = ::getpgid(pid);
    if (group <= 1) return false;  // it has just ended
    become_main(pid, group);
    if (!reaper_.expects(pid)) expect(pid);
    return true;
}

void Supervisor::become_main(pid_t pid, pid_t group) {
    application_ = pid;
    group_ = group;
    job_.begin(group);
}

// The one that was adopted may have gone unseen.
void Supervisor::look_for_adopted() {
    if (!application_alive_ || application_ == spawned_) return;
    if (::kill(application_, 0) == 0 || errno != ESRCH) return;
    if (spawned_end_)
        on_application_end(*spawned_end_);
    else
        become_main(spawned_, spawned_);
}

int Supervisor::send_to_application(int signal) const {
    return send_to(launch_.signal_group ? -group_ : application_, signal);
}

std::vector<pid_t> Supervisor::run_members() const {
    // Whatever a run leaves becomes our child.
    if (!reaper_.has_children()) return {};
    const std::vector<pid_t> companions = companions_ ? companions_() : std::vector<pid_t>();
    return members_of_run({run_started_, companions}, ::getpid(), platform::list_processes());
}

// The application's group in one call, so that it cannot fork away from it; then all others.
void Supervisor::signal_run(int signal) {
    if (application_alive_) send_to(-group_, signal);
    for (const pid_t pid : run_members()) send_to(pid, signal);
}

// Without a grace time on_reaped(), which follows, ends by KILL what is there.
void Supervisor::clear_run() {
    if (launch_.grace.count() == 0 || !owns_namespace()) return;
    signal_run(SIGTERM);
    arm_grace();
}

// Each end of a process may show another that it has made in the last moment. Where the grace time
// has passed, or there is none, whoever is found is ended.
void Supervisor::follow_clearing() {
    if (run_members().empty())
        handle(Event::run_gone);
    else if (!deadline_)
        signal_run(SIGKILL);
}

void Supervisor::kill_all(int signal) {
    if (owns_namespace()) {
        ::kill(-1, signal);  // everything in the namespace but us
        return;
    }
    // Elsewhere kill(-1) would reach the neighbours.
    if (application_alive_) send_to(-group_, signal);
    for (const pid_t pid : platform::descendants_of(::getpid(), platform::list_processes()))
        send_to(pid, signal);
}

bool Supervisor::owns_namespace() const noexcept { return ::getpid() == 1; }

void Supervisor::start() { spawn(); }

void Supervisor::handle(Event event) {
    const Decision decision = decide(state_, event);
    state_ = decision.next;
    perform(decision.actions);
}

}  // namespace kaigara::supervise
