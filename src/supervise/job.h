// SPDX-License-Identifier: Apache-2.0
#pragma once

// Job control: the application as the job of a shell, and as the foreground of a terminal.
//
// The application is a process group of its own, in the foreground of the terminal, so Ctrl-C,
// Ctrl-\ and Ctrl-Z reach it from the kernel and not through us. When it is stopped by one of them
// and we were started by a shell, the shell must see its job stop: the terminal is taken back and
// our own process group stops too. When the shell continues us, the application gets the terminal
// back, if we have it, and goes on. A job that was started in the background, or was sent there,
// leaves the terminal to whoever has it.
//
// As PID 1, and as the leader of a session, there is nobody who could ever continue us: a stop that
// came from the terminal is undone at once, as if Ctrl-Z had been ignored, which is what the kernel
// does for an application without an init in that place. A stop that somebody sent on purpose
// stays.

#include <sys/types.h>

#include "supervise/launch.h"

namespace kaigara::supervise {

class Job {
public:
    // The launch outlives it.
    explicit Job(const Launch& launch) noexcept : launch_(launch) {}

    // Before the application is started: the terminal that it is to get, or -1.
    int look_for_terminal() noexcept;
    // It could not be started, and may have been given that terminal.
    static void take_unused_terminal_back(int terminal) noexcept;
    void begin(pid_t application) noexcept { application_ = application; }

    // A controlling terminal, though not always as its foreground.
    bool has_terminal() const noexcept { return has_terminal_; }
    // Whether its stops are to be told to on_stop().
    bool watches_stops() const noexcept;
    void on_stop(int signal);
    // A signal is about to be forwarded.
    void note(int signal) noexcept;
    // The application goes on, in the foreground if we are there.
    void resume();
    // Not from a shell that has it by now, because we ran in the background.
    void take_terminal_back() noexcept;

private:
    const Launch& launch_;
    pid_t application_ = 0;
    bool has_terminal_ = false;
    bool stopped_on_purpose_ = false;  // we forwarded a stop signal ourselves
};

}  // namespace kaigara::supervise
