// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ledger on disk: reading it, and adding to it under its lock (ledger_lock.h).
//
// A line is on disk when append() returns: one write(2) at the end of the file, one fdatasync(2).
// Where either fails the file is cut back to what it was, as far as that is still possible, so that
// no half of a line is left for the next start to wonder about.
//
// The file is made whole or not at all: with its first line in a file beside it, renamed when that
// is on disk. It is 0600 from its first moment, and is never reached through a symbolic link: the
// directory may belong to the application, which must not lead a root kaigara elsewhere. A file
// that has changed under us, or is not the one under its name any more, is not written to.

#include <optional>
#include <string>

#include "base/result.h"
#include "platform/fd.h"
#include "provision/ledger_history.h"
#include "provision/ledger_text.h"

namespace kaigara::provision {

// Larger ones are not read: some 200,000 lines.
inline constexpr std::size_t largest_ledger = std::size_t{64} * 1024 * 1024;

// The text of a ledger, if there is one. Fault::input_output.
Result<std::optional<std::string>> read_ledger_text(const std::string& path);

// What a ledger says now. Needs no lock: a line that is being written is not there yet.
// The faults of read_ledger_text() and parse_ledger().
Result<LedgerHistory> read_ledger(const std::string& path);

class LedgerFile {
public:
    // Reads the ledger, to append to it. The caller holds its lock. A torn last line is set aside:
    // it is kept as `PATH.torn-TIME`, cut off, and told in a warning. A file that does not exist is
    // made by the first append().
    static Result<LedgerFile> open(const std::string& path);

    // Fault::input_output, with what is to be done. After a failure nothing more may be appended:
    // what the disk holds is unknown.
    Result<void> append(const LedgerRecord& record);

    // As it was when the file was opened.
    const LedgerHistory& history() const noexcept { return history_; }

    // Puts a salvaged text in the place of a damaged ledger, which is kept as `PATH.damaged-TIME`;
    // returns that name. The caller holds the lock.
    static Result<std::string> replace(const std::string& path, std::string_view text);

private:
    explicit LedgerFile(std::string path) : path_(std::move(path)) {}

    Result<void> set_torn_line_aside(std::string_view torn);
    Result<void> create();
    Result<void> check_in_place() const;
    Result<void> write_line(const LedgerRecord& record);

    std::string path_;
    platform::Fd fd_;
    LedgerHistory history_;
    std::uint64_t number_ = 0;  // of the last line
    std::uint32_t sum_ = 0;     // of the last line
    std::size_t size_ = 0;      // up to its end
};

}  // namespace kaigara::provision
