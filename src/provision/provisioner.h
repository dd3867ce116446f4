// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of stage 2's operations: runs those that the plan says, one after the other, records
// them, passes their output on, clears away what each leaves behind, and says how it all ended.
// What to do when is decided in provision_policy.h.
//
// An operation is a child with a session of its own, no terminal, /dev/null as stdin, the signal
// state that kaigara was born with, kaigara's environment and directory, and of its descriptors
// only the snapshot. Its exit status 0 means done, 77 that it does not apply here, 75 that it
// should be tried again later, anything else that it failed. One that fails is tried again as often
// as it asks for; after that it ends the stage, or the next one comes if it says so.
//
// A stop (TERM, INT, QUIT) goes to all of the running operation's session, as the signal that it
// is; members that outlive the operation then get TERM, since a shell's background jobs ignore INT
// and QUIT; what is left after kill-after, or at a second stop, gets KILL. Nothing runs after it.
//
// A ledger in a cluster can lose its lock. An operation that is recorded is ended then, by KILL
// before another kaigara can have the lock, and the stage with it; where none of them runs the
// ledger is taken again for the next one.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/session.h"
#include "platform/signals.h"
#include "platform/spawn.h"
#include "platform/users.h"
#include "platform/waiter.h"
#include "provision/ledger.h"
#include "provision/operation_environment.h"
#include "provision/operation_outcome.h"
#include "provision/operation_output.h"
#include "provision/operation_plan.h"
#include "provision/operation_recorder.h"
#include "provision/provision_policy.h"

namespace kaigara::provision {

// An operation that has run, with all its attempts.
struct EndedOperation {
    std::string name;
    LedgerEvent result = LedgerEvent::done;
    Milliseconds duration{0};  // of the last attempt
    unsigned attempts = 1;
};

struct ProvisionPlan {
    std::vector<PlannedOperation> operations;  // none is blocked
    OperationRecorder recorder;                // with the ledger where one of them is pending
    // To be taken for one that becomes pending later. It outlives the provisioner, and the
    // recorder.
    Ledger* ledger = nullptr;
    Milliseconds lock_timeout{0};
    std::vector<std::string> environment;  // NAME=value, as kaigara got it
    int snapshot = -1;                     // the sealed memory of the metadata, -1 for none
    OutputMode output = OutputMode::prefix;
    OperationOutput::Targets targets;  // of the output, but for raw
    Milliseconds progress_interval{30'000};
    std::function<void(const EndedOperation&)> on_operation{};  // for the status; may be empty
};

// How the operations came to their end.
struct ProvisionEnd {
    enum class Kind : std::uint8_t {
        done,     // each is done, or does not apply
        failed,   // one is not: `error`
        stopped,  // by a stop signal: `signal`
    };
    Kind kind = Kind::done;
    Error error;
    int signal = 0;
};

class Provisioner {
public:
    // Loop, reaper and the snapshot's descriptor outlive it. `on_done` is called once, also from
    // within start(); the provisioner may be destroyed in it.
    Provisioner(platform::Loop& loop, platform::Reaper& reaper, ProvisionPlan plan,
                std::function<void(const ProvisionEnd&)> on_done);

    void start();
    // Signals that come after the end are the caller's: nothing here acts on them any more.
    void on_signal(const platform::Signal& signal);
    bool is_done() const noexcept { return state_ == State::done; }
    // A stop has come.
    bool is_stopping() const noexcept { return end_.signal != 0; }
    // After each round of reaping.
    void on_reaped();

private:
    using Clock = std::chrono::steady_clock;

    void handle(Event event);
    void perform(Actions actions);

    void send_stop();
    void tell_progress();

    // One operation.
    void next();
    void begin();
    bool turns_out_to_run();
    bool needs_ledger() const;
    void begin_wait();
    bool is_still_pending(const LedgerState& state) const;
    void on_taken(Result<TakenLedger> taken);
    Result<void> accept(TakenLedger taken);
    void watch_lock();
    void on_lost(Error why, Milliseconds within);
    void wait_for_targets();
    void on_waited(Result<void> answered);
    void spawn();
    Result<void> prepare();
    void announce();
    void launch();
    Result<pid_t, platform::SpawnFailure> spawn_child();
    void on_spawned(pid_t pid);
    void on_spawn_failure(const platform::SpawnFailure& failure);
    void refuse(Error reason);

    // Its end.
    void record();
    void on_recorded(Result<void> recorded);
    void flush();
    void conclude();
    void tell_end() const;
    bool try_again(const std::string& what);
    void give_up(Error reason);
    void show_last_lines();

    void arm(Milliseconds delay);
    void arm_run();
    void arm_loss();
    void schedule();
    void on_time();
    void look();
    void record_stop();
    void finish(ProvisionEnd::Kind kind);

    const PlannedOperation& planned() const { return plan_.operations[index_]; }
    const Operation& operation() const { return planned().candidate.operation; }
    const OperationOptions& options() const { return operation().options; }
    std::string name() const;
    Milliseconds elapsed() const;

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    ProvisionPlan plan_;
    std::function<void(const ProvisionEnd&)> on_done_;

    State state_ = State::starting;
    ProvisionEnd end_;
    std::size_t index_ = 0;  // of the operation that runs, or runs next
    unsigned attempt_ = 1;
    OperationOutcome outcome_;      // of the attempt that is over
    std::optional<Error> refusal_;  // why it has not come to be
    bool is_taking_ = false;        // the ledger
    Milliseconds lost_within_{0};   // until others may have the ledger that was ours
    std::unique_ptr<platform::Waiter> waiter_;
    std::optional<platform::User> user_;  // of the operation

    int passed_as_;
    OperationEnvironment environment_;
    platform::Session session_;
    std::optional<OperationOutput> output_;  // none when it is raw
    OperationOutput::Ends ends_{1, 2};       // of the operation
    platform::Fd no_input_;
    std::vector<char*> argv_;

    Clock::time_point started_;
    Clock::time_point ended_;
    platform::ChildEnd child_end_;
    bool has_ended_ = false;
    bool has_timed_out_ = false;
    bool ended_before_stop_ = false;  // it was over when the stop came
    // What the reaper told in this round. The operation's end is acted on when the round is over,
    // for only then are the orphans that it left our children.
    std::shared_ptr<std::optional<platform::ChildEnd>> told_ =
        std::make_shared<std::optional<platform::ChildEnd>>();

    platform::Timer timer_;
    Clock::time_point deadline_;
    bool deadline_is_next_ = false;  // the timer was armed for it, not for a look at the session
    Milliseconds look_delay_{0};
    Milliseconds retry_delay_{0};    // until the next attempt
    Milliseconds respawn_delay_{0};  // until the next try to make the process
    Milliseconds respawned_for_{0};
};

}  // namespace kaigara::provision
