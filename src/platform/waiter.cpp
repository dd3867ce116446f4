// SPDX-License-Identifier: Apache-2.0
#include "platform/waiter.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace kaigara::platform {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds first_delay{100};
constexpr Milliseconds longest_delay{1'000};

}  // namespace

struct Waiter::Probe {
    Probe(Waiter& waiter, WaitTarget asked)
        : target(std::move(asked)),
          again(waiter.loop_, [this, &waiter] { waiter.attempt(*this); }) {}

    std::string text() const {
        const std::string why = reason.empty() && running ? running->reason_so_far() : reason;
        return why.empty() ? target.text : fmt::format("{}: {}", target.text, why);
    }

    WaitTarget target;
    Timer again;
    Milliseconds delay = first_delay;
    std::optional<WaitAttempt> running;
    std::string reason;  // of the last attempt that ended
    bool has_answered = false;
};

std::string names_of(const std::vector<WaitTarget>& targets) {
    std::string names;
    for (const WaitTarget& target : targets) {
        if (!names.empty()) names += ", ";
        names += target.text;
    }
    return names;
}

Waiter::Waiter(Loop& loop, std::vector<WaitTarget> targets, Milliseconds timeout,
               std::function<void(Result<void>)> on_done)
    : loop_(loop), timeout_(timeout), on_done_(std::move(on_done)), client_(loop),
      timer_(loop, [this] { on_time(); }), unanswered_(targets.size()) {
    for (WaitTarget& target : targets)
        probes_.push_back(std::make_unique<Probe>(*this, std::move(target)));
}

Waiter::~Waiter() = default;

void Waiter::start() {
    // Without a target all have answered, which the timer tells.
    timer_.start(probes_.empty() ? Milliseconds(0) : timeout_);
    deadline_ = Clock::now() + timeout_;
    for (const auto& probe : probes_) attempt(*probe);
}

void Waiter::attempt(Probe& probe) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline_ - Clock::now());
    probe.running.emplace(
        loop_, client_, probe.target, std::min(attempt_limit, left),
        [this, &probe](const std::string& reason) { on_attempt_end(probe, reason); });
    probe.running->start();
}

void Waiter::on_attempt_end(Probe& probe, const std::string& reason) {
    probe.running.reset();
    probe.reason = reason;
    if (!reason.empty()) {
        probe.again.start(probe.delay);
        probe.delay = std::min(probe.delay * 2, longest_delay);
        return;
    }
    probe.has_answered = true;
    if (--unanswered_ == 0) finish({});
}

std::string Waiter::missing() const {
    std::string text;
    for (const auto& probe : probes_) {
        if (probe->has_answered) continue;
        if (!text.empty()) text += "; ";
        text += probe->text();
    }
    return text;
}

void Waiter::on_time() {
    if (unanswered_ == 0) return finish({});
    finish(Error{
        Fault::unavailable, 0,
        fmt::format("not all answered within {}: {}", format_duration(timeout_), missing()), ""});
}

void Waiter::finish(Result<void> result) {
    timer_.stop();
    for (const auto& probe : probes_) {
        probe->running.reset();
        probe->again.stop();
    }
    // The object may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    on_done(std::move(result));
}

}  // namespace kaigara::platform
