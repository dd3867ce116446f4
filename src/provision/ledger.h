// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ledger, wherever it is: a file (ledger_local.h), or the keys below a prefix of etcd or Consul
// (ledger_cluster.h).
//
//     read() ──► what it says now, without a lock
//     take() ──► waits until nobody else has it ──► HeldLedger: append(), one record at a time
//                  └─► while it waits, asks after each change whether it is needed at all
//
// All of it happens on the loop. A file answers before the call returns, a cluster later. One call
// of a Ledger is under way at a time, and one append() of a HeldLedger; cancel() and the destructor
// end them, and nothing more is heard of them.
//
// A HeldLedger that is destroyed lets others have the ledger. That takes a cluster a moment, which
// the Ledger has to live for: it is_settled() when the others know.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/duration.h"
#include "base/result.h"
#include "provision/ledger_history.h"
#include "provision/ledger_line.h"

namespace kaigara::provision {

// What a ledger says.
struct LedgerState {
    LedgerHistory history;
    // Somebody has the lock: what has begun and has no end is running. Only told where there is
    // something of that kind.
    bool in_use = false;
};

class HeldLedger {
public:
    using Recorded = std::function<void(Result<void>)>;
    // Why, and within which time everything must have ended that relies on the lock.
    using OnLost = std::function<void(const Error& why, Milliseconds within)>;

    virtual ~HeldLedger() = default;
    // As it was when the lock was had.
    virtual const LedgerHistory& history() const noexcept = 0;
    // `on_done` may be called from within the call, and may destroy this object.
    // Fault::input_output, with what is to be done, where it cannot be written; Fault::lock where
    // the lock was lost, which on_lost does not tell then. After a failure nothing more may be
    // appended.
    virtual void append(const LedgerRecord& record, Recorded on_done) = 0;
    // Told once, never from within a call of this object; it may destroy the object. Fault::lock.
    virtual void on_lost(OnLost on_lost) = 0;
};

// `held` is none where nobody needs the ledger any more.
struct TakenLedger {
    std::unique_ptr<HeldLedger> held;
    LedgerState state;
};

// What was done about a damaged ledger.
struct SalvageReport {
    bool was_whole = false;  // nothing was to be done
    std::size_t kept = 0;    // lines
    std::size_t lost = 0;
    std::size_t doubled = 0;
    std::string copy;  // where what was damaged is
};

class Ledger {
public:
    using OnState = std::function<void(Result<LedgerState>)>;
    using OnText = std::function<void(Result<std::optional<std::string>>)>;
    using OnTaken = std::function<void(Result<TakenLedger>)>;
    using OnSalvaged = std::function<void(Result<SalvageReport>)>;
    using StillNeeded = std::function<bool(const LedgerState& state)>;

    virtual ~Ledger() = default;
    // For messages: "/data/ledger", "etcd:app/ledger".
    virtual const std::string& name() const noexcept = 0;

    // Its lines, if there is one.
    virtual void read_text(OnText on_done) = 0;
    virtual void read(OnState on_done) = 0;
    // `limit` 0: it is to be had at once. Who holds it is told, at once and every half minute.
    // `still_needed` may be empty. Fault::lock when it was not had in time.
    virtual void take(Milliseconds limit, StillNeeded still_needed, OnTaken on_done) = 0;
    // Makes a damaged ledger whole, with every line that holds.
    virtual void salvage(Milliseconds limit, OnSalvaged on_done) = 0;
    virtual void cancel() noexcept = 0;

    // Whether everything that was let go is free for others. That takes a second at most.
    virtual bool is_settled() const noexcept = 0;
    // Called whenever it has become so.
    virtual void on_settled(std::function<void()> on_settled) = 0;
};

// What a salvage says where nothing can be kept.
Error nothing_to_salvage(const std::string& name);
Error salvage_with_newer(const std::string& name);
// The details of its line.
std::string describe_salvage(const SalvageReport& report);

}  // namespace kaigara::provision
