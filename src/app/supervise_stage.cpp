// SPDX-License-Identifier: Apache-2.0
#include "app/supervise_stage.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "app/report.h"
#include "base/log.h"
#include "platform/files.h"

namespace kaigara::app {

namespace {

using State = supervise::State;

Status::State state_of(State state, const supervise::Health& health) noexcept {
    switch (state) {
    case State::starting: return Status::State::starting;
    case State::running: break;
    case State::preparing:
    case State::restarting:
    case State::clearing: return Status::State::restarting;
    case State::waiting: return Status::State::waiting;
    case State::stop_preparing:
    case State::stopping:
    case State::leaving:
    case State::done: return Status::State::stopping;
    }
    if (!health.was_ready()) return Status::State::starting;
    return health.is_reloading() ? Status::State::reloading : Status::State::running;
}

constexpr unsigned most_main_pids = 100;

Error not_now(const char* why) { return {Fault::lock, 0, why, ""}; }

}  // namespace

SuperviseStage::SuperviseStage(platform::Loop& loop, platform::Reaper& reaper,
                               SuperviseRequest request)
    : loop_(loop), reaper_(reaper), request_(std::move(request)),
      timer_(loop, [this] { on_deadline(); }) {}

int SuperviseStage::run() {
    log::settings().stage = log::Stage::supervise;
    // The user is looked up only now: a file or an operation may have made it.
    auto application = make_application(
        request_.settings, {request_.program, request_.environment, request_.exported});
    if (!application) return report(application.error());
    application_ = std::move(*application);
    if (const auto prepared = prepare(); !prepared) return report(prepared.error());
    supervisor_->start();
    if (changes_) changes_->start();
    follow();
    while (!supervisor_->is_done()) loop_.run();
    if (changes_ && ::getpid() != 1) changes_->bury();
    return report(supervisor_->outcome(), application_.launch);
}

Result<void> SuperviseStage::prepare() {
    for (char** entry = request_.environment; *entry != nullptr; ++entry) {
        if (std::strncmp(*entry, "KAIGARA_SNAPSHOT=", 17) != 0)
            command_environment_.push_back(*entry);
    }
    command_environment_.push_back(nullptr);
    directory_ = platform::real_path(".");
    char* const* environment = command_environment_.data();

    hooks_ = std::make_unique<Hooks>(loop_, reaper_,
                                     HooksRequest{request_.settings, environment, directory_},
                                     [this] { supervisor_->on_prepared(); });
    readiness_ = std::make_unique<Readiness>(
        loop_, reaper_, ReadinessRequest{request_.settings, environment, directory_},
        Readiness::Events{[this](supervise::EndReason reason) { on_verdict(reason); },
                          [this](const supervise::NotifyMessage& message) { on_message(message); },
                          [this] { request_.on_change(); }});
    supervise::Launch& launch = application_.launch;
    KG_TRY(readiness_->prepare(launch));
    launch.may_restart = true;
    launch.close_inherited = launch.restart.when == supervise::RestartWhen::never;
    if (request_.settings.watch) KG_TRY(prepare_changes());
    supervisor_ = std::make_unique<supervise::Supervisor>(reaper_, launch, *this);
    supervisor_->set_companions([this] { return companions(); });
    supervisor_->set_pre_stop(*hooks_);
    return {};
}

Result<void> SuperviseStage::prepare_changes() {
    KG_LET(actions, FileChanges::actions_of(request_.settings));
    if (actions.may_restart()) application_.launch.close_inherited = false;
    changes_ =
        std::make_unique<FileChanges>(loop_, reaper_,
                                      FileChangesRequest{request_.line, request_.settings,
                                                         command_environment_.data(), directory_},
                                      std::move(actions), static_cast<Steering&>(*this));
    return {};
}

void SuperviseStage::starting() {
    const auto opened = readiness_->open_socket(application_.launch);
    if (!opened)
        log::warn("{}; the application cannot say that it is ready", opened.error().text());
}

void SuperviseStage::spawned(pid_t application) {
    record_.begin();
    main_pids_ = 0;
    hooks_->set_application(application);
    readiness_->begin_run();
}

void SuperviseStage::forwarded(int /*received*/, int /*target*/, int code) {
    if (code == 0) record_.count_forwarded();
}

// It may have said who follows it in the moment before.
void SuperviseStage::process_ended() { readiness_->read_messages(); }

void SuperviseStage::run_ended(const supervise::RunEnd& end, const supervise::RestartVerdict&) {
    readiness_->end_run();
    hooks_->set_application(0);
    const bool by_us = supervisor_->state() != State::running;
    if (record_.end(end, by_us).reason == Status::EndReason::oom_kill)
        log::warn("the kernel has ended the application for want of memory: its container has a "
                  "limit that is too low, or the application needs too much");
}

void SuperviseStage::on_message(const supervise::NotifyMessage& message) {
    if (message.main_pid) on_main_pid(*message.main_pid);
    if (message.extend_timeout)
        supervisor_->extend(std::chrono::ceil<Milliseconds>(*message.extend_timeout));
    follow();
}

// Each is looked for in all of /proc, so a run that tells them without end is heard no more.
void SuperviseStage::on_main_pid(pid_t pid) {
    if (pid == supervisor_->application() || main_pids_ > most_main_pids) return;
    if (++main_pids_ > most_main_pids) {
        log::warn("MAINPID was said {} times by one run: it is ignored from now on",
                  most_main_pids);
        return;
    }
    if (supervisor_->adopt(pid))
        hooks_->set_application(pid);
    else
        log::warn("MAINPID={}: no process of the application's run, so it is ignored", pid);
}

void SuperviseStage::on_verdict(supervise::EndReason reason) {
    supervisor_->restart(reason);
    follow();
}

void SuperviseStage::on_deadline() {
    armed_.reset();
    supervisor_->on_deadline();
    follow();
}

void SuperviseStage::on_signal(const platform::Signal& signal) {
    // A rewrite of HUP that the user gave is more exact.
    const bool is_reload = signal.number == SIGHUP && hooks_->has_reload_command() &&
                           request_.settings.signals[SIGHUP] == SIGHUP;
    if (is_reload && supervisor_->state() == State::running)
        hooks_->reload();
    else if (is_reload)
        log::debug("HUP has come while no application runs that could be reloaded: dropped");
    else
        supervisor_->on_signal(signal);
    follow();
}

void SuperviseStage::on_reaped() {
    hooks_->on_reaped();
    readiness_->on_reaped();
    if (changes_) changes_->on_reaped();
    supervisor_->on_reaped();
    follow();
}

// After each event.
void SuperviseStage::follow() {
    const State state = supervisor_->state();
    if (state != State::running && state != State::starting) readiness_->rest();
    if (supervisor_->is_ending()) begin_ending();
    if (supervisor_->is_done()) {
        loop_.stop();
        return;
    }
    follow_deadline();
    request_.on_change();
}

void SuperviseStage::begin_ending() {
    if (std::exchange(is_ending_, true)) return;
    readiness_->tell_stopping();
    hooks_->end();
    if (changes_) changes_->end();
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

Result<void> SuperviseStage::accepts_reload() const {
    if (supervisor_ && supervisor_->state() == State::running) return {};
    if (!supervisor_ || is_ending_) return not_now("kaigara is stopping");
    return not_now("the application does not run now; its next run reads everything anew");
}

Result<void> SuperviseStage::accepts_restart() const {
    if (!supervisor_ || is_ending_) return not_now("kaigara is stopping");
    if (supervisor_->lost_descriptors())
        return not_now("the application was started with descriptors of the container's runtime "
                       "that are not kept; start kaigara with --restart on-failure or always");
    return {};
}

void SuperviseStage::reload() {
    if (supervisor_->state() != State::running) return;
    if (hooks_->has_reload_command())
        hooks_->reload();
    else if (const auto signal = platform::parse_signal(request_.settings.on_reload))
        supervisor_->send(*signal);
    else
        supervisor_->reload();
}

void SuperviseStage::restart() {
    supervisor_->restart();
    follow();
}

void SuperviseStage::send(int signal) { supervisor_->send(signal); }

void SuperviseStage::describe(Status& status) const {
    status.stage = Status::Stage::supervise;
    record_.describe(status);
    status.orphans_reaped = reaper_.strangers();
    if (!supervisor_) {
        status.state = Status::State::starting;
        return;
    }
    const supervise::Health& health = readiness_->health();
    const State state = supervisor_->state();
    status.state = state_of(state, health);
    if (const pid_t pid = supervisor_->application(); pid != 0) status.pid = pid;
    status.restarts = supervisor_->restarts();
    status.ready = state == State::running && health.is_ready();
    status.live = health.is_live();
    status.started = readiness_->was_ever_ready();
    status.message = readiness_->message();
    if (!status.ready && !health.reason().empty()) status.last_reason = health.reason();
    if (state == State::waiting && supervisor_->deadline())
        status.next_start = std::chrono::ceil<Milliseconds>(*supervisor_->deadline() -
                                                            supervise::Supervisor::Clock::now());
}

// Children of ours that are none of the application's.
std::vector<pid_t> SuperviseStage::companions() const {
    std::vector<pid_t> pids;
    if (changes_) changes_->append_pids(pids);
    hooks_->append_pids(pids);
    readiness_->append_pids(pids);
    return pids;
}

}  // namespace kaigara::app
