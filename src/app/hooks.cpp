// SPDX-License-Identifier: Apache-2.0
#include "app/hooks.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/signals.h"

namespace kaigara::app {

Hooks::Hooks(platform::Loop& loop, platform::Reaper& reaper, HooksRequest request,
             std::function<void()> on_prepared)
    : loop_(loop), reaper_(reaper), request_(std::move(request)),
      on_prepared_(std::move(on_prepared)),
      has_reload_command_(!request_.settings.on_reload.empty() &&
                          !platform::parse_signal(request_.settings.on_reload)) {
    set_application(0);
}

void Hooks::set_application(pid_t pid) {
    pid_entry_ = fmt::format("KAIGARA_APPLICATION_PID={}", pid);
    environment_.clear();
    for (char* const* entry = request_.environment; *entry != nullptr; ++entry)
        environment_.push_back(*entry);
    if (pid != 0) environment_.push_back(pid_entry_.data());
    // The next run reads everything anew.
    if (pid == 0) reload_again_ = false;
    environment_.push_back(nullptr);
}

Hooks::Command Hooks::make(std::string name, const std::string& command, Milliseconds limit,
                           std::function<void()> on_end) {
    supervise::HookCommandRequest request;
    request.name = std::move(name);
    request.command = command;
    request.environment = environment_.data();
    request.directory = request_.directory;
    request.limit = limit;
    auto made = std::make_unique<supervise::HookCommand>(loop_, reaper_, std::move(request),
                                                         std::move(on_end));
    if (!made->start()) made.reset();
    return made;
}

void Hooks::reload() {
    if (reload_) {
        reload_again_ = true;
        return;
    }
    reload_again_ = false;
    reload_ = make("on-reload", request_.settings.on_reload, request_.settings.on_reload_timeout,
                   [this] { reload_.reset(); });
}

bool Hooks::begin() {
    if (request_.settings.pre_stop.empty()) return false;
    pre_stop_ = make("pre-stop", request_.settings.pre_stop, request_.settings.pre_stop_timeout,
                     [this] { pre_stop_.reset(); });
    return pre_stop_ != nullptr;
}

void Hooks::cut() { pre_stop_.reset(); }

void Hooks::on_reaped() {
    if (pre_stop_) {
        pre_stop_->on_reaped();
        if (!pre_stop_) on_prepared_();
    }
    if (!reload_) return;
    reload_->on_reaped();
    if (!reload_ && reload_again_) reload();
}

void Hooks::end() { reload_again_ = false; }

void Hooks::append_pids(std::vector<pid_t>& pids) const {
    for (const Command* command : {&pre_stop_, &reload_})
        if (*command) pids.push_back((*command)->pid());
}

}  // namespace kaigara::app
