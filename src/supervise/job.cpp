// SPDX-License-Identifier: Apache-2.0
#include "supervise/job.h"

#include <signal.h>
#include <unistd.h>

#include "platform/terminal.h"

namespace kaigara::supervise {

namespace {

// Where no shell, nor anybody else, has us for a job.
bool nobody_continues_us() noexcept { return ::getpid() == 1 || ::getsid(0) == ::getpid(); }

bool is_job_control_stop(int signal) noexcept {
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

int Job::look_for_terminal() noexcept {
    const pid_t front = launch_.use_terminal ? platform::foreground_group(launch_.terminal) : -1;
    has_terminal_ = front >= 0;
    return has_terminal_ && front == ::getpgrp() ? launch_.terminal : -1;
}

void Job::take_unused_terminal_back(int terminal) noexcept {
    if (terminal >= 0) platform::give_foreground(terminal, ::getpgrp());
}

bool Job::watches_stops() const noexcept {
    if (launch_.job_control == JobControl::none) return false;
    // Without a terminal and a shell nothing would follow from a stop.
    return has_terminal_ || (launch_.job_control == JobControl::always && !nobody_continues_us());
}

void Job::note(int signal) noexcept {
    if (is_job_control_stop(signal) || signal == SIGSTOP) stopped_on_purpose_ = true;
    if (signal == SIGCONT) stopped_on_purpose_ = false;
}

void Job::resume() {
    stopped_on_purpose_ = false;
    if (platform::is_in_foreground(launch_.terminal))
        platform::give_foreground(launch_.terminal, application_);
    ::kill(-application_, SIGCONT);
}

void Job::take_terminal_back() noexcept {
    if (platform::foreground_group(launch_.terminal) == application_)
        platform::give_foreground(launch_.terminal, ::getpgrp());
}

void Job::on_stop(int signal) {
    // `fg` on a job that ran in the background: the shell gave the terminal to our group.
    if (has_terminal_ && (signal == SIGTTIN || signal == SIGTTOU) &&
        platform::is_in_foreground(launch_.terminal)) {
        resume();
        return;
    }
    if (nobody_continues_us()) {
        // TTIN and TTOU would come back at once.
        if (signal == SIGTSTP && !stopped_on_purpose_) ::kill(-application_, SIGCONT);
        return;
    }
    if (!has_terminal_) {
        if (is_job_control_stop(signal)) ::kill(::getpid(), SIGSTOP);
        return;
    }
    take_terminal_back();
    // The rest of the pipeline did not get the terminal's signal, because it was not in front.
    ::kill(signal == SIGSTOP ? ::getpid() : 0, SIGSTOP);
}

}  // namespace kaigara::supervise
