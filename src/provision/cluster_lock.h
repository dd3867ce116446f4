// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waits for the lock of a cluster's ledger, and takes it.
//
//              needed?                 free?
//   list ─────────────────► look ────────────► session ──► lock ──► list, needed? ──► had
//    ▲   no: done, without   │                               │            no: given back, done
//    │                       │ somebody has it               │ somebody was quicker
//    └──── change, 30 s ─────┴───────────────────────────────┘
//
// Who waits looks at the ledger after each change, so that nobody takes the lock whom the work of
// another has left without any: of 50 replicas one takes it, and 49 go on when its record is there.
// A session is opened only where the lock seems free, and is given back before a longer wait.

#include <functional>
#include <optional>
#include <string>

#include "provision/cluster_access.h"

namespace kaigara::provision {

class ClusterLock {
public:
    struct Had {
        remote::HeldLock lock;
        Lease lease;
        remote::Listing listing;  // read under the lock
    };
    // Whether the lock is needed, by what the keys say.
    using Judge = std::function<Result<bool>(const remote::Listing&)>;
    using OnDone = std::function<void(Result<std::optional<Had>>)>;

    // `on_done` is called once, never by start(); the object may be destroyed in it. Nothing: it is
    // not needed. Fault::lock when it was not had within `limit`; Fault::unavailable when the store
    // does not answer, Fault::input_output when it refuses the lock.
    ClusterLock(const ClusterAccess& access, Milliseconds limit, Judge judge, OnDone on_done);
    // Gives back what it has.
    ~ClusterLock();
    ClusterLock(const ClusterLock&) = delete;
    ClusterLock& operator=(const ClusterLock&) = delete;

    void start() { list(); }

private:
    struct OpenSession {
        remote::Session session;
        Milliseconds asked_for;
    };

    void list();
    void on_listing(Result<remote::Listing, remote::Failure> listing);
    void consider(remote::Listing listing);
    void wait_for_change(const remote::Listing& listing);
    void on_changed(const Result<void, remote::Failure>& changed);
    void open_session();
    void on_session(Result<remote::Session, remote::Failure> session, Milliseconds asked_for);
    void try_lock();
    void on_attempt(Result<remote::LockAttempt, remote::Failure> attempt);
    void ask_again_soon();
    void on_time();
    void on_failure(remote::Failure failure, Fault refused);
    void give_back();
    bool is_late() const;
    Error late() const;
    void tell();
    void finish(Result<std::optional<Had>> result);

    const ClusterAccess& access_;
    Milliseconds limit_;
    Judge judge_;
    OnDone on_done_;
    Patience patience_;
    Milliseconds begun_;
    platform::Timer timer_;
    remote::CallPtr call_;
    Fault refused_ = Fault::unavailable;  // what it is when the call is refused
    bool is_watching_ = false;            // the call is one that has no end of its own
    bool tries_anyway_ = false;           // the lock may be one that nobody holds any more
    std::optional<OpenSession> session_;
    std::optional<remote::HeldLock> held_;
    std::string holder_;
    std::optional<Milliseconds> told_;
    Backoff soon_{Milliseconds(100), Milliseconds(1'000)};
};

}  // namespace kaigara::provision
