// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cluster's ledger that nobody else writes to: its lock with the lease that is kept
// (ledger_lease.h), and where its last record stands. Destroying it gives the lock back.

#include <memory>
#include <optional>
#include <vector>

#include "provision/cluster_lock.h"
#include "provision/cluster_writer.h"
#include "provision/ledger.h"

namespace kaigara::provision {

class HeldCluster : public HeldLedger {
public:
    // `end` is what the ledger says, read under the lock.
    HeldCluster(const ClusterAccess& access, ClusterLock::Had had, ClusterLedgerEnd end);
    ~HeldCluster() override;
    HeldCluster(const HeldCluster&) = delete;
    HeldCluster& operator=(const HeldCluster&) = delete;

    const LedgerHistory& history() const noexcept override { return end_.history; }
    void append(const LedgerRecord& record, Recorded on_done) override;
    void on_lost(OnLost on_lost) override { on_lost_ = std::move(on_lost); }

    // Any writes, in their order. The ledger has to be read anew after them, for begin_at().
    void write(std::vector<ClusterWrite> writes, Recorded on_done);
    void begin_at(ClusterLedgerEnd end) { next_ = end_ = std::move(end); }

private:
    bool add(const LedgerRecord& record, std::vector<ClusterWrite>& writes);
    void on_written(Result<void> written);
    void on_lease_lost(const std::string& why, Milliseconds within);
    void answer(Result<void> result);
    Error lost_error(std::string_view why) const;

    const ClusterAccess& access_;
    remote::Session session_;
    LeaseKeeper keeper_;
    ClusterWriter writer_;
    ClusterLedgerEnd end_;
    ClusterLedgerEnd next_;         // when what is being written is there
    bool must_be_trusted_ = false;  // after the write: something is to follow that needs the lock
    Recorded recorded_;
    OnLost on_lost_;
    std::optional<Error> lost_;
};

}  // namespace kaigara::provision
