// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd_wire.h"

#include <fmt/format.h>

#include "base/text.h"
#include "remote/base64.h"
#include "remote/json.h"

namespace kaigara::remote::etcd {

namespace {

// Codes of gRPC.
constexpr std::uint64_t invalid_argument = 3;
constexpr std::uint64_t not_found = 5;
constexpr std::uint64_t permission_denied = 7;
constexpr std::uint64_t resource_exhausted = 8;
constexpr std::uint64_t failed_precondition = 9;
constexpr std::uint64_t out_of_range = 11;
constexpr std::uint64_t unauthenticated = 16;

Refusal no_json() { return {"what it answers is no JSON, or none of etcd's", false}; }

std::string below(const std::string& prefix) { return prefix.empty() ? "" : prefix + '/'; }

// The first key behind all that begin with prefix and a slash; a null byte is behind every key.
std::string behind(const std::string& prefix) {
    return prefix.empty() ? std::string(1, '\0') : prefix + static_cast<char>('/' + 1);
}

std::string field(std::string_view name, std::string_view bytes) {
    return fmt::format(R"("{}":"{}")", name, to_base64(bytes));
}

std::string made_at(std::string_view key, std::string_view revision) {
    return fmt::format(R"({{"target":"CREATE",{},"create_revision":"{}"}})", field("key", key),
                       revision);
}

std::string get_one(std::string_view key) {
    return fmt::format(R"({{"request_range":{{{}}}}})", field("key", key));
}

bool read(const platform::HttpAnswer& answer, JsonMembers& facts, const OnRow& on_row = {}) {
    return answer.status == 200 && read_json_answer(answer.body, facts, on_row);
}

Refusal unread(const platform::HttpAnswer& answer) {
    return answer.status == 200 ? no_json() : refuse(answer);
}

}  // namespace

std::string clean_prefix(std::string_view prefix) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    return std::string(prefix);
}

std::string range_body(const std::string& prefix, const std::string& after, std::uint64_t revision,
                       std::size_t limit) {
    // Behind a key comes the same with a null byte at its end.
    std::string from = after.empty() ? below(prefix) : after + '\0';
    if (from.empty()) from.assign(1, '\0');
    std::string body = fmt::format(R"({{{},{},"limit":"{}")", field("key", from),
                                   field("range_end", behind(prefix)), limit);
    if (revision != 0) body += fmt::format(R"(,"revision":"{}")", revision);
    return body + '}';
}

std::string watch_body(const std::string& prefix, std::uint64_t start_revision) {
    const std::string from = prefix.empty() ? std::string(1, '\0') : below(prefix);
    return fmt::format(
        R"({{"create_request":{{{},{},"start_revision":"{}","progress_notify":true}}}})",
        field("key", from), field("range_end", behind(prefix)), start_revision);
}

std::string authenticate_body(const std::string& user, const std::string& password) {
    return fmt::format(R"({{"name":{},"password":{}}})", text::json_string(user),
                       text::json_string(password));
}

std::string grant_body(Milliseconds ttl) {
    return fmt::format(R"({{"TTL":"{}"}})", std::chrono::ceil<std::chrono::seconds>(ttl).count());
}

std::string lease_body(const Session& session) {
    return fmt::format(R"({{"ID":{}}})", text::json_string(session.id));
}

std::string lock_body(const std::string& key, const Session& session, const std::string& value) {
    return fmt::format(
        R"({{"compare":[{}],"success":[{{"request_put":{{{},{},"lease":{}}}}}],"failure":[{}]}})",
        made_at(key, "0"), field("key", key), field("value", value), text::json_string(session.id),
        get_one(key));
}

std::string unlock_body(const HeldLock& lock) {
    return fmt::format(R"({{"compare":[{}],"success":[{{"request_delete_range":{{{}}}}}]}})",
                       made_at(lock.key, lock.proof), field("key", lock.key));
}

std::string write_body(const HeldLock& lock, WriteMode mode, const std::string& key,
                       const std::string& value) {
    std::string proof = made_at(lock.key, lock.proof);
    if (mode == WriteMode::make) proof += ',' + made_at(key, "0");
    const std::string change =
        mode == WriteMode::remove
            ? fmt::format(R"({{"request_delete_range":{{{}}}}})", field("key", key))
            : fmt::format(R"({{"request_put":{{{},{}}}}})", field("key", key),
                          field("value", value));
    return fmt::format(R"({{"compare":[{}],"success":[{}],"failure":[{}]}})", proof, change,
                       get_one(lock.key));
}

