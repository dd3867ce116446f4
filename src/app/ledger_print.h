// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `kaigara ledger list` and `history` print. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "provision/ledger_history.h"
#include "provision/operation.h"

namespace kaigara::app {

// An operation of the image; `digests` is empty for one that is not recorded.
struct KnownOperation {
    provision::Operation operation;
    provision::OperationDigests digests;
};

struct LedgerRow {
    std::string name;
    std::string state;  // done, edited, changed, pending, interrupted, failed, running, ...
    std::string since;  // empty for one that has not run
    std::string run;    // always, once, on-change; empty for one that the image lacks
    unsigned starts = 0;
    bool barrier = false;
    bool in_image = false;
};

// A row for each operation that is recorded, in the order of the names.
std::vector<LedgerRow> ledger_rows(const provision::LedgerHistory& history,
                                   const std::vector<KnownOperation>& image);

std::string list_as_text(const std::vector<LedgerRow>& rows, bool knows_image);
std::string list_as_json(const std::vector<LedgerRow>& rows);

// The lines of one operation, or of all where `name` is empty.
std::string history_as_text(const provision::LedgerText& ledger, std::string_view name);
std::string history_as_json(const provision::LedgerText& ledger, std::string_view name);

}  // namespace kaigara::app
