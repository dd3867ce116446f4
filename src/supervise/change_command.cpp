// SPDX-License-Identifier: Apache-2.0
#include "supervise/change_command.h"

#include <fcntl.h>
#include <signal.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "platform/fd.h"
#include "platform/signals.h"
#include "platform/spawn.h"

namespace kaigara::supervise {

ChangeCommand::ChangeCommand(platform::Loop& loop, platform::Reaper& reaper,
                             ChangeCommandRequest request, std::function<void()> on_end)
    : reaper_(reaper), request_(std::move(request)), on_end_(std::move(on_end)),
      timer_(loop, [this] { on_time(); }), session_(reaper) {}

ChangeCommand::~ChangeCommand() {
    if (is_running_) session_.send(SIGKILL);
}

bool ChangeCommand::start() {
    std::string shell = "/bin/sh";
    std::string option = "-c";
    const std::array<char*, 4> argv = {shell.data(), option.data(), request_.command.data(),
                                       nullptr};
    const platform::Fd input(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const platform::SignalInheritance& born = platform::take_signals();
    platform::SpawnRequest request;
    request.argv = argv.data();
    request.environment = request_.environment;
    request.group = platform::ProcessGroup::own_session;
    if (!request_.directory.empty()) request.directory = request_.directory.c_str();
    if (input.is_open()) request.stdio[0] = input.get();
    request.close_others = true;
    request.mask = born.mask;
    request.ignore_child_signal = born.child_ignored;
    log::debug("on-change runs: {}", request_.command);
    const auto pid = platform::spawn(request);
    if (!pid) {
        log::warn("on-change cannot run '{}': {}", text::printable(request_.command, 60),
                  platform::explain(pid.error(), shell, "").text());
        return false;
    }
    pid_ = *pid;
    is_running_ = true;
    reaper_.expect(pid_, [told = told_](const platform::ChildEnd& end) { *told = end; });
    session_.begin(pid_);
    timer_.start(request_.limit);
    return true;
}

void ChangeCommand::on_time() {
    timed_out_ = true;
    session_.send(SIGKILL);
}

void ChangeCommand::on_reaped() {
    if (!is_running_ || !*told_) return;
    is_running_ = false;
    timer_.stop();
    if (!session_.is_empty()) session_.send(SIGKILL);
    const std::string words = text::printable(request_.command, 60);
    const platform::ChildEnd end = **told_;
    if (timed_out_)
        log::warn("on-change: '{}' was ended after {}", words, format_duration(request_.limit));
    else if (end.by_signal)
        log::warn("on-change: '{}' was ended by signal {} ({})", words, end.number,
                  platform::signal_name(end.number));
    else if (end.number != 0)
        log::warn("on-change: '{}' failed with status {}", words, end.number);
    // The object may be gone when the call returns.
    const auto on_end = std::move(on_end_);
    on_end();
}

}  // namespace kaigara::supervise
