// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gives back the lock of a cluster's ledger and its session, so that who waits has not to wait for
// the TTL. The lock's key goes first, in a transaction: what waits sees it go, and Consul delays
// nobody, as it does when a session ends that has a lock. It takes a second at most: a store that
// does not answer forgets the session by itself.

#include <functional>
#include <optional>

#include "platform/loop.h"
#include "remote/store.h"

namespace kaigara::provision {

class ClusterFarewell {
public:
    // `on_done` is called once, never from within start(); the object may be destroyed in it.
    ClusterFarewell(platform::Loop& loop, remote::Store& store,
                    std::optional<remote::HeldLock> lock, remote::Session session,
                    std::function<void()> on_done);

    void start();
    bool is_done() const noexcept { return is_done_; }

private:
    void close_session();
    void finish();

    remote::Store& store_;
    std::optional<remote::HeldLock> lock_;
    remote::Session session_;
    std::function<void()> on_done_;
    remote::CallPtr call_;
    platform::Timer timer_;
    bool is_done_ = false;
};

}  // namespace kaigara::provision
