// SPDX-License-Identifier: Apache-2.0
#pragma once

// All lines of a ledger: which of them hold, and whether something is wrong. Pure.
//
// A machine that loses its power while a line is written leaves a part of it, or NUL bytes in its
// place: a last line without a line end is torn. Nothing was done on the strength of it, for that
// would have waited for the disk, so it may be set aside. Everything else that does not hold is
// damage: something was done that we cannot read any more, and nobody but a person can say what. So
// is a last line that holds and has another byte where its line end was, a tail that is longer than
// a line, and a file without a whole first line, for a ledger gets its name when that is on disk.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "provision/ledger_line.h"

namespace kaigara::provision {

struct LedgerText {
    std::vector<LedgerLine> lines;  // views of the text
    std::size_t size = 0;           // of the lines, in bytes; what follows is torn
    bool is_torn = false;

    std::uint64_t next_number() const noexcept { return lines.size() + 1; }
    std::uint32_t last_sum() const noexcept { return lines.empty() ? 0 : lines.back().sum; }
};

// `path` is for the messages.
// Fault::bad_data for damage and for what is no ledger; Fault::configuration for one that a newer
// kaigara has written.
Result<LedgerText> parse_ledger(std::string_view text, const std::string& path);

// What can be kept of a damaged ledger.
struct SalvagedText {
    std::string text;         // a ledger that holds
    std::size_t kept = 0;     // lines
    std::size_t lost = 0;     // lines, and pieces of lines, that prove nothing
    std::size_t doubled = 0;  // lines that stood there twice, to the letter
    bool is_newer = false;    // it holds what only a newer kaigara knows, and must not be touched
};

// Keeps each line whose own sum is right, in the order of their numbers, and writes them with
// numbers and sums that follow each other. The times and what happened stay.
SalvagedText salvage_ledger(std::string_view text);

}  // namespace kaigara::provision
