// SPDX-License-Identifier: Apache-2.0
#include "provision/cluster_held.h"

#include <fmt/format.h>

#include "base/log.h"
#include "platform/wall_clock.h"

namespace kaigara::provision {

HeldCluster::HeldCluster(const ClusterAccess& access, ClusterLock::Had had, ClusterLedgerEnd end)
    : access_(access), session_(had.lock.session),
      keeper_(
          access.loop, access.store, had.lock.session, had.lease,
          [this](const std::string& why, Milliseconds within) { on_lease_lost(why, within); },
          access.clock),
      writer_(access, std::move(had.lock)), end_(std::move(end)) {
    if (end_.size > largest_cluster_ledger / 2)
        log::warn("the ledger {} has {} bytes, and more than {} are not written: take another "
                  "prefix, and say 'kaigara ledger baseline' for what is done",
                  access_.name, end_.size, largest_cluster_ledger);
}

// What is still under way may be carried out after that, but for one thing: it proves the lock.
HeldCluster::~HeldCluster() {
    writer_.cancel();
    std::optional<remote::HeldLock> lock;
    if (!lost_) lock = writer_.lock();
    access_.let_go(std::move(lock), std::move(session_));
}

void HeldCluster::append(const LedgerRecord& record, Recorded on_done) {
    if (lost_) {
        on_done(*lost_);
        return;
    }
    next_ = {{}, end_.number, end_.sum, end_.size};
    std::vector<ClusterWrite> writes;
    const LedgerRecord first{
        LedgerEvent::ledger, "",
        fmt::format("format={} by=kaigara-{}", ledger_format, KAIGARA_VERSION)};
    bool fits = next_.number != 0 || add(first, writes);
    fits = fits && add(record, writes);
    if (!fits) {
        on_done(Error{Fault::input_output, 0,
                      "the ledger is full, or the record is too long: take another prefix, and "
                      "say 'kaigara ledger baseline' for what is done",
                      access_.name});
        return;
    }
    must_be_trusted_ = record.event == LedgerEvent::started;
    write(std::move(writes), std::move(on_done));
}

bool HeldCluster::add(const LedgerRecord& record, std::vector<ClusterWrite>& writes) {
    std::string line = format_ledger_line(record, next_.number + 1,
                                          log::format_time(platform::wall_clock()), next_.sum);
    next_.size += line.size();
    line.pop_back();
    const auto parsed = parse_ledger_line(line);
    if (!parsed || next_.size > largest_cluster_ledger) return false;
    next_.number += 1;
    next_.sum = parsed->sum;
    writes.push_back({remote::WriteMode::make, record_key(next_.number), std::move(line)});
    return true;
}

void HeldCluster::write(std::vector<ClusterWrite> writes, Recorded on_done) {
    if (!keeper_.is_trusted()) {
        on_done(lost_error("its time is over"));
        return;
    }
    recorded_ = std::move(on_done);
    writer_.write(std::move(writes),
                  [this](Result<void> written) { on_written(std::move(written)); });
}

void HeldCluster::on_written(Result<void> written) {
    if (!written && written.error().fault == Fault::lock) lost_ = written.error();
    if (written) {
        end_.number = next_.number;
        end_.sum = next_.sum;
        end_.size = next_.size;
        // We may have been stopped since: what follows would rely on a lock that is another's.
        if (must_be_trusted_ && !keeper_.is_trusted())
            written = Result<void>(lost_error("its time is over"));
    }
    answer(std::move(written));
}

void HeldCluster::on_lease_lost(const std::string& why, Milliseconds within) {
    lost_ = lost_error(why);
    writer_.cancel();
    if (recorded_) {
        answer(*lost_);
        return;
    }
    const auto on_lost = std::move(on_lost_);
    const Error error = *lost_;
    if (on_lost) on_lost(error, within);
}

void HeldCluster::answer(Result<void> result) {
    const auto recorded = std::move(recorded_);
    recorded_ = nullptr;
    recorded(std::move(result));
}

Error HeldCluster::lost_error(std::string_view why) const {
    return {Fault::lock, 0, fmt::format("the lock of the ledger is lost: {}", why), access_.name};
}

}  // namespace kaigara::provision
