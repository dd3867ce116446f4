// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd_wire.h"

#include <doctest/doctest.h>

#include "remote/base64.h"

using namespace kaigara;
using namespace kaigara::remote;
using namespace kaigara::remote::etcd;
using platform::HttpAnswer;

namespace {

HttpAnswer answer(std::string body, int status = 200) { return {status, {}, std::move(body)}; }

std::string b64(std::string_view text) { return to_base64(text); }

std::string page(const std::string& body, const std::string& prefix = "/app") {
    const auto read = parse_page(answer(body), prefix);
    if (!read) return (read.error().is_final ? "final: " : "again: ") + read.error().message;
    std::string out = std::to_string(read->listing.revision) + "@" + read->listing.cluster;
    for (const KeyValue& entry : read->listing.entries) out += " " + entry.key + "=" + entry.value;
    return out + (read->has_more ? " more behind " + read->last : "");
}

Listing seen() {
    Listing listing;
    listing.revision = 10;
    listing.cluster = "7";
    return listing;
}

const HeldLock lock{"/app/lock", {"42"}, "49"};

}  // namespace

TEST_SUITE("remote") {

TEST_CASE("a range is that of the prefix and a slash, and goes on behind a key at one revision") {
    CHECK(clean_prefix("/app//") == "/app");
    CHECK(clean_prefix("/") == "");
    CHECK(range_body("/app", "", 0) == R"({"key":")" + b64("/app/") + R"(","range_end":")" +
                                           b64("/app0") + R"(","limit":"2000"})");
    CHECK(range_body("/app", "/app/x", 5) == R"({"key":")" + b64(std::string("/app/x\0", 7)) +
                                                 R"(","range_end":")" + b64("/app0") +
                                                 R"(","limit":"2000","revision":"5"})");
    CHECK(range_body("", "", 0) == R"({"key":"AA==","range_end":"AA==","limit":"2000"})");
}

TEST_CASE("a page has keys without the prefix; what is empty is left out by etcd") {
    CHECK(page(R"({"header":{"cluster_id":"7","revision":"5"}})") == "5@7");
    CHECK(page(R"({"header":{"cluster_id":"7","revision":"5"},"kvs":[{"key":")" + b64("/app/a") +
               R"(","mod_revision":"2","value":")" + b64("x") + R"("},{"key":")" + b64("/app/b") +
               R"("}],"more":true,"count":"9"})") == "5@7 a=x b= more behind /app/b");
}

TEST_CASE("what is no page is asked for again") {
    for (const char* body : {"", "{", "{}", R"({"header":{"revision":"5"},"more":true})",
                             R"({"header":{"revision":"5"},"kvs":[{"key":"*"}]})",
                             R"({"header":{"revision":"5"},"kvs":[{"key":"eA=="}]})"}) {
        CAPTURE(body);
        CHECK(page(body).starts_with("again: "));
    }
}

TEST_CASE("errors are told by their code") {
    const auto refused = [](int status, std::string body) {
        return refuse(answer(std::move(body), status));
    };
    CHECK(
        refused(
            400,
            R"({"error":"x","message":"etcdserver: mvcc: required revision has been compacted","code":11})")
            .is_compacted);
    CHECK(refused(403, R"({"message":"etcdserver: permission denied","code":7})")
              .message.find("roles") != std::string::npos);
    CHECK(refused(401, R"({"message":"etcdserver: invalid auth token","code":16})").wants_token);
    CHECK(refused(400, R"({"message":"etcdserver: user name is empty","code":3})").wants_token);
    CHECK(
        refused(
            400,
            R"({"message":"etcdserver: authentication failed, invalid user ID or password","code":3})")
            .message == "refuses ETCDCTL_USER or ETCDCTL_PASSWORD");
    CHECK(refused(412, R"({"message":"etcdserver: authentication is not enabled","code":9})")
              .knows_no_auth);
    CHECK(refused(
              400,
              "CommonName of client sending a request against gateway will be ignored and not used")
              .message.find("without, and ETCDCTL_USER") != std::string::npos);
    CHECK(refused(404, "404 page not found\n").knows_no_path);
    CHECK_FALSE(refused(404, R"({"message":"etcdserver: requested lease not found","code":5})")
                    .knows_no_path);
    CHECK_FALSE(
        refused(404, R"({"message":"etcdserver: requested lease not found","code":5})").is_final);
    CHECK_FALSE(refused(429, "{}").is_final);
    CHECK(refused(418, "tea").is_final);
}

