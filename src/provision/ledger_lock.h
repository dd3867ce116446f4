// SPDX-License-Identifier: Apache-2.0
#pragma once

// One starter at a time on one ledger.
//
// The lock is a file beside the ledger, `PATH.lock`, locked with flock(2): the kernel takes it back
// when its holder is gone, however that came, so there is no stale lock. The descriptor is
// close-on-exec: a daemon that an operation leaves does not go on holding it. The file stays when
// nobody holds it, since removing it would let two starters lock two files of one name. In it the
// holder says who it is, for those who wait.

#include <string>

#include "base/result.h"
#include "platform/fd.h"

namespace kaigara::provision {

class LedgerLock {
public:
    // Opens the lock of a ledger and makes what is missing of its directory. It is not had yet.
    // Fault::input_output.
    static Result<LedgerLock> open(const std::string& ledger);
    // The same for one that is there, without a trace: to find out whether somebody has it.
    static Result<LedgerLock> open_existing(const std::string& ledger);

    // Whether it is had now. Does not wait. A file that is not the one under its name any more
    // (somebody has removed it) is opened again. Fault::input_output where the file system has no
    // locks.
    Result<bool> try_lock();
    // Who holds it: "web-1, process 7, since 2026-01-02T03:04:05.678Z"; empty when that is unknown.
    std::string holder() const;

private:
    LedgerLock(std::string path, int flags) : path_(std::move(path)), flags_(flags) {}

    Result<void> open_file();
    bool is_in_place() const noexcept;

    std::string path_;
    int flags_;
    platform::Fd fd_;
};

// The name of this machine or container, for the ledger and its lock; "?" where it has none.
std::string host_name();
// Who we are, for those who wait: "web-1, process 7, since 2026-01-02T03:04:05.678Z".
std::string own_description();

}  // namespace kaigara::provision
