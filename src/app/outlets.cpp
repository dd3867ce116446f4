// SPDX-License-Identifier: Apache-2.0
#include "app/outlets.h"

#include <utility>

#include <fmt/format.h>

#include "app/status_text.h"
#include "base/log.h"

namespace kaigara::app {

namespace {

// More are counted in nobody's favour: the answer has a limit.
constexpr std::size_t most_operations = 1'000;

Milliseconds since(std::chrono::steady_clock::time_point moment) {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - moment);
}

}  // namespace

Outlets::Outlets(platform::Loop& loop, const platform::Reaper& reaper, Commands command,
                 const Settings& settings)
    : loop_(loop), reaper_(reaper), command_(command), settings_(settings),
      control_(loop, [this](std::string_view request) { return answer(request); }) {}

// `exec` is tini's job at tini's cost: it has a socket only where there is something to ask.
bool Outlets::wants_socket() const noexcept {
    using Kind = supervise::CheckSpec::Kind;
    if (settings_.socket.path == "off") return false;
    const bool has_checks = settings_.ready.kind != Kind::none || settings_.live.kind != Kind::none;
    return command_ == command::start || settings_.socket.named || has_checks;
}

Result<void> Outlets::open() {
    if (command_ == command::provision) return {};
    if (wants_socket()) {
        const auto opened = control_.open(settings_.socket.path);
        if (!opened && settings_.socket.named) return opened;
        if (!opened) log::debug("no control socket: {}", opened.error().text());
    }
    if (!settings_.metrics_file.empty())
        metrics_.emplace(loop_, settings_.metrics_file,
                         [this](bool is_up) { return metrics_text(status(), is_up); });
    changed();
    return {};
}

void Outlets::close() {
    if (metrics_) metrics_->finish();
}

void Outlets::enter(Status::Stage stage, Status::State state) {
    status_.stage = stage;
    status_.state = state;
    changed();
}

void Outlets::stopping() { enter(status_.stage, Status::State::stopping); }

void Outlets::add_sources(const std::vector<metadata::Source>& sources) {
    resolved_ = Clock::now();
    for (const metadata::Source& source : sources)
        status_.sources.push_back({metadata::name_of(source), Milliseconds(0)});
}

void Outlets::add_operation(Status::Operation operation) {
    if (status_.operations.size() < most_operations)
        status_.operations.push_back(std::move(operation));
    changed();
}

void Outlets::changed() {
    if (metrics_) metrics_->changed();
}

Status Outlets::status() const {
    Status now = status_;
    now.uptime = since(began_);
    for (Status::Source& source : now.sources) source.age = since(resolved_);
    now.orphans_reaped = reaper_.strangers();
    if (stage_ != nullptr) stage_->describe(now);
    return now;
}

std::string Outlets::answer(std::string_view request) {
    return answer_control(request, {.status = [this] { return status(); },
                                    .reload = [this] { return reload(); },
                                    .restart = [this] { return restart(); }});
}

Result<void> Outlets::reload() {
    if (stage_ == nullptr) return busy();
    KG_TRY(stage_->accepts_reload());
    log::info("a reload was asked for over the control socket");
    stage_->reload();
    return {};
}

Result<void> Outlets::restart() {
    if (stage_ == nullptr) return busy();
    KG_TRY(stage_->accepts_restart());
    log::info("a restart was asked for over the control socket");
    stage_->restart();
    return {};
}

Error Outlets::busy() const {
    const bool is_stopping = status_.state == Status::State::stopping;
    return {Fault::lock, 0,
            fmt::format("kaigara is {}{}", word_of(status_.state),
                        is_stopping ? "" : ": the application has not been started yet"),
            ""};
}

}  // namespace kaigara::app
