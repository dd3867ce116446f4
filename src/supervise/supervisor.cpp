// SPDX-License-Identifier: Apache-2.0
#include "supervise/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "platform/descriptors.h"
#include "platform/executable.h"
#include "platform/processes.h"
#include "platform/terminal.h"
#include "supervise/run_members.h"

namespace kaigara::supervise {

namespace {

constexpr std::size_t most_held_signals = 64;
constexpr Milliseconds first_retry_delay{20};
constexpr Milliseconds longest_retry_delay{1000};
constexpr Milliseconds retry_limit{10'000};
// A restart must come to its end, also where a stop may take for ever.
constexpr Milliseconds usual_restart_limit{10'000};

// Where no shell, nor anybody else, has us for a job.
bool nobody_continues_us() { return ::getpid() == 1 || ::getsid(0) == ::getpid(); }

bool is_job_control_stop(int signal) {
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

int send_to(pid_t target, int signal) { return ::kill(target, signal) == 0 ? 0 : errno; }

// A queued signal keeps the value that its sender gave it.
int send_as_received(pid_t target, int signal, const platform::Signal& received) {
    if (received.code != SI_QUEUE || target < 0) return send_to(target, signal);
    sigval value;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): nobody here follows it, it is handed on
    value.sival_ptr = reinterpret_cast<void*>(received.value);
    return ::sigqueue(target, signal, value) == 0 ? 0 : errno;
}

bool is_interrupt(int signal) { return signal == SIGINT || signal == SIGQUIT; }

}  // namespace

bool Supervisor::owns_namespace() const noexcept { return ::getpid() == 1; }

void Supervisor::start() { spawn(); }

void Supervisor::handle(Event event) {
    const Decision decision = decide(state_, event);
    state_ = decision.next;
    perform(decision.actions);
}

void Supervisor::perform(Actions actions) {
    if ((actions & action::disarm) != 0) {
        deadline_.reset();
        stop_deadline_.reset();
    }
    if ((actions & action::spawn) != 0) spawn();
    if ((actions & action::arm_retry) != 0) deadline_ = Clock::now() + retry_delay_;
    if ((actions & action::hold) != 0 && held_.size() < most_held_signals) held_.push_back(signal_);
    if ((actions & action::deliver_held) != 0) {
        for (const platform::Signal& held : std::exchange(held_, {})) forward(held);
    }
    if ((actions & action::forward) != 0) forward(signal_);
    if ((actions & action::stop_run) != 0) stop_run();
    if ((actions & action::arm_stop) != 0) arm_stop();
    if ((actions & action::arm_restart) != 0) {
        const bool has_limit = launch_.stop_timeout.count() > 0;
        stop_deadline_ = Clock::now() + (has_limit ? launch_.stop_timeout : usual_restart_limit);
        deadline_ = stop_deadline_;
    }
    if ((actions & action::terminate_run) != 0) signal_run(SIGTERM);
    if ((actions & action::kill_run) != 0) signal_run(SIGKILL);
    if ((actions & action::kill_all) != 0) kill_all(SIGKILL);
    if ((actions & action::terminate_others) != 0) kill_all(SIGTERM);
    if ((actions & action::arm_grace) != 0) arm_grace();
    if ((actions & action::finish) != 0) outcome_.kind = Outcome::Kind::ended;
    if ((actions & action::finish_by_signal) != 0)
        outcome_.kind = has_run_ ? Outcome::Kind::ended : Outcome::Kind::never_started;
    if ((actions & action::report) != 0) outcome_.kind = Outcome::Kind::refused;
}

// Before the application runs, so that it never sees us anywhere else. It is left where it was
// started itself.
void Supervisor::leave_directory() {
    if (!launch_.leave_directory || directory_.is_open()) return;
    directory_.reset(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory_.is_open() && ::chdir("/") != 0) directory_.reset();
}

// The words about what could not be executed are right only there.
void Supervisor::return_to_directory() {
    if (directory_.is_open() && ::fchdir(directory_.get()) == 0) directory_.reset();
}

void Supervisor::spawn() {
    const platform::SignalInheritance& born = platform::take_signals();
    leave_directory();
    const pid_t front = launch_.use_terminal ? platform::foreground_group(launch_.terminal) : -1;
    has_terminal_ = front >= 0;

    platform::SpawnRequest request;
    request.argv = launch_.argv.data();
    request.environment = launch_.environment.data();
    request.group = launch_.group;
    request.terminal = has_terminal_ && front == ::getpgrp() ? launch_.terminal : -1;
    request.take_terminal = launch_.take_terminal;
    request.terminal_error = launch_.terminal_error;
    request.umask = launch_.umask;
    request.directory_fd = directory_.get();
    request.directory = launch_.directory ? launch_.directory->c_str() : nullptr;
    request.credentials = launch_.user ? &*launch_.user : nullptr;
    request.mask = launch_.default_signals ? platform::SignalSet{} : born.mask;
    request.ignore_child_signal = born.child_ignored;
    request.default_dispositions = launch_.default_signals;
    request.listen_pid = launch_.listen_pid;

    const auto pid = platform::spawn(request);
    if (pid) {
        on_spawned(*pid);
        return;
    }
    outcome_.failure = pid.error();
    return_to_directory();
    // The child was given the terminal before it failed.
    if (request.terminal >= 0) platform::give_foreground(request.terminal, ::getpgrp());
    if (platform::is_worth_another_try(pid.error()) && retried_for_ < retry_limit) {
        defer(pid.error());
    } else {
        handle(Event::spawn_refused);
    }
}

void Supervisor::defer(const platform::SpawnFailure& failure) {
    if (retried_for_.count() == 0) {
        observer_.deferred(failure);
        log::warn("{}; trying again for {}",
                  platform::explain(failure, launch_.argv[0],
                                    platform::path_of(launch_.environment.data()))
                      .text(),
                  format_duration(retry_limit));
        retry_delay_ = first_retry_delay;
    } else {
        retry_delay_ = std::min(retry_delay_ * 2, longest_retry_delay);
    }
    retried_for_ += retry_delay_;
    handle(Event::spawn_deferred);
}

void Supervisor::on_spawned(pid_t pid) {
    application_ = pid;
    application_alive_ = true;
    interrupt_ = 0;
    retried_for_ = Milliseconds(0);
    if (launch_.may_restart) {
        const auto process = platform::find_process(pid);
        run_started_ = process ? process->started : 0;
    }
    reaper_.expect(pid, [this](const platform::ChildEnd& end) { on_application_end(end); });
    if (watches_stops())
        reaper_.watch_stops(pid, [this](int signal) { on_application_stop(signal); });
    observer_.spawned(pid);
    handle(Event::spawned);
    // One that this user may not search can be left, but not be opened to come back.
    if (launch_.leave_directory && !directory_.is_open() && ::chdir("/") != 0)
        log::debug("cannot leave the working directory: {}", errno_text(errno));
    if (launch_.may_restart) return;
    directory_.reset();
    if (launch_.close_inherited) platform::close_inherited_descriptors();
}

void Supervisor::on_signal(const platform::Signal& signal) {
    observer_.received(signal);
    const int target = launch_.signals[signal.number];
    if (target == SignalMap::drop) {
        observer_.dropped(signal.number);
        return;
    }
    signal_ = signal;
    const bool early_stop =
        (state_ == State::starting || state_ == State::clearing) && is_interrupt(signal.number);
    const bool stop = signal.number == SIGTERM || signal.number == launch_.stop_signal;
    if (stop || early_stop) outcome_.signal = signal.number;
    handle(stop || early_stop ? Event::stop : Event::signal);
}

void Supervisor::forward(const platform::Signal& signal) {
    if (!application_alive_) return;
    const int target = launch_.signals[signal.number];
    if (target == SIGCONT && has_terminal_) {
        resume_application();
        observer_.forwarded(signal.number, target, 0);
        return;
    }
    if (is_interrupt(signal.number)) interrupt_ = target;
    if (is_job_control_stop(target) || target == SIGSTOP) stopped_on_purpose_ = true;
    if (target == SIGCONT) stopped_on_purpose_ = false;
    const int code =
        send_as_received(launch_.signal_group ? -application_ : application_, target, signal);
    if (code != 0)
        log::debug("cannot forward {}: {}", platform::signal_name(target), errno_text(code));
    observer_.forwarded(signal.number, target, code);
}

void Supervisor::resume_application() {
    stopped_on_purpose_ = false;
    if (platform::is_in_foreground(launch_.terminal))
        platform::give_foreground(launch_.terminal, application_);
    send_to(-application_, SIGCONT);
}

// Not from a shell that has it by now, because we ran in the background.
void Supervisor::take_terminal_back() {
    if (platform::foreground_group(launch_.terminal) == application_)
        platform::give_foreground(launch_.terminal, ::getpgrp());
}

bool Supervisor::watches_stops() const noexcept {
    if (launch_.job_control == JobControl::none) return false;
    // Without a terminal and a shell nothing would follow from a stop.
    return has_terminal_ || (launch_.job_control == JobControl::always && !nobody_continues_us());
}

void Supervisor::on_application_stop(int signal) {
    // `fg` on a job that ran in the background: the shell gave the terminal to our group.
    if (has_terminal_ && (signal == SIGTTIN || signal == SIGTTOU) &&
        platform::is_in_foreground(launch_.terminal)) {
        resume_application();
        return;
    }
    if (nobody_continues_us()) {
        // TTIN and TTOU would come back at once.
        if (signal == SIGTSTP && !stopped_on_purpose_) send_to(-application_, SIGCONT);
        return;
    }
    if (!has_terminal_) {
        if (is_job_control_stop(signal)) send_to(::getpid(), SIGSTOP);
        return;
    }
    take_terminal_back();
    // The rest of the pipeline did not get the terminal's signal, because it was not in front.
    send_to(signal == SIGSTOP ? ::getpid() : 0, SIGSTOP);
}

void Supervisor::on_application_end(const platform::ChildEnd& end) {
    application_alive_ = false;
    outcome_.end = end;
    observer_.application_ended(application_, end);
    if (has_terminal_ && (!owns_namespace() || state_ == State::restarting)) take_terminal_back();
    has_run_ = true;
    if (was_interrupted(end)) handle(Event::interrupted);
    const bool waits = launch_.grace.count() > 0 && owns_namespace();
    handle(waits ? Event::ended_with_others : Event::ended);
}

// "INT and QUIT count as a stop only when the application ends by them."
bool Supervisor::was_interrupted(const platform::ChildEnd& end) const noexcept {
    return interrupt_ != 0 && end.status() == 128 + interrupt_;
}

void Supervisor::on_reaped() {
    if (state_ == State::clearing) follow_clearing();
    if (!reaper_.has_children()) handle(Event::nobody_left);
}

void Supervisor::send(int signal) {
    if (state_ != State::running) return;
    const int code = send_to(launch_.signal_group ? -application_ : application_, signal);
    if (code != 0)
        log::debug("cannot send {}: {}", platform::signal_name(signal), errno_text(code));
}

void Supervisor::reload() {
    const int target = launch_.signals[SIGHUP];
    if (target != SignalMap::drop) send(target);
}

void Supervisor::restart() { handle(Event::restart); }

void Supervisor::stop_run() {
    int target = launch_.signals[SIGTERM];
    // Dropped when it comes from outside; here it is the one way to end in order.
    if (target == SignalMap::drop)
        target = launch_.stop_signal != 0 ? launch_.stop_signal : SIGTERM;
    send_to(launch_.signal_group ? -application_ : application_, target);
}

std::vector<pid_t> Supervisor::run_members() const {
    const std::vector<pid_t> companions = companions_ ? companions_() : std::vector<pid_t>();
    return members_of_run({run_started_, companions}, ::getpid(), platform::list_processes());
}

// The application's group in one call, so that it cannot fork away from it; then all others.
void Supervisor::signal_run(int signal) {
    if (application_alive_) send_to(-application_, signal);
    for (const pid_t pid : run_members()) send_to(pid, signal);
}

// Each end of a process may show another that it has made in the last moment. Where the grace time
// has passed, or there is none, whoever is found is ended.
void Supervisor::follow_clearing() {
    if (run_members().empty())
        handle(Event::run_gone);
    else if (!deadline_)
        signal_run(SIGKILL);
}

void Supervisor::on_deadline() {
    deadline_.reset();
    handle(Event::deadline);
    if (state_ == State::clearing) follow_clearing();
}

void Supervisor::arm_stop() {
    if (launch_.stop_timeout.count() == 0) return;
    stop_deadline_ = Clock::now() + launch_.stop_timeout;
    deadline_ = stop_deadline_;
}

// The stop timeout, which counts from the signal's arrival, is not made longer by the grace time.
void Supervisor::arm_grace() {
    deadline_ = Clock::now() + launch_.grace;
    if (stop_deadline_) deadline_ = std::min(*deadline_, *stop_deadline_);
}

void Supervisor::kill_all(int signal) {
    if (owns_namespace()) {
        ::kill(-1, signal);  // everything in the namespace but us
        return;
    }
    // Elsewhere kill(-1) would reach the neighbours.
    if (application_alive_) send_to(-application_, signal);
    for (const pid_t pid : platform::descendants_of(::getpid(), platform::list_processes()))
        send_to(pid, signal);
}

}  // namespace kaigara::supervise
