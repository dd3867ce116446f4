// SPDX-License-Identifier: Apache-2.0
#pragma once

// A child whose output is kept instead of passed on: the command of a metadata source, the check of
// a file. It is a child of PID 1 like any other: a session of its own, /dev/null as stdin, the
// signal state that kaigara was born with, and of our descriptors none.
//
//     start() ─► reads both pipes ─► on_reaped(): the process has ended ─► on_end(CapturedEnd)
//                     │ timeout, more output than allowed
//                     └─► KILL to the session ─► on_reaped() as above
//
// The command is over when its process is, not when its pipes report their end: what it left in the
// background may hold them for years. What it wrote until then is read, and what it left in its
// session is ended by KILL.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "platform/fd.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/session.h"
#include "platform/spawn.h"

namespace kaigara::platform {

struct CapturedRequest {
    std::vector<std::string> argv;       // argv[0] is searched in PATH unless it holds a slash
    char* const* environment = nullptr;  // the caller's, for as long as the command runs
    std::string directory;               // that it runs in; empty: ours
    int passed = -1;                     // a descriptor that it gets too, under the same number
    Milliseconds timeout{0};             // then KILL; 0 for none
    std::size_t out_limit = 0;           // bytes of stdout; more ends the command
    std::size_t err_tail = 8'192;        // of stderr the last bytes are kept
    bool out_is_err = false;             // stdout goes where stderr goes, and `out` stays empty
};

struct CapturedEnd {
    ChildEnd child;
    bool timed_out = false;
    bool overflowed = false;  // wrote more than out_limit
    std::string out;
    std::string err;

    bool succeeded() const noexcept {
        return !timed_out && !overflowed && !child.by_signal && child.number == 0;
    }
    // "failed with status 3", "was ended by signal 9 (KILL)", ...; empty for a success.
    std::string failure_text(const CapturedRequest& request) const;
};

// For a message: "; it said:" and the last 20 lines of `output`, indented, each on a line of its
// own; empty when there is nothing but blanks.
std::string what_it_said(std::string_view output);

class CapturedCommand {
public:
    // Loop and reaper outlive it. `on_end` is called once, from on_reaped(), after a start() that
    // succeeded; the object may be destroyed in it.
    CapturedCommand(Loop& loop, Reaper& reaper, CapturedRequest request,
                    std::function<void(CapturedEnd)> on_end);
    // One that still runs is ended by KILL, and its end is left to the reaper.
    ~CapturedCommand();
    CapturedCommand(const CapturedCommand&) = delete;
    CapturedCommand& operator=(const CapturedCommand&) = delete;

    // explain() has the words for a failure.
    Result<void, SpawnFailure> start();
    // After each round of reaping.
    void on_reaped();

    const CapturedRequest& request() const noexcept { return request_; }
    // 0 before a start() that succeeded.
    pid_t pid() const noexcept { return session_.leader(); }

private:
    struct Stream {
        Fd pipe;
        std::optional<Poll> poll;
        std::string text;
    };

    Result<void, SpawnFailure> spawn_child(int out, int err);
    void read_out();
    void read_err();
    void on_timeout();
    void kill();

    Loop& loop_;
    Reaper& reaper_;
    CapturedRequest request_;
    std::function<void(CapturedEnd)> on_end_;
    Session session_;
    Stream out_;
    Stream err_;
    Timer timer_;
    CapturedEnd end_;
    bool is_running_ = false;
    // Set by the reaper, which may outlive this object.
    std::shared_ptr<std::optional<ChildEnd>> told_ = std::make_shared<std::optional<ChildEnd>>();
};

}  // namespace kaigara::platform
