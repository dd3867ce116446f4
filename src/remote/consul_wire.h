// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is said to Consul's HTTP API, and what its answers mean. Pure. Measured against 1.8.7:
//
// - a prefix is asked for with a slash behind it, else "app" takes "apple", too;
// - a path with two slashes, or one that begins with a slash, is answered with a redirect, also for
//   writes, so keys are cleaned before;
// - what the token may not read is left out of a recursive read without a word, and a prefix
// without
//   keys is a 404: a single read of a key below the prefix tells the two apart, with a 403. A part
//   that is left out is told by the header X-Consul-Results-Filtered-By-ACLs, by Consul 1.11 and
//   later;
// - a transaction that fails is a 409 that names the operation.

#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/result.h"
#include "platform/http.h"
#include "remote/store.h"

namespace kaigara::remote::consul {

// Without a slash at the beginning and at the end.
std::string clean_key(std::string_view key);

// What follows the address.
std::string read_tree(const std::string& prefix);
std::string read_tree_after(const std::string& prefix, std::uint64_t index, Milliseconds wait);
// Of a key below the prefix that need not exist.
std::string read_probe(const std::string& prefix);
std::string key_path(const std::string& key);

std::string session_body(const std::string& name, Milliseconds ttl);
std::string write_body(const HeldLock& lock, WriteMode mode, const std::string& key,
                       const std::string& value);

// What an answer is, where it is none of those that the call expects. The message has no place yet.
struct Refusal {
    std::string message;
    bool is_final = true;
};

// The keys below `prefix`; a 404 has none.
Result<Listing, Refusal> parse_tree(const platform::HttpAnswer& answer, const std::string& prefix);
// X-Consul-Index, at least 1: an index of 0 would not wait.
std::uint64_t index_of(const platform::HttpAnswer& answer) noexcept;
Result<Session, Refusal> parse_session(const platform::HttpAnswer& answer);
// "true" or "false".
Result<bool, Refusal> parse_flag(const platform::HttpAnswer& answer);
// The value of the one key of the answer; empty where there is none.
Result<std::string, Refusal> parse_value(const platform::HttpAnswer& answer);
Result<Written, Refusal> parse_transaction(const platform::HttpAnswer& answer);

Refusal refuse(const platform::HttpAnswer& answer);

}  // namespace kaigara::remote::consul
