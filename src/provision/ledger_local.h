// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ledger that is a file (ledger_file.h) with a lock beside it (ledger_lock.h). Everything but
// waiting for the lock is over when the call returns, and the lock is the kernel's: nobody loses
// it.

#include <memory>
#include <string>

#include "platform/loop.h"
#include "provision/ledger.h"
#include "provision/ledger_wait.h"

namespace kaigara::provision {

class LocalLedger : public Ledger {
public:
    // The loop outlives it.
    LocalLedger(platform::Loop& loop, std::string path) : loop_(loop), path_(std::move(path)) {}

    const std::string& name() const noexcept override { return path_; }
    void read_text(OnText on_done) override;
    void read(OnState on_done) override;
    void take(Milliseconds limit, StillNeeded still_needed, OnTaken on_done) override;
    void salvage(Milliseconds limit, OnSalvaged on_done) override;
    void cancel() noexcept override { wait_.reset(); }
    bool is_settled() const noexcept override { return true; }
    void on_settled(std::function<void()> /*on_settled*/) override {}

private:
    template <class T>
    void with_lock(Milliseconds limit, Result<T> (*act)(Result<LedgerLock>, const std::string&),
                   std::function<void(Result<T>)> on_done);

    platform::Loop& loop_;
    std::string path_;
    std::unique_ptr<LedgerWait> wait_;
};

}  // namespace kaigara::provision
