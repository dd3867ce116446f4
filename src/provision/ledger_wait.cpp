// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_wait.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace kaigara::provision {

namespace {

constexpr Milliseconds first_delay{20};
constexpr Milliseconds longest_delay{500};
constexpr Milliseconds told_again_after{30'000};

std::string by(const std::string& holder) { return holder.empty() ? "" : ", by " + holder; }

}  // namespace

LedgerWait::LedgerWait(platform::Loop& loop, std::string ledger, Milliseconds limit,
                       std::function<void(Result<LedgerLock>)> on_done)
    : path_(std::move(ledger)), limit_(limit), on_done_(std::move(on_done)),
      timer_(loop, [this] { look(); }) {}

void LedgerWait::start() {
    begun_ = Clock::now();
    delay_ = first_delay;
    auto lock = LedgerLock::open(path_);
    if (!lock) {
        finish(std::move(lock).error());
        return;
    }
    lock_ = std::move(*lock);
    look();
}

void LedgerWait::look() {
    const auto had = lock_->try_lock();
    if (!had) {
        finish(had.error());
        return;
    }
    if (*had) {
        finish(std::move(*lock_));
        return;
    }
    const auto left = limit_ - std::chrono::duration_cast<Milliseconds>(Clock::now() - begun_);
    if (left.count() <= 0) {
        finish(Error{Fault::lock, 0,
                     fmt::format("the ledger is in use{}, and was not free within {}; "
                                 "--lock-timeout says how long to wait",
                                 by(lock_->holder()), format_duration(limit_)),
                     path_});
        return;
    }
    tell();
    timer_.start(std::min(delay_, left));
    delay_ = std::min(delay_ * 2, longest_delay);
}

void LedgerWait::tell() {
    const auto now = Clock::now();
    if (has_told_ && now - told_ < told_again_after) return;
    // The holder writes who it is when it has the lock already: at first that may be missing.
    if (!has_told_ && lock_->holder().empty() && now - begun_ < longest_delay) return;
    log::info("waiting for the ledger {}, which is in use{}", path_, by(lock_->holder()));
    has_told_ = true;
    told_ = now;
}

void LedgerWait::finish(Result<LedgerLock> result) {
    timer_.stop();
    const auto on_done = std::move(on_done_);
    on_done(std::move(result));
}

}  // namespace kaigara::provision
