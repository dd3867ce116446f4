// SPDX-License-Identifier: Apache-2.0
#include "app/supervise_stage.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "app/report.h"
#include "base/log.h"
#include "platform/files.h"
#include "platform/random.h"

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

// From nothing up to `most`.
Milliseconds random_delay(Milliseconds most) {
    const auto spread = static_cast<std::uint64_t>(most.count()) + 1;
    return Milliseconds(static_cast<Milliseconds::rep>(platform::random_number() % spread));
}

}  // namespace

SuperviseStage::SuperviseStage(platform::Loop& loop, platform::Reaper& reaper,
                               SuperviseRequest request)
    : loop_(loop), reaper_(reaper), request_(std::move(request)),
      timer_(loop, [this] { on_deadline(); }), splay_(loop, [this] { on_splay(); }) {}

void SuperviseStage::on_deadline() {
    armed_.reset();
    supervisor_->on_deadline();
    follow();
}

void SuperviseStage::on_splay() {
    supervisor_->restart();
    follow();
}

int SuperviseStage::run() {
    log::settings().stage = log::Stage::supervise;
    // The user is looked up only now: a file or an operation may have made it.
    auto application = make_application(
        request_.settings, {request_.program, request_.environment, request_.exported});
    if (!application) return report(application.error());
    application_ = std::move(*application);
    if (request_.settings.watch) {
        if (const auto prepared = prepare_watcher(); !prepared) return report(prepared.error());
    }
    supervisor_ = std::make_unique<supervise::Supervisor>(reaper_, application_.launch, silent_);
    supervisor_->set_companions([this] { return companions(); });
    supervisor_->start();
    if (watcher_) watcher_->start();
    follow();
    while (!supervisor_->is_done()) loop_.run();
    bury_watcher();
    return report(supervisor_->outcome(), application_.launch);
}

// As PID 1 the kernel does it; elsewhere a zombie would be left to whoever is there.
void SuperviseStage::bury_watcher() {
    if (!watcher_ || ::getpid() == 1) return;
    constexpr Milliseconds longest{500};
    watcher_->kill();
    const auto latest = supervise::Supervisor::Clock::now() + longest;
    timer_.start(longest);
    while (watcher_->pid() != 0 && supervise::Supervisor::Clock::now() < latest) loop_.run();
    timer_.stop();
}

Result<void> SuperviseStage::prepare_watcher() {
    std::vector<std::string> on_change;
    for (const provision::FileEntry& file : request_.settings.files)
        on_change.push_back(file.on_change);
    KG_LET(actions, supervise::ChangeActions::make(on_change));
    actions_ = std::move(actions);
    pending_.emplace(actions_);
    application_.launch.may_restart = actions_.may_restart();
    for (char** entry = request_.environment; *entry != nullptr; ++entry) {
        if (std::strncmp(*entry, "KAIGARA_SNAPSHOT=", 17) != 0)
            command_environment_.push_back(*entry);
    }
    command_environment_.push_back(nullptr);
    directory_ = platform::real_path(".");
    supervise::WatcherRequest request;
    request.words = watcher_words(request_.line);
    request.environment = command_environment_.data();
    request.rows = actions_.all().size();
    request.digest = actions_.digest();
    watcher_ = std::make_unique<supervise::Watcher>(loop_, reaper_, std::move(request),
                                                    [this](const std::vector<std::size_t>& rows) {
                                                        for (const std::size_t row : rows)
                                                            pending_->add(row);
                                                        follow();
                                                    });
    return {};
}

void SuperviseStage::on_signal(const platform::Signal& signal) {
    supervisor_->on_signal(signal);
    follow();
}

void SuperviseStage::on_reaped() {
    if (command_) command_->on_reaped();
    supervisor_->on_reaped();
    follow();
}

// After each event.
void SuperviseStage::follow() {
    if (supervisor_->is_ending()) end_companions();
    if (supervisor_->is_done()) {
        loop_.stop();
        return;
    }
    if (pending_) follow_changes();
    follow_deadline();
}

void SuperviseStage::follow_deadline() {
    const auto deadline = supervisor_->deadline();
    if (deadline == armed_) return;
    armed_ = deadline;
    if (!deadline) {
        timer_.stop();
        return;
    }
    timer_.start(std::chrono::ceil<Milliseconds>(*deadline - supervise::Supervisor::Clock::now()));
}

void SuperviseStage::follow_changes() {
    while (!command_) {
        const auto step = pending_->next();
        if (!step) return;
        take_step(*step);
    }
}

void SuperviseStage::take_step(const supervise::ChangeAction& step) {
    switch (step.kind) {
    case Kind::run: run_command(step.command); return;
    case Kind::reload:
        log::info("a file has changed: the application is reloaded");
        supervisor_->reload();
        return;
    case Kind::signal:
        log::info("a file has changed: the application gets {}",
                  platform::signal_name(step.number));
        supervisor_->send(step.number);
        return;
    case Kind::restart: break;
    }
    if (splay_.is_active()) return;
    const Milliseconds delay = random_delay(request_.settings.watch_splay);
    if (delay.count() == 0) {
        log::info("a file has changed: the application is restarted");
        supervisor_->restart();
        return;
    }
    log::info("a file has changed: the application is restarted in {}", format_duration(delay));
    splay_.start(delay);
}

void SuperviseStage::run_command(const std::string& command) {
    supervise::ChangeCommandRequest request;
    request.command = command;
    request.environment = command_environment_.data();
    request.directory = directory_;
    command_ = std::make_unique<supervise::ChangeCommand>(loop_, reaper_, std::move(request),
                                                          [this] { command_.reset(); });
    if (!command_->start()) command_.reset();
}

void SuperviseStage::end_companions() {
    if (watcher_) watcher_->end();
    splay_.stop();
    if (pending_) pending_->clear();
}

std::vector<pid_t> SuperviseStage::companions() const {
    std::vector<pid_t> pids;
    if (watcher_ && watcher_->pid() != 0) pids.push_back(watcher_->pid());
    if (command_) pids.push_back(command_->pid());
    return pids;
}

}  // namespace kaigara::app
