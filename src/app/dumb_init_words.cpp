// SPDX-License-Identifier: Apache-2.0
#include "app/dumb_init_words.h"

#include <signal.h>

#include "base/error.h"

namespace kaigara::app {

void DumbInitWords::write(std::string_view text) {
    errors_.write(fmt::format("[dumb-init] {}\n", text));
}

// dumb-init's child says this itself, between its fork and its exec.
void DumbInitWords::tell_session() {
    if (!session_) return;
    if (terminal_error_ != 0)
        debug("Unable to attach to controlling tty (errno={} {}).", terminal_error_,
              errno_text(terminal_error_));
    debug("setsid complete.");
}

void DumbInitWords::spawned(pid_t application) {
    debug("Child spawned with PID {}.", application);
    tell_session();
    for (const int signal : {SIGHUP, SIGCONT}) {
        if (!taken_over_.has(signal)) continue;
        debug("Received signal {}.", signal);
        debug("Ignoring tty hand-off signal {}.", signal);
    }
}

void DumbInitWords::deferred(const platform::SpawnFailure& failure) {
    say("Unable to {} (errno={} {}). Trying again.",
        failure.step == platform::SpawnStep::clone ? "fork" : "exec", failure.code,
        errno_text(failure.code));
}

void DumbInitWords::received(const platform::Signal& signal) {
    if (!ended_) debug("Received signal {}.", signal.number);
}

void DumbInitWords::tell_translation(int signal) {
    const auto number = static_cast<std::size_t>(signal);
    if (number < rewritten_.size() && rewritten_[number])
        debug("Translating signal {} to {}.", signal, signals_[signal]);
}

void DumbInitWords::tell_forwarding(int target) {
    if (target == supervise::SignalMap::drop) {
        debug("Not forwarding signal {} to children (ignored).", target);
    } else {
        debug("Forwarded signal {} to children.", target);
    }
}

// As PID 1 the kernel does not let us stop, and nothing comes of it.
void DumbInitWords::suspend_if_asked(int received) {
    if (received != SIGTSTP && received != SIGTTIN && received != SIGTTOU) return;
    debug("Suspending self due to TTY signal.");
    ::kill(::getpid(), SIGSTOP);
}

void DumbInitWords::forwarded(int received, int target, int /*code*/) {
    tell_translation(received);
    tell_forwarding(target);
    suspend_if_asked(received);
}

void DumbInitWords::dropped(int received) {
    if (ended_) return;
    tell_translation(received);
    tell_forwarding(supervise::SignalMap::drop);
    suspend_if_asked(received);
}

void DumbInitWords::tell_end(pid_t application, const platform::ChildEnd& end) {
    stranger_ended(application, end);
    tell_translation(SIGTERM);
    tell_forwarding(signals_[SIGTERM]);
    debug("Child exited with status {}. Goodbye.", end.status());
    ended_ = true;
}

void DumbInitWords::application_ended(pid_t application, const platform::ChildEnd& end) {
    const int target = signals_[SIGTERM];
    // Without a session the target would be the program alone, and it is dead.
    if (session_ && target != supervise::SignalMap::drop) ::kill(-application, target);
    tell_end(application, end);
}

void DumbInitWords::child_signal() { debug("Received signal {}.", SIGCHLD); }

void DumbInitWords::stranger_ended(pid_t pid, const platform::ChildEnd& end) {
    if (ended_) return;
    if (end.by_signal) {
        debug("A child with PID {} was terminated by signal {}.", pid, end.number);
    } else {
        debug("A child with PID {} exited with exit status {}.", pid, end.number);
    }
}

// In dumb-init the child itself says what went wrong, and its status is then the program's.
int DumbInitWords::refused(const platform::SpawnFailure& failure, const char* program) {
    if (failure.step == platform::SpawnStep::clone) {
        say("Unable to fork. Exiting.");
        return 1;
    }
    const pid_t child = child_of(failure);
    debug("Child spawned with PID {}.", child);
    const bool executed = failure.step == platform::SpawnStep::execute;
    if (executed) {
        tell_session();
        say("{}: {}", program, errno_text(failure.code));
    } else {
        say("Unable to setsid (errno={} {}). Exiting.", failure.code, errno_text(failure.code));
    }
    const platform::ChildEnd end{.number = executed ? 2 : 1};
    child_signal();
    tell_end(child, end);
    return end.number;
}

int DumbInitWords::status_of(const supervise::Outcome& outcome, const char* program) {
    switch (outcome.kind) {
    case supervise::Outcome::Kind::refused: return refused(outcome.failure, program);
    case supervise::Outcome::Kind::never_started: return 128 + outcome.signal;
    case supervise::Outcome::Kind::ended: break;
    }
    return outcome.end.status();
}

}  // namespace kaigara::app
