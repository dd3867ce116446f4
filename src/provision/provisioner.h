// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of stage 2's operations: runs them one after the other, passes their output on, clears
// away what each leaves behind, and says how it all ended. What to do when is decided in
// provision_policy.h.
//
// An operation is a child with a session of its own, no terminal, /dev/null as stdin, the signal
// state that kaigara was born with, kaigara's environment and directory, and of its descriptors
// only the snapshot. Its exit status 0 means done, 77 that it does not apply here, anything else
// that it failed; a failed operation ends the stage.
//
// A stop (TERM, INT, QUIT) goes to all of the running operation's session, as the signal that it
// is; members that outlive the operation then get TERM, since a shell's background jobs ignore INT
// and QUIT; what is left after kill-after, or at a second stop, gets KILL. Nothing runs after it.

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
#include "provision/operation.h"
#include "provision/operation_environment.h"
#include "provision/operation_output.h"
#include "provision/provision_policy.h"

namespace kaigara::provision {

struct ProvisionPlan {
    std::vector<Operation> operations;
    std::vector<std::string> environment;  // NAME=value, as kaigara got it
    int snapshot = -1;                     // the sealed memory of the metadata, -1 for none
    OutputMode output = OutputMode::prefix;
    OperationOutput::Targets targets;  // of the output, but for raw
    Milliseconds kill_after{5'000};    // from TERM to KILL
    Milliseconds progress_interval{30'000};
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
    // After each round of reaping.
    void on_reaped();

private:
    using Clock = std::chrono::steady_clock;

    void handle(Event event);
    void perform(Actions actions);

    void send_stop();
    void next();
    void spawn();
    Result<pid_t, platform::SpawnFailure> spawn_child(const OperationOutput::Ends& ends);
    void on_spawned(pid_t pid);
    void on_spawn_failure(const platform::SpawnFailure& failure);
    void refuse(const Error& reason);

    void flush();
    void conclude();

    void arm(Milliseconds delay);
    void schedule();
    void on_time();
    void look();
    void finish(ProvisionEnd::Kind kind);

    const Operation& operation() const { return plan_.operations[index_]; }
    std::string name() const;
    std::string elapsed() const;

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    ProvisionPlan plan_;
    std::function<void(const ProvisionEnd&)> on_done_;

    State state_ = State::starting;
    ProvisionEnd end_;
    std::size_t index_ = 0;  // of the operation that runs, or runs next

    int passed_as_;
    OperationEnvironment environment_;
    platform::Session session_;
    std::optional<OperationOutput> output_;  // none when it is raw
    platform::Fd no_input_;
    std::vector<char*> argv_;

    Clock::time_point started_;
    Clock::time_point ended_;
    platform::ChildEnd child_end_;
    bool has_ended_ = false;
    // What the reaper told in this round. The operation's end is acted on when the round is over,
    // for only then are the orphans that it left our children.
    std::shared_ptr<std::optional<platform::ChildEnd>> told_ =
        std::make_shared<std::optional<platform::ChildEnd>>();

    platform::Timer timer_;
    Clock::time_point deadline_;
    bool deadline_is_next_ = false;  // the timer was armed for it, not for a look at the session
    Milliseconds look_delay_{0};
    Milliseconds retry_delay_{0};
    Milliseconds retried_for_{0};
};

}  // namespace kaigara::provision
