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
#include "platform/random.h"

namespace kaigara::supervise {

namespace {

constexpr std::size_t most_held_signals = 64;
constexpr Milliseconds first_retry_delay{20};
constexpr Milliseconds longest_retry_delay{1000};
constexpr Milliseconds retry_limit{10'000};
// A restart must come to its end, also where a stop may take for ever.
constexpr Milliseconds usual_restart_limit{10'000};

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

void Supervisor::perform(Actions actions) {
    const auto wants = [actions](Actions one) { return (actions & one) != 0; };
    if (wants(action::disarm)) {
        deadline_.reset();
        stop_deadline_.reset();
    }
    if (wants(action::cut_prepare) && pre_stop_ != nullptr) pre_stop_->cut();
    if (wants(action::spawn)) spawn();
    if (wants(action::arm_retry)) deadline_ = Clock::now() + retry_delay_;
    if (wants(action::hold) && held_.size() < most_held_signals) held_.push_back(signal_);
    if (wants(action::deliver_held)) {
        for (const platform::Signal& held : std::exchange(held_, {})) forward(held);
    }
    if (wants(action::tell_nobody))
        log::debug("{} has come between two runs: dropped", platform::signal_name(signal_.number));
    if (wants(action::forward)) forward(signal_);
    if (wants(action::forward_stop)) forward(stop_);
    if (wants(action::stop_run)) stop_run();
    if (wants(action::arm_stop)) arm_stop();
    if (wants(action::arm_restart)) arm_restart();
    if (wants(action::kill_run)) signal_run(SIGKILL);
    if (wants(action::kill_all)) kill_all(SIGKILL);
    if (wants(action::terminate_others)) kill_all(SIGTERM);
    if (wants(action::arm_grace)) arm_grace();
    if (wants(action::clear_run)) clear_run();
    if (wants(action::finish)) outcome_.kind = Outcome::Kind::ended;
    if (wants(action::finish_by_signal))
        outcome_.kind = has_run_ ? Outcome::Kind::ended : Outcome::Kind::never_started;
    if (wants(action::report)) outcome_.kind = Outcome::Kind::refused;
    // Each of these may bring the next event at once, so they come last.
    if (wants(action::prepare)) prepare();
    if (wants(action::arm_delay)) arm_delay();
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
    observer_.starting();

    platform::SpawnRequest request;
    request.argv = launch_.argv.data();
    request.environment = launch_.environment.data();
    request.group = launch_.group;
    request.terminal = job_.look_for_terminal();
    request.take_terminal = launch_.take_terminal;
    request.terminal_error = launch_.terminal_error;
    request.umask = launch_.umask;
    request.directory_fd = directory_.get();
    request.directory = launch_.directory ? launch_.directory->c_str() : nullptr;
    request.credentials = launch_.user ? &*launch_.user : nullptr;
    request.no_new_privileges = launch_.no_new_privileges;
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
    Job::take_unused_terminal_back(request.terminal);
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
    spawned_ = pid;
    spawned_end_.reset();
    become_main(pid, pid);
    application_alive_ = true;
    interrupt_ = 0;
    end_reason_ = EndReason::by_itself;
    run_began_ = Clock::now();
    retried_for_ = Milliseconds(0);
    if (launch_.may_restart) {
        const auto process = platform::find_process(pid);
        run_started_ = process ? process->started : 0;
    }
    expect(pid);
    if (job_.watches_stops())
        reaper_.watch_stops(pid, [this](int signal) { job_.on_stop(signal); });
    observer_.spawned(pid);
    handle(Event::spawned);
    // One that this user may not search can be left, but not be opened to come back.
    if (launch_.leave_directory && !directory_.is_open() && ::chdir("/") != 0)
        log::debug("cannot leave the working directory: {}", errno_text(errno));
    if (!launch_.may_restart) directory_.reset();
    if (launch_.close_inherited)
        lost_descriptors_ = platform::close_inherited_descriptors() || lost_descriptors_;
}

void Supervisor::on_signal(const platform::Signal& signal) {
    observer_.received(signal);
    const int target = launch_.signals[signal.number];
    if (target == SignalMap::drop) {
        observer_.dropped(signal.number);
        return;
    }
    signal_ = signal;
    // Without an application there is nobody who could say what they mean.
    const bool early_stop =
        (state_ == State::starting || state_ == State::clearing || state_ == State::waiting) &&
        is_interrupt(signal.number);
    const bool stop =
        signal.number == SIGTERM || signal.number == launch_.stop_signal || early_stop;
    if (stop) outcome_.signal = signal.number;
    if (stop && !is_ending()) stop_ = signal;
    handle(stop ? Event::stop : Event::signal);
}

void Supervisor::forward(const platform::Signal& signal) {
    look_for_adopted();
    if (!application_alive_) return;
    const int target = launch_.signals[signal.number];
    if (target == SIGCONT && job_.has_terminal()) {
        job_.resume();
        observer_.forwarded(signal.number, target, 0);
        return;
    }
    if (is_interrupt(signal.number)) interrupt_ = target;
    job_.note(target);
    const int code =
        send_as_received(launch_.signal_group ? -group_ : application_, target, signal);
    if (code == EPERM)
        log::warn("cannot forward {}: {}; without the capability KILL only an application of our "
                  "own user can be signalled",
                  platform::signal_name(target), errno_text(code));
    else if (code != 0)
        log::debug("cannot forward {}: {}", platform::signal_name(target), errno_text(code));
    observer_.forwarded(signal.number, target, code);
}

void Supervisor::expect(pid_t pid) {
    reaper_.expect(pid, [this, pid](const platform::ChildEnd& end) {
        if (pid == application_ || pid == spawned_) observer_.process_ended();
        if (pid == application_) return on_application_end(end);
        if (pid == spawned_) spawned_end_ = end;
    });
}

void Supervisor::on_application_end(const platform::ChildEnd& end) {
    application_alive_ = false;
    outcome_.end = end;
    observer_.application_ended(application_, end);
    const RunEnd run = describe(end);
    RestartVerdict verdict;
    if (!is_ending()) verdict = after_run(launch_.restart, history_, run, random_for_restart());
    if (job_.has_terminal() && (!owns_namespace() || verdict.again)) job_.take_terminal_back();
    has_run_ = true;
    next_start_ = Clock::now() + verdict.delay;
    observer_.run_ended(run, verdict);
    tell(run, verdict);
    const bool waits = launch_.grace.count() > 0 && owns_namespace();
    if (verdict.again) return handle(Event::again);
    handle(waits ? Event::ended_with_others : Event::ended);
}

// Only where a delay can follow: it is a system call.
std::uint64_t Supervisor::random_for_restart() const {
    const RestartRules& rules = launch_.restart;
    const bool never = rules.when == RestartWhen::never || rules.first_delay.count() == 0;
    return never ? 0 : platform::random_number();
}

// "INT and QUIT count as a stop only when the application ends by them": by the one that was
// forwarded, or by the one that came from its terminal.
RunEnd Supervisor::describe(const platform::ChildEnd& end) const {
    RunEnd run;
    run.reason = end_reason_;
    run.child = end;
    run.success = end.status() == 0 || launch_.success[static_cast<std::size_t>(end.status())];
    run.ran = std::chrono::duration_cast<Milliseconds>(Clock::now() - run_began_);
    const bool forwarded = interrupt_ != 0 && end.status() == 128 + interrupt_;
    // Our own stop may be an INT, too.
    const bool typed = end_reason_ == EndReason::by_itself && job_.has_terminal() &&
                       end.by_signal && is_interrupt(end.number);
    if (forwarded || typed) run.reason = EndReason::interrupted;
    return run;
}

void Supervisor::tell(const RunEnd& end, const RestartVerdict& verdict) const {
    if (!verdict.again && !verdict.gives_up) return;
    const std::string what = text_of(end);
    if (verdict.gives_up)
        log::error("{}; it has been started again {} times without success: giving up", what,
                   history_.without_reset);
    else if (end.reason == EndReason::restart_asked)
        log::info("{}; it is started again", what);
    else if (verdict.delay.count() == 0)
        log::warn("{}; it is started again at once", what);
    else
        log::warn("{}; it is started again in {}", what, format_duration(verdict.delay));
}

void Supervisor::on_reaped() {
    look_for_adopted();
    if (state_ == State::clearing) follow_clearing();
    if (!reaper_.has_children()) handle(Event::nobody_left);
}

void Supervisor::send(int signal) {
    if (state_ != State::running) return;
    look_for_adopted();
    if (!application_alive_) return;
    const int code = send_to_application(signal);
    if (code != 0)
        log::debug("cannot send {}: {}", platform::signal_name(signal), errno_text(code));
}

void Supervisor::reload() {
    const int target = launch_.signals[SIGHUP];
    if (target != SignalMap::drop) send(target);
}

void Supervisor::restart(EndReason reason) {
    if (state_ == State::running) end_reason_ = reason;
    // A delay says when the policy's next run begins: only who asks for a run may end it.
    if (state_ == State::waiting && reason != EndReason::restart_asked) return;
    handle(Event::restart);
}

void Supervisor::extend(Milliseconds time) {
    if (!stop_deadline_) return;
    stop_deadline_ = std::max(*stop_deadline_, Clock::now() + time);
    deadline_ = stop_deadline_;
}

void Supervisor::prepare() {
    if (pre_stop_ == nullptr || !pre_stop_->begin()) handle(Event::prepared);
}

void Supervisor::stop_run() {
    int target = launch_.signals[SIGTERM];
    // Dropped when it comes from outside; here it is the one way to end in order.
    if (target == SignalMap::drop)
        target = launch_.stop_signal != 0 ? launch_.stop_signal : SIGTERM;
    look_for_adopted();
    if (application_alive_) send_to_application(target);
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

void Supervisor::arm_restart() {
    const bool has_limit = launch_.stop_timeout.count() > 0;
    stop_deadline_ = Clock::now() + (has_limit ? launch_.stop_timeout : usual_restart_limit);
    deadline_ = stop_deadline_;
}

void Supervisor::arm_delay() {
    if (next_start_ <= Clock::now()) return handle(Event::deadline);
    deadline_ = next_start_;
}

// The stop timeout, which counts from the signal's arrival, is not made longer by the grace time.
void Supervisor::arm_grace() {
    deadline_ = Clock::now() + launch_.grace;
    if (stop_deadline_) deadline_ = std::min(*deadline_, *stop_deadline_);
}

}  // namespace kaigara::supervise
