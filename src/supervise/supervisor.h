// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of stage 3: starts the application, forwards signals to it, and says how it ended.
// What to do when is decided in policy.h; job control is here, because it is all doing.
//
// A restart. The application is stopped as by a stop, then all that its run has left is ended, and
// only then it is started again. For that the working directory and the inherited descriptors are
// kept, where the launch says that it may happen.
//
// It is passive: whoever owns it brings the signals, tells when children were reaped and when the
// deadline has come, and looks afterwards whether it is done. So `start` runs it on the event loop,
// and `exec` with nothing but one system call to wait in.
//
// Job control. The application is a process group of its own, in the foreground of the terminal, so
// Ctrl-C, Ctrl-\ and Ctrl-Z reach it from the kernel and not through us. When it is stopped by one
// of them and we were started by a shell, the shell must see its job stop: the terminal is taken
// back and our own process group stops too. When the shell continues us, the application gets the
// terminal back, if we have it, and goes on. A job that was started in the background, or was sent
// there, leaves the terminal to whoever has it.
//
// As PID 1, and as the leader of a session, there is nobody who could ever continue us: a stop that
// came from the terminal is undone at once, as if Ctrl-Z had been ignored, which is what the kernel
// does for an application without an init in that place. A stop that somebody sent on purpose
// stays.

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "platform/reaper.h"
#include "supervise/launch.h"
#include "supervise/policy.h"

namespace kaigara::supervise {

// How stage 3 came to its end.
struct Outcome {
    enum class Kind : std::uint8_t {
        ended,          // the application ran and ended: `end`
        refused,        // it could not be started: `failure`
        never_started,  // a stop came while it could not be started yet: `signal`
    };
    Kind kind = Kind::ended;
    platform::ChildEnd end;
    platform::SpawnFailure failure;
    int signal = 0;
};

// Is told what happens; the faces of other inits print it in their own words. All are called
// from within the supervisor's own calls.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void spawned(pid_t /*application*/) {}
    virtual void received(const platform::Signal&) {}
    // `target` was sent for `received`; `code` is 0 or the errno of kill(2).
    virtual void forwarded(int /*received*/, int /*target*/, int /*code*/) {}
    virtual void dropped(int /*received*/) {}
    // The application could not be started, and is tried again for a while. Called once.
    virtual void deferred(const platform::SpawnFailure&) {}
    virtual void application_ended(pid_t, const platform::ChildEnd&) {}
};

class Supervisor {
public:
    using Clock = std::chrono::steady_clock;

    // All outlive the supervisor.
    Supervisor(platform::Reaper& reaper, const Launch& launch, Observer& observer)
        : reaper_(reaper), launch_(launch), observer_(observer) {}

    void start();
    void on_signal(const platform::Signal& signal);
    // Delivers a signal of our own to an application that runs; one that is being stopped or
    // started has no use for it.
    void send(int signal);
    // The same as if it had come from outside: rewritten or dropped.
    void reload();
    // Stops the application in order and starts it again, when nothing of its run is left. Where
    // that is under way already, or a stop is, there is nothing to do.
    void restart();
    // Children of ours that are none of the application's, at any time.
    void set_companions(std::function<std::vector<pid_t>()> companions) {
        companions_ = std::move(companions);
    }
    // After each round of reaping.
    void on_reaped();
    // When on_deadline() is to be called next, if ever; it changes with every call.
    std::optional<Clock::time_point> deadline() const noexcept { return deadline_; }
    void on_deadline();

    bool is_done() const noexcept { return state_ == State::done; }
    // A stop has come, or the application has ended for good: nothing new is to be begun.
    bool is_ending() const noexcept {
        return state_ == State::stopping || state_ == State::leaving || state_ == State::done;
    }
    // To be asked when it is done.
    const Outcome& outcome() const noexcept { return outcome_; }

private:
    void handle(Event event);
    void perform(Actions actions);

    void spawn();
    void leave_directory();
    void return_to_directory();
    void on_spawned(pid_t pid);
    void on_application_end(const platform::ChildEnd& end);
    void on_application_stop(int signal);
    void defer(const platform::SpawnFailure& failure);

    void forward(const platform::Signal& signal);
    void resume_application();
    void take_terminal_back();
    bool watches_stops() const noexcept;
    bool was_interrupted(const platform::ChildEnd& end) const noexcept;
    void stop_run();
    std::vector<pid_t> run_members() const;
    void signal_run(int signal);
    void follow_clearing();
    void kill_all(int signal);
    void arm_stop();
    void arm_grace();
    bool owns_namespace() const noexcept;

    platform::Reaper& reaper_;
    const Launch& launch_;
    Observer& observer_;

    State state_ = State::starting;
    Outcome outcome_;
    platform::Fd directory_;  // that we have left, until the application is in it
    pid_t application_ = 0;
    bool application_alive_ = false;
    std::uint64_t run_started_ = 0;  // as platform::Process has it
    bool has_run_ = false;           // some application has, and has ended
    int interrupt_ = 0;              // the INT or QUIT that this run was sent last
    std::function<std::vector<pid_t>()> companions_;
    bool has_terminal_ = false;        // a controlling one, though not always the foreground of it
    bool stopped_on_purpose_ = false;  // we forwarded a stop signal ourselves

    platform::Signal signal_;  // the one that is being handled
    std::vector<platform::Signal> held_;
    std::optional<Clock::time_point> deadline_;
    Milliseconds retry_delay_{0};
    Milliseconds retried_for_{0};
    std::optional<Clock::time_point> stop_deadline_;
};

}  // namespace kaigara::supervise
