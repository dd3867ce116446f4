// SPDX-License-Identifier: Apache-2.0
#include "remote/consul_wire.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "remote/base64.h"
#include "remote/json.h"
#include "remote/settings.h"

namespace kaigara::remote::consul {

namespace {

Refusal no_json() { return {"what it answers is no JSON, or none of Consul's", false}; }

std::string below(const std::string& prefix) { return prefix.empty() ? "" : prefix + '/'; }

}  // namespace

std::string clean_key(std::string_view key) {
    while (key.starts_with('/')) key.remove_prefix(1);
    while (key.ends_with('/')) key.remove_suffix(1);
    return std::string(key);
}

std::string key_path(const std::string& key) { return "/v1/kv/" + encode_path(key); }

std::string read_tree(const std::string& prefix) {
    return key_path(below(prefix)) + "?recurse&consistent";
}

std::string read_tree_after(const std::string& prefix, std::uint64_t index, Milliseconds wait) {
    return fmt::format("{}?recurse&index={}&wait={}ms", key_path(below(prefix)), index,
                       wait.count());
}

std::string read_probe(const std::string& prefix) {
    return key_path(below(prefix) + ".kaigara-may-read");
}

std::string session_body(const std::string& name, Milliseconds ttl) {
    // The delay is for holders that do not know that they have lost the lock: ours stop before.
    // With its session the key of a lock goes: what waits for a change of keys sees that.
    return fmt::format(R"({{"Name":{},"TTL":"{}ms","Behavior":"delete","LockDelay":"1s",)"
                       R"("NodeChecks":[]}})",
                       text::json_string(name), ttl.count());
}

std::string write_body(const HeldLock& lock, WriteMode mode, const std::string& key,
                       const std::string& value) {
    const std::string proof =
        fmt::format(R"({{"KV":{{"Verb":"check-session","Key":{},"Session":{}}}}})",
                    text::json_string(lock.key), text::json_string(lock.session.id));
    const std::string name = text::json_string(key);
    const std::string content = to_base64(value);
    switch (mode) {
    case WriteMode::make:
        return fmt::format(R"([{},{{"KV":{{"Verb":"cas","Index":0,"Key":{},"Value":"{}"}}}}])",
                           proof, name, content);
    case WriteMode::replace:
        return fmt::format(R"([{},{{"KV":{{"Verb":"set","Key":{},"Value":"{}"}}}}])", proof, name,
                           content);
    case WriteMode::remove: break;
    }
    return fmt::format(R"([{},{{"KV":{{"Verb":"delete","Key":{}}}}}])", proof, name);
}

Refusal refuse(const platform::HttpAnswer& answer) {
    const std::string words = text::printable(text::trim(answer.body));
    if (answer.status == 403 && answer.body.find("ACL not found") != std::string::npos)
        return {"refuses the token: it knows none like it"};
    if (answer.status == 403)
        return {"permission denied: see the policies of the token (CONSUL_HTTP_TOKEN)"};
    if (answer.status >= 300 && answer.status <= 399)
        return {fmt::format("redirects (status {}), which is not followed: is CONSUL_HTTP_ADDR the "
                            "address of Consul itself?",
                            answer.status)};
    return {
        fmt::format("answers with status {}{}{}", answer.status, words.empty() ? "" : ": ", words),
        answer.status != 408 && answer.status != 429};
}

std::uint64_t index_of(const platform::HttpAnswer& answer) noexcept {
    const auto index = text::parse_number(answer.header("x-consul-index"), std::uint64_t{1} << 62U);
    return std::max<std::uint64_t>(index.value_or(1), 1);
}

Result<Listing, Refusal> parse_tree(const platform::HttpAnswer& answer, const std::string& prefix) {
    Listing listing;
    listing.revision = index_of(answer);
    // A proxy's own 404 has no index.
    if (answer.status == 404 && !answer.header("x-consul-index").empty()) return listing;
    if (answer.status != 200) return refuse(answer);
    if (answer.header("x-consul-results-filtered-by-acls") == "true")
        return Refusal{fmt::format("the token may not read all of '{}': keys were left out",
                                   text::printable(prefix))};
    const std::string start = below(prefix);
    bool is_good = true;
    const auto add = [&](std::string_view, const JsonMembers& row) {
        const std::string_view key = row.get("Key");
        auto value = from_base64(row.get("Value"));
        is_good = is_good && value && key.starts_with(start);
        // The folder of the prefix itself, which Consul's web page makes.
        if (is_good && key.size() != start.size())
            listing.entries.push_back({std::string(key.substr(start.size())), std::move(*value)});
    };
    JsonMembers facts;
    if (!read_json_answer(answer.body, facts, add) || !is_good) return no_json();
    if (!std::ranges::is_sorted(listing.entries, {}, &KeyValue::key))
        std::ranges::sort(listing.entries, {}, &KeyValue::key);
    return listing;
}

Result<Session, Refusal> parse_session(const platform::HttpAnswer& answer) {
    if (answer.status != 200) return refuse(answer);
    JsonMembers facts;
    if (!read_json_answer(answer.body, facts) || facts.get("ID").empty()) return no_json();
    return Session{std::string(facts.get("ID"))};
}

Result<bool, Refusal> parse_flag(const platform::HttpAnswer& answer) {
    if (answer.status != 200) return refuse(answer);
    const std::string_view word = text::trim(answer.body);
    if (word != "true" && word != "false") return no_json();
    return word == "true";
}

Result<std::string, Refusal> parse_value(const platform::HttpAnswer& answer) {
    if (answer.status == 404) return std::string();
    if (answer.status != 200) return refuse(answer);
    std::optional<std::string> value;
    const auto take = [&value](std::string_view, const JsonMembers& row) {
        value = from_base64(row.get("Value"));
    };
    JsonMembers facts;
    if (!read_json_answer(answer.body, facts, take) || !value) return no_json();
    return std::move(*value);
}

Result<Written, Refusal> parse_transaction(const platform::HttpAnswer& answer) {
    if (answer.status == 200) return Written::yes;
    if (answer.status != 409) return refuse(answer);
    Written why = Written::exists;
    std::size_t errors = 0;
    bool is_denied = false;
    const auto note = [&](std::string_view list, const JsonMembers& row) {
        if (list != "Errors") return;
        ++errors;
        // What the token may not do is a 409 as well, and no 403.
        const std::string_view what = row.get("What");
        is_denied = is_denied || what.find("Permission denied") != std::string_view::npos;
        if (row.number("OpIndex") == 0) why = Written::lost_lock;
    };
    JsonMembers facts;
    if (!read_json_answer(answer.body, facts, note) || errors == 0) return no_json();
    if (is_denied)
        return Refusal{"permission denied: see the policies of the token (CONSUL_HTTP_TOKEN)"};
    return why;
}

}  // namespace kaigara::remote::consul
