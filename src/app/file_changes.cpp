// SPDX-License-Identifier: Apache-2.0
#include "app/file_changes.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/random.h"
#include "platform/signals.h"

namespace kaigara::app {

namespace {

using Kind = supervise::ChangeAction::Kind;

// The same settings once more: what start was told by its options; the environment is inherited.
std::vector<std::string> watcher_words(const CommandLine& line) {
    std::vector<std::string> words = {"/proc/self/exe", "watch"};
    for (const CommandLine::Given& given : line.options)
        words.push_back(fmt::format("--{}={}", given.setting->name, given.value));
    return words;
}

supervise::WatcherRequest watcher_request(const FileChangesRequest& request,
                                          const supervise::ChangeActions& actions) {
    supervise::WatcherRequest watcher;
    watcher.words = watcher_words(request.line);
    watcher.environment = request.environment;
    watcher.rows = actions.all().size();
    watcher.digest = actions.digest();
    return watcher;
}

// From nothing up to `most`.
Milliseconds random_delay(Milliseconds most) {
    const auto spread = static_cast<std::uint64_t>(most.count()) + 1;
    return Milliseconds(static_cast<Milliseconds::rep>(platform::random_number() % spread));
}

}  // namespace

FileChanges::FileChanges(platform::Loop& loop, platform::Reaper& reaper, FileChangesRequest request,
                         supervise::ChangeActions actions, Steering& application)
    : loop_(loop), reaper_(reaper), request_(std::move(request)), application_(application),
      actions_(std::move(actions)), pending_(actions_),
      watcher_(loop, reaper, watcher_request(request_, actions_),
               [this](const std::vector<std::size_t>& rows) {
                   for (const std::size_t row : rows) pending_.add(row);
                   follow();
               }),
      splay_(loop, [this] { application_.restart(); }) {}

Result<supervise::ChangeActions> FileChanges::actions_of(const Settings& settings) {
    std::vector<std::string> on_change;
    for (const provision::FileEntry& file : settings.files) on_change.push_back(file.on_change);
    return supervise::ChangeActions::make(on_change);
}

void FileChanges::on_reaped() {
    if (command_) command_->on_reaped();
    follow();
}

void FileChanges::end() {
    watcher_.end();
    splay_.stop();
    pending_.clear();
}

void FileChanges::bury() {
    using Clock = std::chrono::steady_clock;
    constexpr Milliseconds longest{500};
    watcher_.kill();
    const auto latest = Clock::now() + longest;
    platform::Timer late(loop_, [this] { loop_.stop(); });
    late.start(longest);
    while (watcher_.pid() != 0 && Clock::now() < latest) loop_.run();
}

void FileChanges::append_pids(std::vector<pid_t>& pids) const {
    if (watcher_.pid() != 0) pids.push_back(watcher_.pid());
    if (command_) pids.push_back(command_->pid());
}

void FileChanges::follow() {
    while (!command_) {
        const auto step = pending_.next();
        if (!step) return;
        take_step(*step);
    }
}

void FileChanges::take_step(const supervise::ChangeAction& step) {
    switch (step.kind) {
    case Kind::run: run_command(step.command); return;
    case Kind::reload:
        log::info("a file has changed: the application is reloaded");
        application_.reload();
        return;
    case Kind::signal:
        log::info("a file has changed: the application gets {}",
                  platform::signal_name(step.number));
        application_.send(step.number);
        return;
    case Kind::restart: break;
    }
    if (splay_.is_active()) return;
    const Milliseconds delay = random_delay(request_.settings.watch_splay);
    if (delay.count() == 0) {
        log::info("a file has changed: the application is restarted");
        application_.restart();
        return;
    }
    log::info("a file has changed: the application is restarted in {}", format_duration(delay));
    splay_.start(delay);
}

void FileChanges::run_command(const std::string& command) {
    supervise::HookCommandRequest request;
    request.name = "on-change";
    request.command = command;
    request.environment = request_.environment;
    request.directory = request_.directory;
    command_ = std::make_unique<supervise::HookCommand>(loop_, reaper_, std::move(request),
                                                        [this] { command_.reset(); });
    if (!command_->start()) command_.reset();
}

}  // namespace kaigara::app
