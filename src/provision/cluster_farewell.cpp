// SPDX-License-Identifier: Apache-2.0
#include "provision/cluster_farewell.h"

#include "base/log.h"

namespace kaigara::provision {

namespace {

constexpr Milliseconds limit{1'000};

}  // namespace

ClusterFarewell::ClusterFarewell(platform::Loop& loop, remote::Store& store,
                                 std::optional<remote::HeldLock> lock, remote::Session session,
                                 std::function<void()> on_done)
    : store_(store), lock_(std::move(lock)), session_(std::move(session)),
      on_done_(std::move(on_done)), timer_(loop, [this] { finish(); }) {}

void ClusterFarewell::start() {
    timer_.start(limit);
    if (!lock_) {
        close_session();
        return;
    }
    call_ = store_.write(
        *lock_, remote::WriteMode::remove, lock_->key, "",
        [this](const Result<remote::Written, remote::Failure>& /*written*/) { close_session(); });
}

void ClusterFarewell::close_session() {
    const auto over = std::move(call_);  // until we return: it is our caller
    call_ = store_.close_session(session_, [this](const Result<void, remote::Failure>& closed) {
        if (!closed) log::debug("{}", closed.error().error.text());
        finish();
    });
}

void ClusterFarewell::finish() {
    const auto over = std::move(call_);  // until we return: it may be our caller
    timer_.stop();
    is_done_ = true;
    const auto on_done = std::move(on_done_);
    on_done();
}

}  // namespace kaigara::provision
