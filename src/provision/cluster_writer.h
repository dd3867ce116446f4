// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes records under the lock of a cluster's ledger, one after the other, each in a transaction
// that proves that the lock is still ours.
//
// Where the answer to a write was lost nobody knows whether it was carried out. The write is made
// again then: a record that is there already is read, and when it is ours to the letter it was
// written. This goes on until there is an answer; who has the lock's lease ends it in time.

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "provision/cluster_access.h"
#include "provision/cluster_records.h"

namespace kaigara::provision {

class ClusterWriter {
public:
    using OnDone = std::function<void(Result<void>)>;

    ClusterWriter(const ClusterAccess& access, remote::HeldLock lock);

    // One call at a time. `on_done` is never called from within; the object may be destroyed in it.
    // Fault::lock when the lock is not ours any more; Fault::input_output when the store refuses
    // the record, or another one is in its place.
    void write(std::vector<ClusterWrite> writes, OnDone on_done);
    void cancel() noexcept;

    const remote::HeldLock& lock() const noexcept { return lock_; }

private:
    void ask();
    void on_written(Result<remote::Written, remote::Failure> written);
    void settle();
    void on_listing(Result<remote::Listing, remote::Failure> listing);
    void on_failure(const remote::Failure& failure);
    void passed();
    void finish(Result<void> result);

    const ClusterAccess& access_;
    remote::HeldLock lock_;
    std::deque<ClusterWrite> writes_;
    OnDone on_done_;
    remote::CallPtr call_;
    platform::Timer timer_;
    Backoff backoff_;
    bool is_uncertain_ = false;  // an answer to the first of the writes was lost
    bool has_lost_lock_ = false;
};

}  // namespace kaigara::provision
