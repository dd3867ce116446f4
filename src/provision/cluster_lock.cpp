// SPDX-License-Identifier: Apache-2.0
#include "provision/cluster_lock.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/random.h"
#include "provision/cluster_records.h"
#include "provision/ledger_lock.h"

namespace kaigara::provision {

namespace {

// Who waits is told so again, and looks again, should a change have been missed.
constexpr Milliseconds look_again_after{30'000};

}  // namespace

ClusterLock::ClusterLock(const ClusterAccess& access, Milliseconds limit, Judge judge,
                         OnDone on_done)
    : access_(access), limit_(limit), judge_(std::move(judge)), on_done_(std::move(on_done)),
      patience_(access), begun_(access.clock()), timer_(access.loop, [this] { on_time(); }) {}

ClusterLock::~ClusterLock() {
    call_.reset();
    give_back();
}

void ClusterLock::give_back() {
    if (session_) access_.let_go(std::move(held_), std::move(session_->session));
    session_.reset();
    held_.reset();
}

void ClusterLock::list() {
    is_watching_ = false;
    refused_ = Fault::unavailable;
    timer_.start(patience_.left());
    call_ = access_.store.list(access_.prefix,
                               [this](Result<remote::Listing, remote::Failure> listing) {
                                   on_listing(std::move(listing));
                               });
}

void ClusterLock::on_listing(Result<remote::Listing, remote::Failure> listing) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (!listing) {
        on_failure(std::move(listing).error(), Fault::unavailable);
        return;
    }
    patience_.answered();
    const auto needed = judge_(*listing);
    if (!needed)
        finish(needed.error());
    else if (!*needed)
        finish(std::optional<Had>());
    else
        consider(std::move(*listing));
}

void ClusterLock::consider(remote::Listing listing) {
    if (held_) {
        Had had{std::move(*held_), Lease(access_.ttl, session_->asked_for), std::move(listing)};
        held_.reset();
        session_.reset();
        finish(std::optional<Had>(std::move(had)));
        return;
    }
    const auto holder = text_of(listing).holder;
    holder_ = holder.value_or("");
    if (holder && !tries_anyway_) {
        wait_for_change(listing);
        return;
    }
    tries_anyway_ = false;
    // One that is old would be trusted for a short time only.
    if (session_ && access_.clock() - session_->asked_for > access_.ttl / 3) give_back();
    if (session_)
        try_lock();
    else
        open_session();
}

void ClusterLock::wait_for_change(const remote::Listing& listing) {
    if (is_late()) {
        finish(late());
        return;
    }
    give_back();
    soon_.reset();
    tell();
    is_watching_ = true;
    const Milliseconds left = begun_ + limit_ - access_.clock();
    timer_.start(std::clamp(left, Milliseconds(0), look_again_after));
    call_ = access_.store.await_change(
        access_.prefix, listing,
        [this](const Result<void, remote::Failure>& changed) { on_changed(changed); });
}

void ClusterLock::on_changed(const Result<void, remote::Failure>& changed) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (changed)
        list();
    else
        on_failure(changed.error(), Fault::unavailable);
}

void ClusterLock::open_session() {
    refused_ = Fault::input_output;
    timer_.start(patience_.left());
    const Milliseconds asked_for = access_.clock();
    call_ = access_.store.open_session(
        fmt::format("kaigara {}", access_.prefix), access_.ttl,
        [this, asked_for](Result<remote::Session, remote::Failure> session) {
            on_session(std::move(session), asked_for);
        });
}

void ClusterLock::on_session(Result<remote::Session, remote::Failure> session,
                             Milliseconds asked_for) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (!session) {
        on_failure(std::move(session).error(), Fault::input_output);
        return;
    }
    session_ = OpenSession{std::move(*session), asked_for};
    try_lock();
}

void ClusterLock::try_lock() {
    refused_ = Fault::input_output;
    timer_.start(patience_.left());
    call_ = access_.store.try_lock(access_.key(lock_key), session_->session, own_description(),
                                   [this](Result<remote::LockAttempt, remote::Failure> attempt) {
                                       on_attempt(std::move(attempt));
                                   });
}

void ClusterLock::on_attempt(Result<remote::LockAttempt, remote::Failure> attempt) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (!attempt) {
        on_failure(std::move(attempt).error(), Fault::input_output);
        return;
    }
    patience_.answered();
    if (attempt->held) {
        held_ = std::move(attempt->held);
        list();
    } else if (attempt->holder.empty()) {
        // Free, and not to be had: Consul's delay after a holder's death.
        ask_again_soon();
    } else {
        list();
    }
}

void ClusterLock::ask_again_soon() {
    if (is_late()) {
        finish(late());
        return;
    }
    tell();
    timer_.start(soon_.next(platform::random_number()));
}

// The call that is under way has taken too long, or it is time for the next one.
void ClusterLock::on_time() {
    if (call_ && !is_watching_) {
        on_failure(patience_.no_answer(), refused_);
        return;
    }
    call_.reset();
    tries_anyway_ = is_watching_;
    list();
}

// An attempt at the lock may have been carried out, though its answer was lost: only with its
// session is it sure to be gone.
void ClusterLock::on_failure(remote::Failure failure, Fault refused) {
    call_.reset();
    give_back();
    is_watching_ = false;
    const auto delay = patience_.failed(failure);
    if (delay && !is_late()) {
        timer_.start(*delay);
        return;
    }
    Error error = patience_.error(failure);
    if (failure.is_final) error.fault = refused;
    finish(std::move(error));
}

bool ClusterLock::is_late() const { return access_.clock() - begun_ >= limit_; }

Error ClusterLock::late() const {
    return {Fault::lock, 0,
            fmt::format("the ledger is in use{}, and was not free within {}; --lock-timeout says "
                        "how long to wait",
                        holder_.empty() ? "" : ", by " + holder_, format_duration(limit_)),
            access_.name};
}

void ClusterLock::tell() {
    const Milliseconds now = access_.clock();
    if (told_ && now - *told_ < look_again_after) return;
    told_ = now;
    log::info("waiting for the ledger {}, which is in use{}", access_.name,
              holder_.empty() ? "" : ", by " + holder_);
}

void ClusterLock::finish(Result<std::optional<Had>> result) {
    timer_.stop();
    const auto on_done = std::move(on_done_);
    on_done(std::move(result));
}

}  // namespace kaigara::provision
