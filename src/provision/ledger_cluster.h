// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ledger in etcd or Consul. docs/cluster.md says what is promised.
//
//     cluster_records   what the keys are            cluster_writer   one record after the other
//     cluster_access    an unreachable store         cluster_held     a ledger that is ours
//     cluster_lock      waiting, and the lock        cluster_farewell giving it back
//     ledger_lease      how long the lock holds

#include <list>
#include <memory>
#include <string>

#include "platform/loop.h"
#include "provision/cluster_access.h"
#include "provision/cluster_farewell.h"
#include "provision/cluster_held.h"
#include "provision/cluster_lock.h"
#include "provision/ledger.h"
#include "remote/store.h"

namespace kaigara::provision {

struct ClusterOptions {
    std::string prefix;
    std::string name;  // "etcd:app/ledger"
    Milliseconds lock_ttl{15'000};
    Milliseconds patience{60'000};  // with a store that does not answer
    LeaseKeeper::Clock clock = LeaseKeeper::boot_time;
};

class ClusterLedger : public Ledger {
public:
    // The loop outlives it, and it outlives what it has given out.
    ClusterLedger(platform::Loop& loop, std::unique_ptr<remote::Store> store,
                  ClusterOptions options);

    const std::string& name() const noexcept override { return access_.name; }
    void read_text(OnText on_done) override;
    void read(OnState on_done) override;
    void take(Milliseconds limit, StillNeeded still_needed, OnTaken on_done) override;
    void salvage(Milliseconds limit, OnSalvaged on_done) override;
    void cancel() noexcept override;
    bool is_settled() const noexcept override { return leaving_.empty(); }
    void on_settled(std::function<void()> on_settled) override {
        on_settled_ = std::move(on_settled);
    }

private:
    void read_listing(ClusterRead::OnDone on_listing);
    void on_had(Result<std::optional<ClusterLock::Had>> had, const OnTaken& on_done);
    void mend(Result<std::optional<ClusterLock::Had>> had);
    void on_mended(Result<void> written);
    void on_salvaged(Result<void> written);
    void finish_salvage(Result<SalvageReport> report);
    void let_go(std::optional<remote::HeldLock> lock, remote::Session session);
    void on_farewell();
    Result<LedgerState> state_of(const remote::Listing& listing) const;

    std::unique_ptr<remote::Store> store_;
    ClusterAccess access_;
    std::list<ClusterFarewell> leaving_;  // what stands below gives back to it when it goes
    std::function<void()> on_settled_;
    std::unique_ptr<ClusterRead> read_;
    std::unique_ptr<ClusterLock> lock_;
    LedgerState state_;  // as it was when the lock was last asked for

    // Of a salvage.
    std::unique_ptr<HeldCluster> mending_;
    OnSalvaged on_salvaged_;
    SalvageReport report_;
};

}  // namespace kaigara::provision