TEST_CASE("a lease is granted in whole seconds, and one that is gone has no TTL") {
    CHECK(grant_body(Milliseconds(15'001)) == R"({"TTL":"16"})");
    CHECK(parse_lease(answer(R"({"ID":"42","TTL":"15"})"))->id == "42");
    CHECK_FALSE(parse_lease(answer("{}")));
    CHECK(*parse_renewal(answer(R"({"result":{"header":{},"ID":"42","TTL":"15"}})")));
    CHECK_FALSE(*parse_renewal(answer(R"({"result":{"header":{},"ID":"42"}})")));
    CHECK_FALSE(parse_renewal(answer("{}")));
}

TEST_CASE("a lock is had when its key was new, or is ours from before") {
    const Session session{"42"};
    const auto won = parse_lock(answer(R"({"header":{"revision":"49"},"succeeded":true})"),
                                "/app/lock", session);
    REQUIRE(won->held);
    CHECK(won->held->proof == "49");
    CHECK(won->held->key == "/app/lock");
    const auto other = [](std::string_view lease) {
        return answer(
            R"({"header":{"revision":"50"},"responses":[{"response_range":{"kvs":[{"key":"eA==",)"
            R"("create_revision":"49","value":"d2Vi","lease":")" +
            std::string(lease) + R"("}]}}]})");
    };
    const auto lost = parse_lock(other("41"), "/app/lock", session);
    CHECK_FALSE(lost->held);
    CHECK(lost->holder == "web");
    const auto ours = parse_lock(other("42"), "/app/lock", session);
    REQUIRE(ours->held);
    CHECK(ours->held->proof == "49");
}

TEST_CASE("what is written compares the lock's creation, and that the key is new") {
    const std::string body = write_body(lock, WriteMode::make, "/app/k", "v");
    CHECK(body.find(R"("create_revision":"49")") != std::string::npos);
    CHECK(body.find(R"("create_revision":"0")") != std::string::npos);
    CHECK(write_body(lock, WriteMode::replace, "/app/k", "v").find(R"("create_revision":"0")") ==
          std::string::npos);
    CHECK(write_body(lock, WriteMode::remove, "/app/k", "").find("request_delete_range") !=
          std::string::npos);
    CHECK(*parse_write(answer(R"({"succeeded":true})"), lock) == Written::yes);
    const auto failed = [](std::string_view created) {
        return answer(R"({"responses":[{"response_range":{"kvs":[{"create_revision":")" +
                      std::string(created) + R"("}]}}]})");
    };
    CHECK(*parse_write(failed("49"), lock) == Written::exists);
    CHECK(*parse_write(failed("51"), lock) == Written::lost_lock);
    CHECK(*parse_write(answer(R"({"responses":[{"response_range":{}}]})"), lock) ==
          Written::lost_lock);
}

TEST_CASE("a line of a watch says whether the keys may have changed") {
    const struct {
        std::string_view line;
        WatchLine what;
    } cases[] = {
        {"", WatchLine::nothing},
        {R"({"result":{"header":{"cluster_id":"7","revision":"10"},"created":true}})",
         WatchLine::nothing},
        {R"({"result":{"header":{"cluster_id":"7","revision":"12"}}})", WatchLine::nothing},
        {R"({"result":{"header":{"cluster_id":"7","revision":"11"},"events":[{"kv":{"key":"eA=="}}]}})",
         WatchLine::changed},
        {R"({"result":{"header":{"cluster_id":"7","revision":"9"},"created":true}})",
         WatchLine::changed},
        {R"({"result":{"header":{"cluster_id":"8","revision":"12"},"created":true}})",
         WatchLine::changed},
        {R"({"result":{"header":{"cluster_id":"7","revision":"12"},"canceled":true,"compact_revision":"11"}})",
         WatchLine::changed},
        {R"({"result":{"header":{},"created":true,"canceled":true,"cancel_reason":"rpc error: code = PermissionDenied"}})",
         WatchLine::denied},
        {R"({"result":{"header":{},"canceled":true,"cancel_reason":"etcdserver: no leader"}})",
         WatchLine::broken},
        {R"({"error":{"grpc_code":14,"http_code":503,"message":"transport is closing"}})",
         WatchLine::broken},
        {"{", WatchLine::broken},
        {"{}", WatchLine::broken},
    };
    for (const auto& [line, what] : cases) {
        CAPTURE(line);
        CHECK(judge_line(line, seen()) == what);
    }
}

}  // TEST_SUITE("remote")
