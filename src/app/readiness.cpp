// SPDX-License-Identifier: Apache-2.0
#include "app/readiness.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace kaigara::app {

namespace {

using Kind = supervise::CheckSpec::Kind;

supervise::HealthRequest health_request(const ReadinessRequest& request) {
    const Settings& settings = request.settings;
    supervise::HealthRequest health;
    health.ready = settings.ready;
    health.live = settings.live;
    health.interval = settings.check_interval;
    health.timeout = settings.check_timeout;
    health.failures = settings.check_failures;
    health.start_timeout = settings.start_timeout;
    health.environment = request.environment;
    health.directory = request.directory;
    return health;
}

bool has_name(const char* entry, std::string_view name) {
    return std::strncmp(entry, name.data(), name.size()) == 0;
}

const char* outer_socket(const std::vector<char*>& environment) {
    constexpr std::string_view name = "NOTIFY_SOCKET=";
    for (const char* entry : environment)
        if (entry != nullptr && has_name(entry, name)) return entry + name.size();
    return nullptr;
}

bool is_about_notifying(const char* entry) {
    return entry != nullptr &&
           (has_name(entry, "NOTIFY_SOCKET=") || has_name(entry, "WATCHDOG_USEC=") ||
            has_name(entry, "WATCHDOG_PID="));
}

// steady_clock is CLOCK_MONOTONIC.
std::chrono::microseconds monotonic_now() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
}

// In front of the null at the end.
void append(std::vector<char*>& environment, std::string& entry) {
    environment.insert(environment.end() - 1, entry.data());
}

// Beside the control socket, where kaigara may make files.
std::string socket_directory(const Settings& settings) {
    const std::string& path = settings.socket.path;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return "/run/kaigara";
    return path.substr(0, slash);
}

}  // namespace

Readiness::Readiness(platform::Loop& loop, platform::Reaper& reaper, ReadinessRequest request,
                     Events events)
    : loop_(loop), request_(std::move(request)), events_(std::move(events)),
      monitor_(loop, reaper, health_request(request_), [this] { follow(); }) {}

Result<void> Readiness::prepare(supervise::Launch& launch) {
    const Settings& settings = request_.settings;
    if (launch.user) user_ = launch.user->uid;
    if (settings.start_timeout.count() > 0 && settings.ready.kind == Kind::none)
        log::warn("--start-timeout has no effect without --ready: say what 'ready' means");
    const char* outer = outer_socket(launch.environment);
    const bool takes_part = settings.ready.kind != Kind::none || monitor_.uses_notify();
    if (outer != nullptr && *outer != '\0' && takes_part) {
        auto relay = supervise::NotifyRelay::make(outer);
        if (!relay) return std::move(relay).error().while_doing("NOTIFY_SOCKET");
        relay_ = std::move(*relay);
    }
    if (monitor_.uses_notify()) std::erase_if(launch.environment, is_about_notifying);
    return {};
}

Result<void> Readiness::open_socket(supervise::Launch& launch) {
    if (!monitor_.uses_notify()) return {};
    std::erase_if(launch.environment, is_about_notifying);
    supervise::NotifySocketRequest request;
    request.directory = socket_directory(request_.settings);
    request.uid = user_;
    socket_ = std::make_unique<supervise::NotifySocket>(
        loop_, std::move(request),
        [this](const supervise::NotifyMessage& message) { on_message(message); });
    KG_TRY(socket_->open());
    socket_entry_ = "NOTIFY_SOCKET=" + socket_->address();
    append(launch.environment, socket_entry_);
    if (const auto watchdog = monitor_.watchdog(); watchdog.count() > 0) {
        watchdog_entry_ = fmt::format("WATCHDOG_USEC={}", watchdog.count());
        append(launch.environment, watchdog_entry_);
    }
    return {};
}

void Readiness::begin_run() {
    is_running_ = true;
    was_ready_ = false;
    has_told_verdict_ = false;
    message_.reset();
    monitor_.begin_run();
    follow();
}

void Readiness::end_run() {
    is_running_ = false;
    socket_.reset();
    monitor_.end_run();
}

void Readiness::read_messages() {
    if (socket_) socket_->read_round();
}

void Readiness::tell_stopping() {
    if (relay_) relay_->send("STOPPING=1");
}

void Readiness::on_message(const supervise::NotifyMessage& message) {
    if (relay_ && monitor_.uses_notify()) {
        const std::string text = supervise::relayed_text(message, monotonic_now());
        if (!text.empty()) relay_->send(text);
    }
    if (message.status) message_ = message.status;
    events_.on_message(message);
    monitor_.on_message(message);
}

void Readiness::follow() {
    if (!is_running_) return;
    const supervise::Health& health = monitor_.health();
    const bool is_ready = health.is_ready();
    if (is_ready != was_ready_) {
        was_ready_ = is_ready;
        const bool is_asked = request_.settings.ready.kind != Kind::none;
        if (is_ready && is_asked) log::info("the application is ready");
        if (is_ready && relay_ && request_.settings.ready.kind != Kind::notify)
            relay_->send("READY=1");
        if (!is_ready && !health.verdict())
            log::warn("the application is not ready: {}", health.reason());
    }
    was_ever_ready_ = was_ever_ready_ || is_ready;
    if (health.verdict() && !std::exchange(has_told_verdict_, true)) {
        const bool is_late = *health.verdict() == supervise::EndReason::start_timeout;
        log::warn("the application is {}, so it is stopped: {}",
                  is_late ? "not ready in time" : "not live", health.reason());
        events_.on_verdict(*health.verdict());
    }
    events_.on_change();
}

}  // namespace kaigara::app
