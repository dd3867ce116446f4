// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command that the user wants at some point of the application's life: pre-stop, on-reload, and
// `run:CMD` of on-change. `/bin/sh -c CMD`, a child of PID 1 in a session of its own, with
// /dev/null as stdin and kaigara's stdout and stderr. After a time it is ended by KILL, and so is
// whatever it leaves in its session. Its failure is a warning and has no other consequence.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/duration.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/session.h"

namespace kaigara::supervise {

struct HookCommandRequest {
    std::string name;  // for messages: "on-change"
    std::string command;
    char* const* environment = nullptr;  // outlives it
    std::string directory;               // that it runs in; empty: ours
    Milliseconds limit{60'000};
};

class HookCommand {
public:
    // Loop and reaper outlive it. `on_end` is called once, from on_reaped(), after a start() that
    // said true; the object may be destroyed in it.
    HookCommand(platform::Loop& loop, platform::Reaper& reaper, HookCommandRequest request,
                std::function<void()> on_end);
    // One that still runs is ended by KILL.
    ~HookCommand();
    HookCommand(const HookCommand&) = delete;
    HookCommand& operator=(const HookCommand&) = delete;

    // False, after a warning, where it cannot be started.
    bool start();
    // After each round of reaping.
    void on_reaped();
    pid_t pid() const noexcept { return pid_; }

private:
    void on_time();

    platform::Reaper& reaper_;
    HookCommandRequest request_;
    std::function<void()> on_end_;
    platform::Timer timer_;
    platform::Session session_;
    pid_t pid_ = 0;
    bool is_running_ = false;
    bool timed_out_ = false;
    // Set by the reaper, whose promise may outlive this object.
    std::shared_ptr<std::optional<platform::ChildEnd>> told_ =
        std::make_shared<std::optional<platform::ChildEnd>>();
};

}  // namespace kaigara::supervise
