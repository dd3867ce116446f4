// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_lease.h"

#include <time.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "platform/random.h"

namespace kaigara::provision {

namespace {

constexpr Milliseconds first_delay{250};
// The loop's timers stand still while the machine sleeps; so the clock is looked at this often.
constexpr Milliseconds longest_wait{1'000};

}  // namespace

Lease::Lease(Milliseconds ttl, Milliseconds proven)
    : ttl_(ttl), proven_(proven), due_(proven + ttl / 3),
      backoff_(first_delay, std::max(first_delay, ttl / 10)) {}

Milliseconds Lease::attempt_limit() const noexcept {
    return std::max(Milliseconds(1'000), ttl_ / 6);
}

Lease::Step Lease::step(Milliseconds now) const noexcept {
    if (!is_trusted(now)) return Step::lost;
    if (is_sent_) return now - sent_ >= attempt_limit() ? Step::abandon : Step::wait;
    return now >= due_ ? Step::renew : Step::wait;
}

Milliseconds Lease::wait_from(Milliseconds now) const noexcept {
    const Milliseconds next = is_sent_ ? sent_ + attempt_limit() : due_;
    return std::clamp(std::min(next, trusted_until()) - now, Milliseconds(0), longest_wait);
}

Milliseconds Lease::time_to_end(Milliseconds now) const noexcept {
    return std::max(proven_ + ttl_ * 9 / 10 - now, Milliseconds(0));
}

void Lease::sent(Milliseconds now) noexcept {
    is_sent_ = true;
    sent_ = now;
}

void Lease::renewed() noexcept {
    is_sent_ = false;
    proven_ = sent_;
    due_ = proven_ + ttl_ / 3;
    backoff_.reset();
}

void Lease::failed(Milliseconds now, std::uint32_t chance) noexcept {
    is_sent_ = false;
    due_ = now + backoff_.next(chance);
}

LeaseKeeper::LeaseKeeper(platform::Loop& loop, remote::Store& store, remote::Session session,
                         Lease lease, OnLost on_lost, Clock clock)
    : store_(store), session_(std::move(session)), lease_(lease), on_lost_(std::move(on_lost)),
      clock_(std::move(clock)), timer_(loop, [this] { look(); }) {
    timer_.start(lease_.wait_from(clock_()));
}

Milliseconds LeaseKeeper::boot_time() noexcept {
    timespec now = {};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return Milliseconds(std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000);
}

void LeaseKeeper::look() {
    const Milliseconds now = clock_();
    switch (lease_.step(now)) {
    case Lease::Step::wait: break;
    case Lease::Step::renew: renew(); break;
    case Lease::Step::abandon:
        renewal_.reset();
        last_failure_ = "a renewal was not answered in time";
        lease_.failed(now, platform::random_number());
        break;
    case Lease::Step::lost:
        lose(fmt::format(
            "it was not renewed for {} of its {}{}{}",
            format_duration(std::chrono::floor<std::chrono::seconds>(lease_.since_proof(now))),
            format_duration(lease_.ttl()), last_failure_.empty() ? "" : ": ", last_failure_));
        return;
    }
    timer_.start(lease_.wait_from(clock_()));
}

void LeaseKeeper::renew() {
    lease_.sent(clock_());
    renewal_ = store_.renew_session(session_, [this](Result<bool, remote::Failure> renewed) {
        on_renewed(std::move(renewed));
    });
}

void LeaseKeeper::on_renewed(Result<bool, remote::Failure> renewed) {
    const auto over = std::move(renewal_);  // until we return: it is our caller
    if (renewed && !*renewed) {
        is_forgotten_ = true;
        lose("the store has forgotten our session");
        return;
    }
    if (renewed) {
        lease_.renewed();
        last_failure_.clear();
    } else {
        last_failure_ = renewed.error().error.text();
        lease_.failed(clock_(), platform::random_number());
    }
    look();
}

void LeaseKeeper::lose(std::string why) {
    is_lost_ = true;
    timer_.stop();
    renewal_.reset();
    const auto on_lost = std::move(on_lost_);
    on_lost(std::move(why), time_to_end());
}

}  // namespace kaigara::provision
