// SPDX-License-Identifier: Apache-2.0
#include "remote/consul_wire.h"

#include <doctest/doctest.h>

using namespace kaigara;
using namespace kaigara::remote;
using namespace kaigara::remote::consul;
using platform::HttpAnswer;

namespace {

HttpAnswer answer(int status, std::string body, std::string index = "15") {
    return {status, {{"x-consul-index", std::move(index)}}, std::move(body)};
}

std::string tree(const HttpAnswer& from, const std::string& prefix = "app") {
    const auto listing = parse_tree(from, prefix);
    if (!listing)
        return (listing.error().is_final ? "final: " : "again: ") + listing.error().message;
    std::string out = std::to_string(listing->revision);
    for (const KeyValue& entry : listing->entries) out += " " + entry.key + "=" + entry.value;
    return out;
}

const HeldLock lock{"app/lock", {"se-ss"}, ""};

}  // namespace

TEST_SUITE("remote") {

TEST_CASE("a prefix is asked for with one slash behind it, and encoded") {
    CHECK(clean_key("//app/prod//") == "app/prod");
    CHECK(read_tree("app/a b") == "/v1/kv/app/a%20b/?recurse&consistent");
    CHECK(read_tree("") == "/v1/kv/?recurse&consistent");
    CHECK(read_tree_after("app", 7, Milliseconds(5'000)) ==
          "/v1/kv/app/?recurse&index=7&wait=5000ms");
    CHECK(read_probe("app") == "/v1/kv/app/.kaigara-may-read");
}

TEST_CASE("a recursive read is a listing without the prefix, in the order of the keys") {
    CHECK(tree(answer(
              200,
              R"([{"LockIndex":0,"Key":"app/db/port","Flags":0,"Value":"NTQzMg==","ModifyIndex":11},
        {"Key":"app/empty","Value":null},{"Key":"app/","Value":null},{"Key":"app/a","Value":"eA=="}])")) ==
          "15 a=x db/port=5432 empty=");
    CHECK(tree(answer(200, R"([{"Key":"x","Value":"eA=="}])"), "") == "15 x=x");
}

TEST_CASE("a prefix without keys is an empty listing, where Consul says so itself") {
    CHECK(tree(answer(404, "")) == "15");
    CHECK(tree({404, {}, "nginx"}).starts_with("final: answers with status 404: nginx"));
}

TEST_CASE("an index of 0, or none, is 1: a blocking query has to wait") {
    CHECK(index_of(answer(200, "", "0")) == 1);
    CHECK(index_of({200, {}, ""}) == 1);
    CHECK(index_of(answer(200, "", "junk")) == 1);
    CHECK(index_of(answer(200, "", "9")) == 9);
}

TEST_CASE("a refusal says what to look at") {
    CHECK(tree(answer(403, "Permission denied")).find("permission denied") != std::string::npos);
    CHECK(tree(answer(403, "ACL not found")).find("refuses the token") != std::string::npos);
    CHECK(tree(answer(301, "")).find("CONSUL_HTTP_ADDR") != std::string::npos);
    CHECK(tree(answer(429, "slow")).starts_with("again: "));
    CHECK(tree({200, {{"x-consul-results-filtered-by-acls", "true"}}, "[]"})
              .starts_with("final: the token may"));
}

TEST_CASE("an answer that is no JSON, or another's, is asked for again") {
    for (const char* body : {"", "[{", "<html>", R"([{"Key":"other/a","Value":"eA=="}])",
                             R"([{"Key":"app/a","Value":"*"}])"}) {
        CAPTURE(body);
        CHECK(tree(answer(200, body)).starts_with("again: "));
    }
}

TEST_CASE("a session has a time to live and lets go of its locks") {
    CHECK(
        session_body("kaigara \"x\"", Milliseconds(15'000)) ==
        R"({"Name":"kaigara \"x\"","TTL":"15000ms","Behavior":"delete","LockDelay":"1s","NodeChecks":[]})");
    CHECK(parse_session(answer(200, R"({"ID":"abc"})"))->id == "abc");
    CHECK_FALSE(parse_session(answer(200, "{}")));
    CHECK_FALSE(parse_session(answer(500, "no")));
}

TEST_CASE("what is written proves the lock, and that the key is new") {
    CHECK(write_body(lock, WriteMode::make, "app/k", "v") ==
          R"([{"KV":{"Verb":"check-session","Key":"app/lock","Session":"se-ss"}},)"
          R"({"KV":{"Verb":"cas","Index":0,"Key":"app/k","Value":"dg=="}}])");
    CHECK(write_body(lock, WriteMode::replace, "app/k", "v").find(R"("Verb":"set")") !=
          std::string::npos);
    CHECK(write_body(lock, WriteMode::remove, "app/k", "").find(R"("Verb":"delete")") !=
          std::string::npos);
}

TEST_CASE("a transaction that fails names the operation: the lock, or the key") {
    CHECK(*parse_transaction(answer(200, R"({"Results":[],"Errors":null})")) == Written::yes);
    CHECK(*parse_transaction(answer(
              409, R"({"Results":null,"Errors":[{"OpIndex":0,"What":"failed session check"}]})")) ==
          Written::lost_lock);
    CHECK(*parse_transaction(
              answer(409, R"({"Results":null,"Errors":[{"OpIndex":1,"What":"failed to set"}]})")) ==
          Written::exists);
    // What the ACL forbids is a 409, too, and neither of both.
    for (const char* place : {"0", "1"}) {
        const auto denied =
            parse_transaction(answer(409, std::string(R"({"Results":null,"Errors":[{"OpIndex":)") +
                                              place + R"(,"What":"Permission denied"}]})"));
        REQUIRE_FALSE(denied);
        CHECK(denied.error().is_final);
    }
    CHECK_FALSE(parse_transaction(answer(409, "{}")));
    CHECK_FALSE(parse_transaction(answer(403, "Permission denied")));
}

TEST_CASE("a lock is had or not, and its value says by whom") {
    CHECK(*parse_flag(answer(200, "true\n")));
    CHECK_FALSE(*parse_flag(answer(200, "false")));
    CHECK_FALSE(parse_flag(answer(200, "maybe")));
    CHECK(*parse_value(answer(200, R"([{"Key":"app/lock","Value":"d2U="}])")) == "we");
    CHECK(*parse_value(answer(404, "")) == "");
}

}  // TEST_SUITE("remote")
