// SPDX-License-Identifier: Apache-2.0
#include "app/tini_words.h"

#include <array>
#include <cerrno>

#include "base/error.h"
#include "platform/terminal.h"

namespace kaigara::app {

namespace {

constexpr std::array<std::string_view, 5> level_names = {"FATAL", "WARN ", "INFO ", "DEBUG",
                                                         "TRACE"};

int status_of_refusal(const platform::SpawnFailure& failure) {
    if (failure.step != platform::SpawnStep::execute) return 1;
    if (failure.code == ENOENT) return 127;
    return failure.code == EACCES ? 126 : 1;
}

}  // namespace

constinit const std::string_view tini_licence =
    "The MIT License (MIT)\n"
    "\n"
    "Copyright (c) 2015 Thomas Orozco <thomas@orozco.fr>\n"
    "\n"
    "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
    "of this software and associated documentation files (the \"Software\"), to deal\n"
    "in the Software without restriction, including without limitation the rights\n"
    "to use, copy, modify, merge, publish, distribute, sublicense, and/or sell\n"
    "copies of the Software, and to permit persons to whom the Software is\n"
    "furnished to do so, subject to the following conditions:\n"
    "\n"
    "The above copyright notice and this permission notice shall be included in\n"
    "all copies or substantial portions of the Software.\n"
    "\n"
    "THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\n"
    "IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\n"
    "FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\n"
    "AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\n"
    "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\n"
    "OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN\n"
    "THE SOFTWARE.\n";

std::string tini_usage(std::string_view name) {
    return fmt::format(
        "{0} ({1})\n"
        "Usage: {0} [OPTIONS] PROGRAM -- [ARGS] | --version\n"
        "\n"
        "Runs PROGRAM under the supervision of a valid init process ({0})\n"
        "\n"
        "Command line options:\n"
        "\n"
        "  --version: Print the version and exit; the only word there may be.\n"
        "  -h: Print this text and exit.\n"
        "  -s: Become a subreaper, so that orphans come here even if this is not PID 1.\n"
        "  -p SIGNAL: Be sent SIGNAL when the parent dies, e.g. \"-p SIGKILL\".\n"
        "  -v: Be more verbose. Up to three times.\n"
        "  -w: Warn of each process that is reaped.\n"
        "  -g: Forward signals to the program's whole process group.\n"
        "  -e EXIT_CODE: Exit with 0 where it would be EXIT_CODE (0 to 255).\n"
        "  -l: Print the licence and exit.\n"
        "\n"
        "Environment variables:\n"
        "\n"
        "  TINI_SUBREAPER: As -s.\n"
        "  TINI_VERBOSITY: How verbose to be (default: 1); a higher number gives more verbose "
        "output.\n"
        "  TINI_KILL_PROCESS_GROUP: As -g.\n"
        "\n",
        name, tini_version);
}

// One write, so that the line of another process cannot come in between.
void TiniWords::write(pid_t pid, Level level, std::string_view text) {
    const std::string line =
        fmt::format("[{} tini ({})] {}\n", level_names[static_cast<std::size_t>(level)], pid, text);
    (level <= Level::warning ? errors_ : output_).write(line);
}

// tini's child says it itself.
void TiniWords::tell_terminal(pid_t child) {
    if (is_said(Level::debugging) && !platform::is_terminal(0))
        say_as(child, Level::debugging, "tcsetpgrp failed: no tty (ok to proceed)");
}

void TiniWords::spawned(pid_t application) {
    // Elsewhere tini's child still has it in a buffer when it executes the program, and it is lost.
    if (is_said(Level::debugging) && platform::is_terminal(1)) tell_terminal(application);
    say(Level::information, "Spawned child process '{}' with pid '{}'", launch_->argv[0],
        application);
}

void TiniWords::deferred(const platform::SpawnFailure& failure) {
    if (failure.step == platform::SpawnStep::clone) {
        say(Level::warning, "fork failed: {}, trying again", errno_text(failure.code));
    } else {
        say(Level::warning, "exec {} failed: {}, trying again", launch_->argv[0],
            errno_text(failure.code));
    }
}

void TiniWords::forwarded(int received, int /*target*/, int code) {
    say(Level::debugging, "Passing signal: '{}'", signal_text(received));
    if (code != 0 && code != ESRCH) {
        // A program of another user cannot be stopped through tini, so tini ends, and in a
        // container that ends the program too.
        say(Level::fatal, "Unexpected error when forwarding signal: '{}'", errno_text(code));
        ::_exit(1);
    }
    if (code == ESRCH) say(Level::warning, "Child was dead when forwarding signal");
    reaped(true);  // it looks for dead children after each signal
}

void TiniWords::application_ended(pid_t application, const platform::ChildEnd& end) {
    say(Level::debugging, "Reaped child with pid: '{}'", application);
    if (end.by_signal) {
        say(Level::information, "Main child exited with signal (with signal '{}')",
            signal_text(end.number));
    } else {
        say(Level::information, "Main child exited normally (with status '{}')", end.number);
    }
}

void TiniWords::child_signal() { say(Level::debugging, "Received SIGCHLD"); }

void TiniWords::stranger_ended(pid_t pid, const platform::ChildEnd& /*end*/) {
    say(Level::debugging, "Reaped child with pid: '{}'", pid);
    if (warn_on_reap_) say(Level::warning, "Reaped zombie process with pid={}", pid);
}

void TiniWords::reaped(bool children_are_left) {
    if (children_are_left) {
        say(Level::tracing, "No child to reap");
    } else {
        say(Level::tracing, "No child to wait");
    }
}

// In tini the child itself says what went wrong, and its status is then the program's.
int TiniWords::refused(const platform::SpawnFailure& failure) {
    const auto reason = errno_text(failure.code);
    if (failure.step == platform::SpawnStep::clone) {
        say(Level::fatal, "fork failed: {}", reason);
        return 1;
    }
    const pid_t child = child_of(failure);
    tell_terminal(child);
    say(Level::information, "Spawned child process '{}' with pid '{}'", launch_->argv[0], child);
    if (failure.step == platform::SpawnStep::execute) {
        say_as(child, Level::fatal, "exec {} failed: {}", launch_->argv[0], reason);
    } else {
        say_as(child, Level::fatal, "{} failed: {}",
               failure.step == platform::SpawnStep::terminal ? "tcsetpgrp" : "setpgid", reason);
    }
    const int status = status_of_refusal(failure);
    child_signal();
    application_ended(child, {.number = status});
    reaped(false);
    return remapped(status);
}

int TiniWords::remapped(int status) {
    say(Level::tracing, "Exiting: child has exited");
    return launch_->success[static_cast<std::size_t>(status) % 256] ? 0 : status % 256;
}

int TiniWords::status_of(const supervise::Outcome& outcome) {
    switch (outcome.kind) {
    case supervise::Outcome::Kind::refused: return refused(outcome.failure);
    case supervise::Outcome::Kind::never_started: return 128 + outcome.signal;
    case supervise::Outcome::Kind::ended: break;
    }
    return remapped(outcome.end.status());
}

}  // namespace kaigara::app
