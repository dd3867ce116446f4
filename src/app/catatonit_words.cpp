// SPDX-License-Identifier: Apache-2.0
#include "app/catatonit_words.h"

#include <array>
#include <cerrno>

#include "app/face_parts.h"
#include "base/error.h"
#include "platform/terminal.h"

namespace kaigara::app {

namespace {

constexpr std::array<std::string_view, 4> level_names = {"ERROR", "WARN", "INFO", "DEBUG"};

}  // namespace

std::string CatatonitWords::line(pid_t pid, Level level, std::string_view text) {
    return fmt::format("{} (catatonit:{}): {}\n", level_names[static_cast<std::size_t>(level)], pid,
                       text);
}

// catatonit's child says this itself, between its fork and its exec.
void CatatonitWords::tell_terminal(pid_t application) {
    if (loudest_ != Level::debugging) return;
    if (terminal_error_ != 0)
        say_as(application, Level::information,
               "using stdin as tty fd: could not open /dev/tty: {}", errno_text(terminal_error_));
    if (!platform::is_terminal(launch_->terminal))
        say_as(application, Level::debugging,
               "setting foreground process failed: no tty present: {}", errno_text(errno));
}

void CatatonitWords::spawned(pid_t application) {
    application_ = application;
    tell_terminal(application);
    say(Level::debugging, "pid1 ({}) spawned: {}", application, launch_->argv[0]);
}

void CatatonitWords::deferred(const platform::SpawnFailure& failure) {
    say(Level::error, "failed to {}: {}, trying again",
        failure.step == platform::SpawnStep::clone ? "fork child" : "exec pid1",
        errno_text(failure.code));
}

void CatatonitWords::forwarded(int received, int /*target*/, int code) {
    if (code == 0) return;
    say(Level::warning, "forwarding of signal {} to pid1 ({}) failed: {}", received,
        launch_->signal_group ? -application_ : application_, errno_text(code));
}

void CatatonitWords::dropped(int /*received*/) {
    say(Level::debugging, "ignoring kernel attempting to stop us: tty has TOSTOP set");
}

void CatatonitWords::stranger_ended(pid_t pid, const platform::ChildEnd& end) {
    if (end.by_signal) {
        say(Level::debugging, "child process {} exited due to signal {}", pid, end.number);
    } else {
        say(Level::debugging, "child process {} exited with code {}", pid, end.number);
    }
}

void CatatonitWords::reaped(bool children_are_left) {
    if (!children_are_left) say(Level::debugging, "got ECHILD: no children left to monitor");
}

// In catatonit the child itself says what went wrong, and its status is then the program's.
int CatatonitWords::refused(const platform::SpawnFailure& failure) {
    const auto reason = errno_text(failure.code);
    const pid_t child = child_of(failure);
    switch (failure.step) {
    case platform::SpawnStep::clone:
        say(Level::error, "failed to fork child: {}", reason);
        say(Level::error, "failed to spawn pid1: {}", reason);
        return 1;
    case platform::SpawnStep::session:
        say_as(child, Level::error, "failed to create process group");
        break;
    case platform::SpawnStep::terminal:
        say_as(child, Level::error, "setting foreground process failed: {}", reason);
        break;
    default:
        tell_terminal(child);
        say_as(child, Level::error, "failed to exec pid1: {}", reason);
        break;
    }
    say(Level::debugging, "pid1 ({}) spawned: {}", child, launch_->argv[0]);
    reaped(false);
    return 1;
}

int CatatonitWords::status_of(const supervise::Outcome& outcome) {
    switch (outcome.kind) {
    case supervise::Outcome::Kind::refused: return refused(outcome.failure);
    case supervise::Outcome::Kind::never_started: return 128 + outcome.signal;
    case supervise::Outcome::Kind::ended: break;
    }
    return outcome.end.status();
}

}  // namespace kaigara::app
