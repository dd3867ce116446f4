// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/key_value.h"

#include "metadata/bounds.h"
#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

Source store(SourceFormat format = SourceFormat::found) {
    Source source;
    source.kind = SourceKind::etcd;
    source.prefix = "/app";
    source.format = format;
    return source;
}

std::string listed(std::vector<remote::KeyValue> entries,
                   SourceFormat format = SourceFormat::found) {
    remote::Listing listing;
    listing.entries = std::move(entries);
    const auto tree = read_listing(listing, store(format));
    return tree ? json_of(*tree) : lines(tree.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("keys become paths, and texts have the type of their form") {
    CHECK(listed({}) == "{}");
    CHECK(
        listed({{"db/host", "db.internal"}, {"db/port", "5432"}, {"empty", ""}, {"on", "true"}}) ==
        R"({"db":{"host":"db.internal","port":5432},"empty":"","on":true})");
    CHECK(listed({{"nginx.conf", "x"}, {"servers/0", "a"}}) ==
          R"({"nginx.conf":"x","servers":{"0":"a"}})");
}

TEST_CASE("the order of bytes in keys with slashes does not matter") {
    CHECK(listed({{"a-b", "1"}, {"a/x", "2"}, {"a0", "3"}}) == R"({"a":{"x":2},"a-b":1,"a0":3})");
}

TEST_CASE("each value's origin is its key") {
    remote::Listing listing;
    listing.entries = {{"db/host", "x"}};
    const auto tree = read_listing(listing, store());
    REQUIRE(tree);
    CHECK(tree->origin_text(at(*tree, "db.host").origin()) == "etcd /app/db/host");
}

TEST_CASE("the folders that Consul's web page makes are no values") {
    CHECK(listed({{"db/", ""}, {"db/host", "x"}, {"empty/", ""}}) == R"({"db":{"host":"x"}})");
}

TEST_CASE("a key that is a value and a folder is an error that names it, in any order") {
    CHECK(listed({{"db", "x"}, {"db/host", "y"}}).starts_with("etcd /app/db/host: "));
    CHECK(listed({{"db", "x"}, {"db/host/name", "y"}, {"z/", "full"}}).find("etcd /app/z/: ") !=
          std::string::npos);
    CHECK(listed({{"a-", "1"}, {"a/b", "2"}, {"a", "3"}}).starts_with("etcd /app/a: "));
}

TEST_CASE("empty steps, too many steps, NUL and what is no UTF-8 are errors that name the key") {
    CHECK(listed({{"a//b", "x"}}).find("has an empty step") != std::string::npos);
    CHECK(listed({{"/a", "x"}}).find("has an empty step") != std::string::npos);
    std::string deep;
    for (std::size_t i = 0; i < max_depth; ++i) deep += "a/";
    CHECK(listed({{deep + "b", "x"}}).find("has more than 63 steps") != std::string::npos);
    CHECK(listed({{"a", std::string("x\0", 2)}}) ==
          "etcd /app/a: holds a NUL character; a value has to be text");
    CHECK(listed({{"a", "\xff"}}) == "etcd /app/a: holds invalid UTF-8; a value has to be text");
    CHECK(listed({{"\xff", "a"}}).find("the key is invalid UTF-8") != std::string::npos);
}

TEST_CASE("all errors are told, and no more values are taken than metadata may have") {
    const std::string both = listed({{"a", "\xff"}, {"b", "x"}, {"c", "\xff"}});
    CHECK(both.find("/app/a: ") != std::string::npos);
    CHECK(both.find("/app/c: ") != std::string::npos);
    std::vector<remote::KeyValue> many;
    for (std::size_t i = 0; i < max_nodes; ++i) many.push_back({std::to_string(i), "x"});
    const std::string told = listed(std::move(many));
    CHECK_MESSAGE(told.find("more than 100000 values") != std::string::npos, told);
}

TEST_CASE("values may be YAML or JSON documents of any kind") {
    CHECK(listed({{"a", "x: [1, 2]"}, {"b", "5"}, {"c", ""}, {"d", "- y"}, {"e", "null"}},
                 SourceFormat::yaml) == R"({"a":{"x":[1,2]},"b":5,"c":"","d":["y"],"e":null})");
    CHECK(listed({{"a", R"({"x": "1"})"}, {"b", "[true]"}}, SourceFormat::json) ==
          R"({"a":{"x":"1"},"b":[true]})");
    CHECK(listed({{"a", "{"}}, SourceFormat::json).starts_with("etcd /app/a:1:"));
}

}  // TEST_SUITE("metadata")
