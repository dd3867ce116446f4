// SPDX-License-Identifier: Apache-2.0
#include "provision/cluster_records.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "provision/ledger_history.h"

namespace kaigara::provision {

namespace {

constexpr std::string_view records = "records/";

Error damage(const std::string& name, const std::string& key) {
    return {Fault::bad_data, 0,
            fmt::format("the key {} is not that of its record; nothing runs before it is mended: "
                        "'kaigara ledger salvage' keeps a copy and every line that holds",
                        text::printable(key)),
            name};
}

// Consul's web page makes an empty key for a folder.
bool is_record(const std::string& key) { return key.starts_with(records) && key != records; }

}  // namespace

std::string record_key(std::uint64_t number) { return fmt::format("{}{:010}", records, number); }

std::string damaged_folder(std::string_view time) {
    std::string folder = fmt::format("damaged-{}", time);
    std::erase_if(folder, [](char c) { return c == ':'; });
    return folder;
}

ClusterText text_of(const remote::Listing& listing) {
    ClusterText content;
    for (const remote::KeyValue& entry : listing.entries) {
        if (entry.key == lock_key) content.holder = text::printable(text::trim(entry.value));
        if (!is_record(entry.key)) continue;
        content.text += entry.value;
        content.text += '\n';
        content.keys.push_back(entry.key);
    }
    return content;
}

Result<ClusterLedgerEnd> read_cluster_ledger(const ClusterText& content, const std::string& name) {
    ClusterLedgerEnd end;
    if (content.keys.empty()) return end;
    KG_LET(ledger, parse_ledger(content.text, name));
    // A value with a line end in it is two lines, and every key behind it is that of another.
    for (std::size_t i = 0; i < content.keys.size(); ++i) {
        if (content.keys[i] != record_key(i + 1)) return damage(name, content.keys[i]);
    }
    if (ledger.lines.size() != content.keys.size()) return damage(name, content.keys.back());
    end.history = read_history(ledger);
    end.number = ledger.lines.size();
    end.sum = ledger.last_sum();
    end.size = content.text.size();
    return end;
}

std::vector<ClusterWrite> salvage_writes(const remote::Listing& listing,
                                         const std::string& salvaged, std::string_view folder) {
    std::vector<ClusterWrite> writes;
    for (const remote::KeyValue& entry : listing.entries) {
        if (!is_record(entry.key)) continue;
        writes.push_back({remote::WriteMode::replace,
                          fmt::format("{}/{}", folder, entry.key.substr(records.size())),
                          entry.value});
    }
    std::vector<std::string> kept;
    std::string_view rest = salvaged;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        kept.push_back(record_key(kept.size() + 1));
        writes.push_back(
            {remote::WriteMode::replace, kept.back(), std::string(rest.substr(0, end))});
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    for (const remote::KeyValue& entry : listing.entries) {
        if (is_record(entry.key) && !std::ranges::binary_search(kept, entry.key))
            writes.push_back({remote::WriteMode::remove, entry.key, ""});
    }
    return writes;
}

}  // namespace kaigara::provision
