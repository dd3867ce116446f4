// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is said to etcd's JSON gateway, and what its answers mean. Pure. Measured against 3.4:
//
// - keys and values are base64; numbers of 64 bits are texts; what is zero, empty or false is left
// out;
// - an error is {"error", "message", "code"} with the code of gRPC, but for one that is plain text:
//   a client certificate with a CommonName, where authentication is on;
// - a watch is a stream of lines, {"result": {...}} or {"error": {...}}, with status 200 whatever
//   happens, so that all that counts stands in the lines;
// - a lease that has expired is renewed with 200, and without a TTL.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/result.h"
#include "platform/http.h"
#include "remote/store.h"

namespace kaigara::remote::etcd {

// The keys that one answer has at most, where they are not too large for it.
inline constexpr std::size_t largest_page = 2'000;

// Without a slash at the end; "/" alone is the whole store, which is "".
std::string clean_prefix(std::string_view prefix);

// One page: the keys below `prefix`, from behind `after` on where that is not empty, at `revision`
// where that is not 0; `limit` keys at most.
std::string range_body(const std::string& prefix, const std::string& after, std::uint64_t revision,
                       std::size_t limit = largest_page);
std::string watch_body(const std::string& prefix, std::uint64_t start_revision);
std::string authenticate_body(const std::string& user, const std::string& password);
std::string grant_body(Milliseconds ttl);
std::string lease_body(const Session& session);
std::string lock_body(const std::string& key, const Session& session, const std::string& value);
std::string unlock_body(const HeldLock& lock);
std::string write_body(const HeldLock& lock, WriteMode mode, const std::string& key,
                       const std::string& value);

struct Refusal {
    std::string message;
    bool is_final = true;
    bool is_compacted = false;   // what was asked for is not kept any more
    bool wants_token = false;    // the token is old, or none was sent
    bool knows_no_auth = false;  // authentication is not enabled
    bool knows_no_path = false;  // another version of the gateway, or none
};

Refusal refuse(const platform::HttpAnswer& answer);

struct Page {
    Listing listing;   // the keys without the prefix
    std::string last;  // the whole key
    bool has_more = false;
};
Result<Page, Refusal> parse_page(const platform::HttpAnswer& answer, const std::string& prefix);

Result<std::string, Refusal> parse_token(const platform::HttpAnswer& answer);
Result<Session, Refusal> parse_lease(const platform::HttpAnswer& answer);
Result<bool, Refusal> parse_renewal(const platform::HttpAnswer& answer);
Result<LockAttempt, Refusal> parse_lock(const platform::HttpAnswer& answer, const std::string& key,
                                        const Session& session);
Result<Written, Refusal> parse_write(const platform::HttpAnswer& answer, const HeldLock& lock);

// What a line of a watch says of the keys.
enum class WatchLine : std::uint8_t {
    nothing,
    changed,  // they have changed, or nobody can know any more
    broken,   // the stream is over
    denied,
};
WatchLine judge_line(std::string_view line, const Listing& seen);

}  // namespace kaigara::remote::etcd
