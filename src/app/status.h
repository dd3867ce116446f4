// SPDX-License-Identifier: Apache-2.0
#pragma once

// What kaigara is doing, as one value: `kaigara status`, `kaigara health` and --metrics-file print
// nothing but this. The stages fill it; nothing here knows them. Pure.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"

namespace kaigara::app {

struct Status {
    enum class Stage : std::uint8_t { resolve, provision, supervise };

    enum class State : std::uint8_t {
        resolving,
        provisioning,
        starting,    // the application runs and is not ready yet
        running,     // it was ready in this run; `ready` says whether it is now
        reloading,   // it was asked to read its configuration again
        restarting,  // it is being stopped in order to be started again
        waiting,     // there is none: the next start comes after a delay
        stopping,    // it is being stopped for good
    };

    // Why a run ended.
    enum class EndReason : std::uint8_t {
        exited,
        signal,         // one that kaigara did not send
        oom_kill,       // the kernel's, for want of memory
        not_live,       // kaigara stopped it, its live check had failed
        start_timeout,  // kaigara stopped it, it was not ready in time
        restart,        // kaigara stopped it, a restart was asked for
    };

    struct Exit {
        int status = 0;  // as kaigara passes it on: 128+n for a signal
        int signal = 0;  // the one that ended it, 0 for none
        EndReason reason = EndReason::exited;
        std::int64_t at_ms = 0;  // wall clock
        Milliseconds ran{0};
    };

    struct Operation {
        std::string name;
        std::string result;  // the ledger's words: done, skipped, failed, ...
        Milliseconds duration{0};
        std::uint32_t attempts = 0;
    };

    struct Source {
        std::string name;
        Milliseconds age{0};  // since it was last read
    };

    static constexpr std::size_t most_exits = 10;

    Stage stage = Stage::resolve;
    State state = State::resolving;
    std::optional<pid_t> pid;
    std::uint64_t restarts = 0;
    bool ready = false;
    bool live = true;                        // false while it is being stopped because it is not
    bool started = false;                    // it was ready once, in whichever run
    std::optional<std::string> message;      // what it says of itself by STATUS=
    std::optional<std::int64_t> since_ms;    // wall clock: when the present run began
    Milliseconds uptime{0};                  // of kaigara
    std::optional<Milliseconds> next_start;  // from now
    std::vector<Exit> last_exits;            // newest first
    std::vector<Operation> operations;
    std::vector<Source> sources;
    std::uint64_t orphans_reaped = 0;
    std::uint64_t signals_forwarded = 0;
    std::optional<std::string> last_reason;  // why it is not ready, or not live

    // Puts it in front of the others; the oldest of too many is forgotten.
    void add_exit(const Exit& exit) {
        last_exits.insert(last_exits.begin(), exit);
        if (last_exits.size() > most_exits) last_exits.pop_back();
    }
};

// "provision", "starting", "oom-kill": as the JSON has them.
std::string_view word_of(Status::Stage stage) noexcept;
std::string_view word_of(Status::State state) noexcept;
std::string_view word_of(Status::EndReason reason) noexcept;

enum class HealthKind : std::uint8_t { startup, live, ready };

struct Health {
    bool ok = false;
    std::string reason{};  // why not; empty when it is ok
};

// The answers of `kaigara health`:
//
//     state                                 startup         live  ready
//     resolving, provisioning               no              yes   no
//     starting                              was it ready?   yes   no
//     running, reloading                    was it ready?   yes   is it now?
//     restarting, waiting                   was it ready?   yes   no
//     stopped because it is not live        was it ready?   no    no
//     stopping                              no              yes   no
//
// In its first run it was never ready while it starts. A startup probe that has succeeded is not
// asked again, so in later runs the answer stays.
Health health_of(const Status& status, HealthKind kind);

}  // namespace kaigara::app
