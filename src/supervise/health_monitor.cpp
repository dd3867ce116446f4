// SPDX-License-Identifier: Apache-2.0
#include "supervise/health_monitor.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::supervise {

namespace {

using Clock = std::chrono::steady_clock;
using Kind = CheckSpec::Kind;

constexpr Milliseconds patience_after_kill{1'000};

HealthBy by(const CheckSpec& spec) noexcept {
    switch (spec.kind) {
    case Kind::none: return HealthBy::nothing;
    case Kind::notify: return HealthBy::notify;
    case Kind::command:
    case Kind::targets: break;
    }
    return HealthBy::check;
}

HealthRules rules_of(const HealthRequest& request) noexcept {
    return {.ready = by(request.ready),
            .live = by(request.live),
            .interval = request.interval,
            .failures = request.failures,
            .start_timeout = request.start_timeout};
}

std::vector<std::string> words_of(const CheckSpec& spec, Milliseconds timeout) {
    if (spec.kind == Kind::command) return {"/bin/sh", "-c", spec.command};
    std::vector<std::string> words = {"/proc/self/exe", "probe", std::to_string(timeout.count())};
    words.insert(words.end(), spec.targets.begin(), spec.targets.end());
    return words;
}

std::string last_line(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    const std::size_t end = text.rfind('\n');
    return text::printable(end == std::string_view::npos ? text : text.substr(end + 1), 200);
}

Milliseconds in_milliseconds(std::chrono::microseconds time) {
    return std::chrono::ceil<Milliseconds>(time);
}

}  // namespace

HealthMonitor::HealthMonitor(platform::Loop& loop, platform::Reaper& reaper, HealthRequest request,
                             std::function<void()> on_change)
    : loop_(loop), reaper_(reaper), request_(std::move(request)), on_change_(std::move(on_change)),
      health_(rules_of(request_)), timer_(loop, [this] { on_time(); }) {
    ready_.spec = request_.ready;
    live_.spec = request_.live;
    ready_.patience = std::make_unique<platform::Timer>(loop, [this] { on_stuck(Check::ready); });
    live_.patience = std::make_unique<platform::Timer>(loop, [this] { on_stuck(Check::live); });
}

bool HealthMonitor::uses_notify() const noexcept {
    return ready_.spec.kind == Kind::notify || live_.spec.kind == Kind::notify;
}

std::chrono::microseconds HealthMonitor::watchdog() const noexcept {
    if (live_.spec.kind != Kind::notify) return std::chrono::microseconds(0);
    return rules_of(request_).watchdog();
}

void HealthMonitor::append_pids(std::vector<pid_t>& pids) const {
    for (const Probe* one : {&ready_, &live_})
        if (one->running && !one->is_over) pids.push_back(one->running->pid());
}

void HealthMonitor::begin_run() {
    health_.begin(Clock::now());
    follow();
}

void HealthMonitor::end_run() {
    health_.end();
    rest();
}

void HealthMonitor::rest() {
    health_.rest();
    for (Probe* one : {&ready_, &live_}) {
        one->running.reset();
        one->is_over = false;
        one->is_stuck = false;
        one->patience->stop();
    }
    follow();
}

void HealthMonitor::on_stuck(Check check) {
    probe(check).is_stuck = true;
    fail_stuck(check);
    follow();
    on_change_();
}

void HealthMonitor::fail_stuck(Check check) {
    health_.on_check(
        check, false,
        fmt::format("{}: its process does not end, not even by KILL", probe(check).spec.text),
        Clock::now());
}

void HealthMonitor::on_message(const NotifyMessage& message) {
    const auto now = Clock::now();
    if (message.reloading) health_.say_reloading();
    if (message.ready) health_.say_ready(now);
    if (message.stopping) health_.say_stopping();
    if (message.extend_timeout) health_.extend(in_milliseconds(*message.extend_timeout), now);
    if (message.watchdog_interval)
        health_.set_watchdog(in_milliseconds(*message.watchdog_interval), now);
    if (message.watchdog) health_.say_live(now);
    if (message.watchdog_trigger) health_.say_dead();
    follow();
    on_change_();
}

void HealthMonitor::on_time() {
    health_.look(Clock::now());
    follow();
    on_change_();
}

void HealthMonitor::follow() {
    const auto now = Clock::now();
    if (health_.take_due(Check::ready, now)) start(Check::ready);
    if (health_.take_due(Check::live, now)) start(Check::live);
    const auto next = health_.next();
    if (!next) return timer_.stop();
    timer_.start(std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(*next - now)));
}

void HealthMonitor::start(Check check) {
    Probe& one = probe(check);
    if (one.is_stuck) return fail_stuck(check);
    platform::CapturedRequest request;
    request.argv = words_of(one.spec, request_.timeout);
    request.environment = request_.environment;
    request.directory = request_.directory;
    request.timeout = request_.timeout;
    request.out_is_err = true;
    one.is_over = false;
    one.running = std::make_unique<platform::CapturedCommand>(
        loop_, reaper_, std::move(request),
        [this, check](const platform::CapturedEnd& end) { on_end(check, end); });
    const auto started = one.running->start();
    one.patience->start(request_.timeout + patience_after_kill);
    if (started) return;
    one.patience->stop();
    const std::string reason =
        platform::explain(started.error(), one.running->request().argv.front(), "").text();
    one.running.reset();
    health_.on_check(check, false, reason, Clock::now());
}

void HealthMonitor::on_end(Check check, const platform::CapturedEnd& end) {
    Probe& one = probe(check);
    one.is_over = true;
    one.patience->stop();
    if (std::exchange(one.is_stuck, false)) return;
    std::string reason;
    if (!end.succeeded()) {
        const std::string said = last_line(end.err);
        const bool has_words = one.spec.kind == Kind::targets && !end.timed_out && !said.empty();
        reason = fmt::format("{}: {}", one.spec.text,
                             has_words ? said : end.failure_text(one.running->request()));
        if (!has_words && !said.empty()) reason += fmt::format(" ({})", said);
    }
    health_.on_check(check, end.succeeded(), std::move(reason), Clock::now());
}

void HealthMonitor::on_reaped() {
    if (ready_.running) ready_.running->on_reaped();
    if (live_.running) live_.running->on_reaped();
    if (!ready_.is_over && !live_.is_over) return;
    for (Probe* one : {&ready_, &live_}) {
        if (std::exchange(one->is_over, false)) one->running.reset();
    }
    follow();
    on_change_();
}

}  // namespace kaigara::supervise
