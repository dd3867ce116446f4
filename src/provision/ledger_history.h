// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the lines of a ledger say about each operation. Pure.

#include <map>
#include <string>
#include <string_view>

#include "provision/ledger_text.h"
#include "provision/operation_digest.h"

namespace kaigara::provision {

struct OperationPast {
    LedgerEvent last = LedgerEvent::forgotten;
    std::string last_time;
    unsigned starts = 0;  // how often it has been started

    // Since it was last forgotten.
    bool has_succeeded = false;
    std::string success_time;
    OperationDigests success;  // of that time; each is empty where the ledger does not say
    bool success_is_barrier = false;

    // Its last run has begun, and how it ended was never recorded.
    bool is_interrupted() const noexcept { return last == LedgerEvent::started; }
    bool ended_in_success() const noexcept {
        return last == LedgerEvent::done || last == LedgerEvent::accepted ||
               last == LedgerEvent::baselined;
    }
};

// In the order of the names, bytewise.
using LedgerHistory = std::map<std::string, OperationPast, std::less<>>;

LedgerHistory read_history(const LedgerText& ledger);

// The details of a line that says what an operation was like: its digests, and whether it is a
// barrier.
std::string describe_operation(const OperationDigests& digests, bool barrier);

}  // namespace kaigara::provision
