// SPDX-License-Identifier: Apache-2.0
#include "provision/cluster_access.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/random.h"

namespace kaigara::provision {

namespace {

Milliseconds whole_seconds(Milliseconds duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration);
}

}  // namespace

void Patience::answered() {
    if (is_asked_again_) log::info("the ledger {}: its store has answered", access_.name);
    answered_ = access_.clock();
    is_asked_again_ = has_told_ = false;
    backoff_.reset();
}

Milliseconds Patience::left() const {
    const Milliseconds passed = access_.clock() - answered_;
    return std::max(access_.patience - passed, Milliseconds(0));
}

std::optional<Milliseconds> Patience::failed(const remote::Failure& failure) {
    const Milliseconds delay = backoff_.next(platform::random_number());
    if (failure.is_final || delay >= left()) return std::nullopt;
    if (!has_told_)
        log::warn("the ledger {}: {}; trying again for {}", access_.name, failure.error.text(),
                  format_duration(whole_seconds(left())));
    has_told_ = is_asked_again_ = true;
    return delay;
}

Error Patience::error(const remote::Failure& failure) const {
    Error error = failure.error;
    error.message = failure.error.text();
    if (!failure.is_final)
        error.message += fmt::format("; asked for {} in vain, as --resolve-timeout says",
                                     format_duration(whole_seconds(access_.clock() - answered_)));
    error.where = fmt::format("the ledger {}", access_.name);
    return error;
}

remote::Failure Patience::no_answer() const {
    return {{Fault::unavailable, 0, "no answer in time", access_.store.name()}, false};
}

ClusterRead::ClusterRead(const ClusterAccess& access, OnDone on_done)
    : access_(access), on_done_(std::move(on_done)), patience_(access),
      timer_(access.loop, [this] { on_time(); }) {}

void ClusterRead::start() {
    timer_.start(patience_.left());
    call_ = access_.store.list(access_.prefix,
                               [this](Result<remote::Listing, remote::Failure> listing) {
                                   on_listing(std::move(listing));
                               });
}

void ClusterRead::on_time() {
    if (call_)
        on_failure(patience_.no_answer());
    else
        start();
}

void ClusterRead::on_listing(Result<remote::Listing, remote::Failure> listing) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (!listing) {
        on_failure(listing.error());
        return;
    }
    patience_.answered();
    finish(std::move(*listing));
}

void ClusterRead::on_failure(const remote::Failure& failure) {
    call_.reset();
    if (const auto delay = patience_.failed(failure))
        timer_.start(*delay);
    else
        finish(patience_.error(failure));
}

void ClusterRead::finish(Result<remote::Listing> listing) {
    timer_.stop();
    const auto on_done = std::move(on_done_);
    on_done(std::move(listing));
}

}  // namespace kaigara::provision
