// SPDX-License-Identifier: Apache-2.0
#include "supervise/hook_command.h"

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

HookCommand::HookCommand(platform::Loop& loop, platform::Reaper& reaper, HookCommandRequest request,
                         std::function<void()> on_end)
    : reaper_(reaper), request_(std::move(request)), on_end_(std::move(on_end)),
      timer_(loop, [this] { on_time(); }), session_(reaper) {}

HookCommand::~HookCommand() {
    if (is_running_) session_.send(SIGKILL);
}

bool HookCommand::start() {
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
    log::debug("{} runs: {}", request_.name, text::printable(request_.command, 60));
    const auto pid = platform::spawn(request);
    if (!pid) {
        log::warn("{} cannot run '{}': {}", request_.name, text::printable(request_.command, 60),
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

void HookCommand::on_time() {
    timed_out_ = true;
    session_.send(SIGKILL);
}

void HookCommand::on_reaped() {
    if (!is_running_ || !*told_) return;
    is_running_ = false;
    timer_.stop();
    if (!session_.is_empty()) session_.send(SIGKILL);
    const std::string words = text::printable(request_.command, 60);
    const platform::ChildEnd end = **told_;
    if (timed_out_)
        log::warn("{}: '{}' was ended after {}", request_.name, words,
                  format_duration(request_.limit));
    else if (end.by_signal)
        log::warn("{}: '{}' was ended by signal {} ({})", request_.name, words, end.number,
                  platform::signal_name(end.number));
    else if (end.number != 0)
        log::warn("{}: '{}' failed with status {}", request_.name, words, end.number);
    // The object may be gone when the call returns.
    const auto on_end = std::move(on_end_);
    on_end();
}

}  // namespace kaigara::supervise