Refusal refuse(const platform::HttpAnswer& answer) {
    if (answer.body.find("CommonName of client") != std::string::npos)
        return {"refuses our certificate (ETCDCTL_CERT): where authentication is on, the gateway "
                "takes none with a CommonName; use one without, and ETCDCTL_USER"};
    JsonMembers facts;
    const bool is_json = read_json_answer(answer.body, facts);
    const std::uint64_t code = is_json ? facts.number("code") : 0;
    const std::string_view own = is_json ? facts.get("message") : answer.body;
    const std::string words = text::printable(text::trim(own));
    Refusal refusal{
        fmt::format("answers with status {}{}{}", answer.status, words.empty() ? "" : ": ", words)};
    if (code == permission_denied) {
        refusal.message = "permission denied: see the roles of ETCDCTL_USER";
    } else if (code == unauthenticated || words.find("user name is empty") != std::string::npos) {
        refusal.message = "wants a user: set ETCDCTL_USER and ETCDCTL_PASSWORD";
        refusal.wants_token = true;
    } else if (code == invalid_argument && words.find("authentication failed") != words.npos) {
        refusal.message = "refuses ETCDCTL_USER or ETCDCTL_PASSWORD";
    } else if (code == failed_precondition) {
        refusal.knows_no_auth = words.find("authentication is not enabled") != words.npos;
    } else if (code == not_found) {
        // A lease that has expired meanwhile: another one serves.
        refusal.is_final = false;
    } else if (code == out_of_range) {
        refusal.is_compacted = words.find("compacted") != words.npos;
        refusal.is_final = false;
    } else if (answer.status == 404) {
        refusal.message = "knows no JSON gateway at /v3: is it etcd 3.3 or later, and started "
                          "without --enable-grpc-gateway=false?";
        refusal.knows_no_path = true;
    } else if (code == resource_exhausted || answer.status == 408 || answer.status == 429) {
        refusal.is_final = false;
    }
    return refusal;
}

Result<Page, Refusal> parse_page(const platform::HttpAnswer& answer, const std::string& prefix) {
    Page page;
    const std::string start = below(prefix);
    bool is_good = true;
    const auto add = [&](std::string_view list, const JsonMembers& row) {
        if (list != "kvs") return;
        auto key = from_base64(row.get("key"));
        auto value = from_base64(row.get("value"));
        is_good = is_good && key && value && key->starts_with(start);
        if (!is_good) return;
        page.last = *key;
        if (key->size() != start.size())
            page.listing.entries.push_back({key->substr(start.size()), std::move(*value)});
    };
    JsonMembers facts;
    if (!read(answer, facts, add)) return unread(answer);
    page.listing.revision = facts.number("header.revision");
    page.listing.cluster = facts.get("header.cluster_id");
    page.has_more = facts.get("more") == "true";
    // Without a key to go on behind, more would be the same page for ever.
    if (!is_good || page.listing.revision == 0 || (page.has_more && page.last.empty()))
        return no_json();
    return page;
}

Result<std::string, Refusal> parse_token(const platform::HttpAnswer& answer) {
    JsonMembers facts;
    if (!read(answer, facts)) return unread(answer);
    if (facts.get("token").empty()) return no_json();
    return std::string(facts.get("token"));
}

Result<Session, Refusal> parse_lease(const platform::HttpAnswer& answer) {
    JsonMembers facts;
    if (!read(answer, facts)) return unread(answer);
    if (facts.get("ID").empty()) return no_json();
    return Session{std::string(facts.get("ID"))};
}

Result<bool, Refusal> parse_renewal(const platform::HttpAnswer& answer) {
    JsonMembers facts;
    if (!read(answer, facts)) return unread(answer);
    if (facts.get("result.ID").empty()) return no_json();
    return facts.number("result.TTL") != 0;
}

Result<LockAttempt, Refusal> parse_lock(const platform::HttpAnswer& answer, const std::string& key,
                                        const Session& session) {
    LockAttempt attempt;
    const auto look = [&](std::string_view list, const JsonMembers& row) {
        if (list != "responses.response_range.kvs") return;
        attempt.holder = from_base64(row.get("value")).value_or("");
        // Ours already: the answer of an earlier attempt was lost.
        if (row.get("lease") == session.id)
            attempt.held = HeldLock{key, session, std::string(row.get("create_revision"))};
    };
    JsonMembers facts;
    if (!read(answer, facts, look)) return unread(answer);
    if (facts.get("succeeded") == "true")
        attempt.held = HeldLock{key, session, std::string(facts.get("header.revision"))};
    return attempt;
}

Result<Written, Refusal> parse_write(const platform::HttpAnswer& answer, const HeldLock& lock) {
    bool is_ours = false;
    const auto look = [&](std::string_view list, const JsonMembers& row) {
        if (list == "responses.response_range.kvs")
            is_ours = row.get("create_revision") == lock.proof;
    };
    JsonMembers facts;
    if (!read(answer, facts, look)) return unread(answer);
    if (facts.get("succeeded") == "true") return Written::yes;
    return is_ours ? Written::exists : Written::lost_lock;
}

WatchLine judge_line(std::string_view line, const Listing& seen) {
    if (text::trim(line).empty()) return WatchLine::nothing;
    std::size_t events = 0;
    const auto count = [&events](std::string_view list, const JsonMembers&) {
        if (list == "result.events") ++events;
    };
    JsonMembers facts;
    if (!read_json_answer(line, facts, count)) return WatchLine::broken;
    if (facts.get("result.canceled") == "true") {
        if (facts.has("result.compact_revision")) return WatchLine::changed;
        const bool is_denied =
            facts.get("result.cancel_reason").find("PermissionDenied") != std::string_view::npos;
        return is_denied ? WatchLine::denied : WatchLine::broken;
    }
    if (!facts.has("result.header.revision")) return WatchLine::broken;
    const bool is_other =
        !seen.cluster.empty() && facts.get("result.header.cluster_id") != seen.cluster;
    const bool is_older = facts.number("result.header.revision") < seen.revision;
    return events != 0 || is_other || is_older ? WatchLine::changed : WatchLine::nothing;
}

}  // namespace kaigara::remote::etcd
