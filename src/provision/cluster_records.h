// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ledger as keys of a store, below a prefix of its own. Pure.
//
//     PREFIX/lock                       who holds it; the key is there as long as it is held
//     PREFIX/records/0000000001         a line of the ledger, without its line end
//     PREFIX/damaged-TIME/0000000001    what `kaigara ledger salvage` has put aside
//
// The text of the ledger is that of the records, in their order, each with a line end: everything
// that knows ledger files knows this one. What does not fit is damage; nothing is ever torn here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "provision/ledger.h"
#include "provision/ledger_text.h"
#include "remote/store.h"

namespace kaigara::provision {

// More is neither read nor written: a store keeps all of it in memory, and sends all of it to each
// start. Some 40,000 records.
inline constexpr std::size_t largest_cluster_ledger = std::size_t{8} * 1024 * 1024;

inline constexpr std::string_view lock_key = "lock";

std::string record_key(std::uint64_t number);
std::string damaged_folder(std::string_view time);

struct ClusterText {
    std::string text;
    std::vector<std::string> keys;      // of the records, in their order
    std::optional<std::string> holder;  // what the lock says, where somebody has it
};
ClusterText text_of(const remote::Listing& listing);

// The history that the records tell, and the number and sum of the last one. The faults of
// parse_ledger(); keys that are not those of their lines are damage, too.
struct ClusterLedgerEnd {
    LedgerHistory history;
    std::uint64_t number = 0;
    std::uint32_t sum = 0;
    std::size_t size = 0;
};
Result<ClusterLedgerEnd> read_cluster_ledger(const ClusterText& content, const std::string& name);

// One write of several, in their order.
struct ClusterWrite {
    remote::WriteMode mode = remote::WriteMode::make;
    std::string key;  // without the prefix
    std::string value;
};
// Puts the damaged records aside as they are, and the salvaged text in their place.
std::vector<ClusterWrite> salvage_writes(const remote::Listing& listing,
                                         const std::string& salvaged, std::string_view folder);

}  // namespace kaigara::provision
