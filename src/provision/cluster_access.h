// SPDX-License-Identifier: Apache-2.0
#pragma once

// What all work on a cluster's ledger shares: where it is, and how long an unreachable store is
// asked again.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/backoff.h"
#include "base/duration.h"
#include "platform/loop.h"
#include "provision/ledger_lease.h"
#include "remote/store.h"

namespace kaigara::provision {

// It outlives whatever works with it.
struct ClusterAccess {
    platform::Loop& loop;
    remote::Store& store;
    std::string prefix;
    std::string name;       // for messages: "etcd:app/ledger"
    Milliseconds ttl;       // of the lock
    Milliseconds patience;  // with a store that does not answer
    LeaseKeeper::Clock clock;
    // Gives back what is held, for others; takes its time, which nobody waits for here.
    std::function<void(std::optional<remote::HeldLock>, remote::Session)> let_go;

    std::string key(std::string_view below) const { return prefix + "/" + std::string(below); }
};

// Attempts at a store that does not answer, until that has lasted for too long.
class Patience {
public:
    explicit Patience(const ClusterAccess& access) : access_(access), answered_(access.clock()) {}

    // It has answered, whatever it said.
    void answered();
    // The delay before the next attempt, or nothing: then it is over. Tells the first failure.
    std::optional<Milliseconds> failed(const remote::Failure& failure);
    // How long an attempt that begins now may take.
    Milliseconds left() const;
    // The failure that ended it, in words.
    Error error(const remote::Failure& failure) const;
    remote::Failure no_answer() const;

private:
    const ClusterAccess& access_;
    Milliseconds answered_;
    Backoff backoff_{Milliseconds(250), Milliseconds(5'000)};
    bool has_told_ = false;
    bool is_asked_again_ = false;
};

// Reads all keys, with patience.
class ClusterRead {
public:
    using OnDone = std::function<void(Result<remote::Listing>)>;

    // `on_done` is called once, never by start(); the object may be destroyed in it.
    ClusterRead(const ClusterAccess& access, OnDone on_done);
    void start();

private:
    void on_time();
    void on_listing(Result<remote::Listing, remote::Failure> listing);
    void on_failure(const remote::Failure& failure);
    void finish(Result<remote::Listing> listing);

    const ClusterAccess& access_;
    OnDone on_done_;
    Patience patience_;
    platform::Timer timer_;
    remote::CallPtr call_;
};

}  // namespace kaigara::provision
