// SPDX-License-Identifier: Apache-2.0
#pragma once

// --pre-stop and --on-reload: the commands that run while the application does, one of each at a
// time. Their environment is kaigara's own, with the application's pid.
//
// A reload that is asked for while the command of the one before runs is remembered, once: what
// changed meanwhile may not have been seen.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/settings.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "supervise/hook_command.h"
#include "supervise/supervisor.h"

namespace kaigara::app {

struct HooksRequest {
    const Settings& settings;
    char* const* environment = nullptr;  // outlives the object
    std::string directory;               // that kaigara was started in
};

class Hooks final : public supervise::PreStop {
public:
    // Loop and reaper outlive it. `on_prepared` is called when pre-stop has ended by itself.
    Hooks(platform::Loop& loop, platform::Reaper& reaper, HooksRequest request,
          std::function<void()> on_prepared);

    // Whether --on-reload is a command, so that reload() is to be called.
    bool has_reload_command() const noexcept { return has_reload_command_; }
    void reload();
    // For the environment of what begins from now on.
    void set_application(pid_t pid);

    bool begin() override;
    void cut() override;

    // After each round of reaping.
    void on_reaped();
    // No reload is begun any more.
    void end();
    void append_pids(std::vector<pid_t>& pids) const;

private:
    using Command = std::unique_ptr<supervise::HookCommand>;

    Command make(std::string name, const std::string& command, Milliseconds limit,
                 std::function<void()> on_end);

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    HooksRequest request_;
    std::function<void()> on_prepared_;
    bool has_reload_command_;
    std::string pid_entry_;
    std::vector<char*> environment_;
    Command pre_stop_;
    Command reload_;
    bool reload_again_ = false;
};

}  // namespace kaigara::app
