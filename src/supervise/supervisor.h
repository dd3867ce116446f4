// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of stage 3: starts the application, forwards signals to it, and says how it ended.
// What to do when is decided in policy.h, whether to start it again in restart_policy.h.
//
// A restart. The application is stopped as by a stop, then all that its run has left is ended, and
// only then it is started again. For that the working directory and the inherited descriptors are
// kept, where the launch says that it may happen.
//
// It is passive: whoever owns it brings the signals, tells when children were reaped and when the
// deadline has come, and looks afterwards whether it is done. So `start` runs it on the event loop,
// and `exec` with nothing but one system call to wait in.
//
// Each run begins with Observer::starting() and ends with Observer::run_ended(); what follows from
// its end is restart_policy's to say. The command of pre-stop is run by whoever owns the
// supervisor, who calls on_prepared() when it has ended.

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "platform/reaper.h"
#include "supervise/job.h"
#include "supervise/launch.h"
#include "supervise/policy.h"
#include "supervise/restart_policy.h"

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
    // A run is about to begin; the launch may still be changed.
    virtual void starting() {}
    virtual void spawned(pid_t /*application*/) {}
    virtual void received(const platform::Signal&) {}
    // `target` was sent for `received`; `code` is 0 or the errno of kill(2).
    virtual void forwarded(int /*received*/, int /*target*/, int /*code*/) {}
    virtual void dropped(int /*received*/) {}
    // The application could not be started, and is tried again for a while. Called once.
    virtual void deferred(const platform::SpawnFailure&) {}
    virtual void application_ended(pid_t, const platform::ChildEnd&) {}
    // A process that is, or was, the main one of a run has ended: what it said before can still
    // change what that means (Supervisor::adopt).
    virtual void process_ended() {}
    // After the application's end, and before anything is done about it.
    virtual void run_ended(const RunEnd&, const RestartVerdict&) {}
};

// The command of pre-stop, which somebody else runs.
class PreStop {
public:
    virtual ~PreStop() = default;
    // Begins it; on_prepared() is called when it has ended. False where there is nothing to run.
    virtual bool begin() = 0;
    // Ends it by KILL, where it runs; on_prepared() need not be called any more.
    virtual void cut() = 0;
};

class Supervisor {
public:
    using Clock = std::chrono::steady_clock;

    // All outlive the supervisor.
    Supervisor(platform::Reaper& reaper, const Launch& launch, Observer& observer)
        : reaper_(reaper), launch_(launch), observer_(observer), job_(launch) {}

    void start();
    void on_signal(const platform::Signal& signal);
    // Delivers a signal of our own to an application that runs; one that is being stopped or
    // started has no use for it.
    void send(int signal);
    // The same as if it had come from outside: rewritten or dropped.
    void reload();
    // Stops the application in order; when nothing of its run is left it is started again, if it
    // was asked for or the restart policy says so. Where that is under way already, or a stop is,
    // there is nothing to do. While a restart delay runs it is over now.
    void restart(EndReason reason = EndReason::restart_asked);
    // Outlives the supervisor.
    void set_pre_stop(PreStop& pre_stop) { pre_stop_ = &pre_stop; }
    void on_prepared() { handle(Event::prepared); }
    // The application says that another process of its run is the main one now (MAINPID of
    // sd_notify(3)): signals go there, and its end is the run's. Where it ends unseen, because its
    // own parent lives and has reaped it, the process that was started is the main one again. False
    // where `pid` is no process of this run.
    bool adopt(pid_t pid);
    // Puts the deadline of a stop or a restart off to `time` from now, where it would be earlier.
    void extend(Milliseconds time);
    // Children of ours that are none of the application's, at any time.
    void set_companions(std::function<std::vector<pid_t>()> companions) {
        companions_ = std::move(companions);
    }
    // After each round of reaping.
    void on_reaped();
    // When on_deadline() is to be called next, if ever; it changes with every call.
    std::optional<Clock::time_point> deadline() const noexcept { return deadline_; }
    void on_deadline();

    State state() const noexcept { return state_; }
    bool is_done() const noexcept { return state_ == State::done; }
    // A stop has come, or the application has ended for good: nothing new is to be begun.
    bool is_ending() const noexcept {
        return state_ == State::stop_preparing || state_ == State::stopping ||
               state_ == State::leaving || state_ == State::done;
    }
    // 0 while there is none.
    pid_t application() const noexcept { return application_alive_ ? application_ : 0; }
    std::uint64_t restarts() const noexcept { return history_.all; }
    // The application was given descriptors that another run of it could not have any more.
    bool lost_descriptors() const noexcept { return lost_descriptors_; }
    // To be asked when it is done.
    const Outcome& outcome() const noexcept { return outcome_; }

private:
    void handle(Event event);
    void perform(Actions actions);

    void spawn();
    void leave_directory();
    void return_to_directory();
    void on_spawned(pid_t pid);
    void expect(pid_t pid);
    void become_main(pid_t pid, pid_t group);
    void look_for_adopted();
    int send_to_application(int signal) const;
    void on_application_end(const platform::ChildEnd& end);
    void defer(const platform::SpawnFailure& failure);

    void forward(const platform::Signal& signal);
    void prepare();
    void stop_run();
    RunEnd describe(const platform::ChildEnd& end) const;
    std::uint64_t random_for_restart() const;
    void tell(const RunEnd& end, const RestartVerdict& verdict) const;
    std::vector<pid_t> run_members() const;
    void signal_run(int signal);
    void clear_run();
    void follow_clearing();
    void kill_all(int signal);
    void arm_stop();
    void arm_restart();
    void arm_grace();
    void arm_delay();
    bool owns_namespace() const noexcept;

    platform::Reaper& reaper_;
    const Launch& launch_;
    Observer& observer_;

    State state_ = State::starting;
    Outcome outcome_;
    platform::Fd directory_;  // that we have left, until the application is in it
    pid_t application_ = 0;   // its main process
    pid_t group_ = 0;         // that process' group
    pid_t spawned_ = 0;  // the process that was started, the main one unless another is adopted
    std::optional<platform::ChildEnd> spawned_end_;  // where another one is
    bool application_alive_ = false;
    std::uint64_t run_started_ = 0;  // as platform::Process has it
    Clock::time_point run_began_;
    bool lost_descriptors_ = false;
    bool has_run_ = false;                         // some application has, and has ended
    int interrupt_ = 0;                            // the INT or QUIT that this run was sent last
    EndReason end_reason_ = EndReason::by_itself;  // why it is stopped by us
    RestartHistory history_;
    Clock::time_point next_start_;
    PreStop* pre_stop_ = nullptr;
    std::function<std::vector<pid_t>()> companions_;
    Job job_;

    platform::Signal signal_;  // the one that is being handled
    platform::Signal stop_;    // the one that asked for the stop
    std::vector<platform::Signal> held_;
    std::optional<Clock::time_point> deadline_;
    Milliseconds retry_delay_{0};
    Milliseconds retried_for_{0};
    std::optional<Clock::time_point> stop_deadline_;
};

}  // namespace kaigara::supervise
