// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_cluster.h"

#include "base/log.h"
#include "platform/wall_clock.h"

namespace kaigara::provision {

ClusterLedger::ClusterLedger(platform::Loop& loop, std::unique_ptr<remote::Store> store,
                             ClusterOptions options)
    : store_(std::move(store)),
      access_{loop,
              *store_,
              std::move(options.prefix),
              std::move(options.name),
              options.lock_ttl,
              options.patience,
              std::move(options.clock),
              [this](std::optional<remote::HeldLock> lock, remote::Session session) {
                  let_go(std::move(lock), std::move(session));
              }} {}

void ClusterLedger::read_listing(ClusterRead::OnDone on_listing) {
    read_ = std::make_unique<ClusterRead>(
        access_, [this, on_listing = std::move(on_listing)](Result<remote::Listing> listing) {
            const auto over = std::move(read_);  // until we return: it is our caller
            const auto next = on_listing;
            next(std::move(listing));
        });
    read_->start();
}

void ClusterLedger::read_text(OnText on_done) {
    read_listing([on_done = std::move(on_done)](Result<remote::Listing> listing) {
        if (!listing) return on_done(std::move(listing).error());
        ClusterText content = text_of(*listing);
        std::optional<std::string> text;
        if (!content.keys.empty()) text = std::move(content.text);
        on_done(std::move(text));
    });
}

void ClusterLedger::read(OnState on_done) {
    read_listing([this, on_done = std::move(on_done)](Result<remote::Listing> listing) {
        if (!listing) return on_done(std::move(listing).error());
        on_done(state_of(*listing));
    });
}

Result<LedgerState> ClusterLedger::state_of(const remote::Listing& listing) const {
    const ClusterText content = text_of(listing);
    KG_LET(end, read_cluster_ledger(content, access_.name));
    return LedgerState{std::move(end.history), content.holder.has_value()};
}

void ClusterLedger::take(Milliseconds limit, StillNeeded still_needed, OnTaken on_done) {
    auto judge = [this, still_needed = std::move(still_needed)](
                     const remote::Listing& listing) -> Result<bool> {
        KG_LET(state, state_of(listing));
        state_ = std::move(state);
        return !still_needed || still_needed(state_);
    };
    lock_ = std::make_unique<ClusterLock>(
        access_, limit, std::move(judge),
        [this, on_done = std::move(on_done)](Result<std::optional<ClusterLock::Had>> had) {
            on_had(std::move(had), on_done);
        });
    lock_->start();
}

void ClusterLedger::on_had(Result<std::optional<ClusterLock::Had>> had, const OnTaken& on_done) {
    const OnTaken answer = on_done;
    auto over = std::move(lock_);  // until we return: it is our caller
    if (!had) {
        answer(std::move(had).error());
        return;
    }
    TakenLedger taken;
    taken.state = std::move(state_);
    if (*had) {
        auto end = read_cluster_ledger(text_of((*had)->listing), access_.name);
        if (!end) {
            let_go((*had)->lock, (*had)->lock.session);
            answer(std::move(end).error());
            return;
        }
        taken.state.in_use = false;  // by another
        taken.held = std::make_unique<HeldCluster>(access_, std::move(**had), std::move(*end));
    }
    answer(std::move(taken));
}

void ClusterLedger::salvage(Milliseconds limit, OnSalvaged on_done) {
    on_salvaged_ = std::move(on_done);
    report_ = {};
    lock_ = std::make_unique<ClusterLock>(
        access_, limit, [](const remote::Listing& /*listing*/) -> Result<bool> { return true; },
        [this](Result<std::optional<ClusterLock::Had>> had) { mend(std::move(had)); });
    lock_->start();
}

void ClusterLedger::mend(Result<std::optional<ClusterLock::Had>> had) {
    auto over = std::move(lock_);  // until we return: it is our caller
    if (!had) {
        finish_salvage(std::move(had).error());
        return;
    }
    const remote::Listing listing = std::move((*had)->listing);
    const ClusterText content = text_of(listing);
    mending_ = std::make_unique<HeldCluster>(access_, std::move(**had), ClusterLedgerEnd());
    const auto ledger = read_cluster_ledger(content, access_.name);
    if (ledger || ledger.error().fault == Fault::configuration) {
        report_.was_whole = ledger.has_value();
        finish_salvage(ledger ? Result<SalvageReport>(report_) : ledger.error());
        return;
    }
    const SalvagedText salvaged = salvage_ledger(content.text);
    if (salvaged.is_newer || salvaged.kept == 0) {
        finish_salvage(salvaged.is_newer ? salvage_with_newer(access_.name)
                                         : nothing_to_salvage(access_.name));
        return;
    }
    const std::string folder = damaged_folder(log::format_time(platform::wall_clock()));
    report_ = {false, salvaged.kept, salvaged.lost, salvaged.doubled, access_.key(folder)};
    mending_->write(salvage_writes(listing, salvaged.text, folder),
                    [this](Result<void> written) { on_mended(std::move(written)); });
}

// The record of it is written by who has read what is there now.
void ClusterLedger::on_mended(Result<void> written) {
    if (!written) {
        finish_salvage(std::move(written).error());
        return;
    }
    read_listing([this](Result<remote::Listing> listing) {
        auto end = listing ? read_cluster_ledger(text_of(*listing), access_.name)
                           : Result<ClusterLedgerEnd>(listing.error());
        if (!end) return finish_salvage(std::move(end).error());
        mending_->begin_at(std::move(*end));
        mending_->append({LedgerEvent::salvaged, "", describe_salvage(report_)},
                         [this](Result<void> recorded) { on_salvaged(std::move(recorded)); });
    });
}

void ClusterLedger::on_salvaged(Result<void> written) {
    if (written)
        finish_salvage(report_);
    else
        finish_salvage(std::move(written).error());
}

void ClusterLedger::finish_salvage(Result<SalvageReport> report) {
    mending_.reset();
    const auto on_done = std::move(on_salvaged_);
    on_done(std::move(report));
}

void ClusterLedger::cancel() noexcept {
    read_.reset();
    lock_.reset();
    mending_.reset();
}

void ClusterLedger::let_go(std::optional<remote::HeldLock> lock, remote::Session session) {
    leaving_.emplace_back(access_.loop, *store_, std::move(lock), std::move(session),
                          [this] { on_farewell(); });
    leaving_.back().start();
}

void ClusterLedger::on_farewell() {
    // Until we return: one of them is our caller.
    std::list<ClusterFarewell> done;
    for (auto next = leaving_.begin(); next != leaving_.end();) {
        const auto one = next++;
        if (one->is_done()) done.splice(done.end(), leaving_, one);
    }
    if (leaving_.empty() && on_settled_) on_settled_();
}

}  // namespace kaigara::provision
