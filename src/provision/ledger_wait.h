// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waits on the loop until the lock of a ledger is had. Who waits is told who holds it, at once and
// every half minute. What the ledger said before is history by then: it is to be read again.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/duration.h"
#include "base/result.h"
#include "platform/loop.h"
#include "provision/ledger_lock.h"

namespace kaigara::provision {

class LedgerWait {
public:
    // `limit` 0: the lock is to be had at once. `on_done` is called once, also from within start();
    // this object may be destroyed in it. Fault::lock when the lock was not had in time, and the
    // faults of LedgerLock.
    LedgerWait(platform::Loop& loop, std::string ledger, Milliseconds limit,
               std::function<void(Result<LedgerLock>)> on_done);

    void start();

private:
    using Clock = std::chrono::steady_clock;

    void look();
    void tell();
    void finish(Result<LedgerLock> result);

    std::string path_;
    Milliseconds limit_;
    std::function<void(Result<LedgerLock>)> on_done_;
    std::optional<LedgerLock> lock_;
    platform::Timer timer_;
    Milliseconds delay_{0};
    Clock::time_point begun_;
    Clock::time_point told_;
    bool has_told_ = false;
};

}  // namespace kaigara::provision
