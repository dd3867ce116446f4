// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/assignment.h"

#include "metadata/merge.h"
#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

Result<Tree, Errors> with(std::string_view assignment, std::string_view lower) {
    Tree tree = tree_of(lower);
    auto layer = read_set(assignment, tree);
    if (!layer) return Errors{std::move(layer).error()};
    if (Errors errors = merge(tree, std::move(layer).value()); !errors.empty()) return errors;
    return tree;
}

std::string set(std::string_view assignment, std::string_view lower = "{}") {
    auto tree = with(assignment, lower);
    return tree ? json_of(*tree) : lines(tree.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("--set puts one value at a dotted path") {
    CHECK(set("app.db.host=h") == R"({"app":{"db":{"host":"h"}}})");
    CHECK(set("app.db.host=new", "app: {db: {host: old, port: 1}}\n") ==
          R"({"app":{"db":{"host":"new","port":1}}})");
    CHECK(set(".a=1") == R"({"a":1})");
    CHECK(set("a=b=c") == R"({"a":"b=c"})");
}

TEST_CASE("the value of --set keeps its text, and an empty one is an empty string") {
    const auto tree = with("v=1.10", "{}");
    REQUIRE(tree);
    CHECK(at(*tree, "v").text() == "1.10");
    CHECK(tree->origin_text(at(*tree, "v").origin()) == "--set v");
    CHECK(set("a=", "a: 1\n") == R"({"a":""})");
    CHECK(set("a=true") == R"({"a":true})");
}

TEST_CASE("--set tells upper from lower case") {
    CHECK(set("MAXITEMS=1", "maxItems: 0\n") == R"({"MAXITEMS":1,"maxItems":0})");
}

TEST_CASE("--set finds an existing key with dots") {
    CHECK(set("app.conf=new", "app.conf: old\n") == R"({"app.conf":"new"})");
    CHECK(set("a.b.c.d=1", "a: {b.c: {d: 0}, b: {c: {}}}\n") ==
          R"({"a":{"b":{"c":{}},"b.c":{"d":1}}})");
}

TEST_CASE("--set sets an item of a list that exists, and none past its end") {
    CHECK(set("l.1=x", "l: [a, b, c]\n") == R"({"l":["a","x","c"]})");
    CHECK(set("l.0.k=x", "l: [{k: a, m: b}]\n") == R"({"l":[{"k":"x","m":"b"}]})");
    CHECK(set("l.3=x", "l: [a, b, c]\n") ==
          "--set l.3: index 3 is past the end of the list 'l', which has 3 items (m.yml:1:4)");
    CHECK(set("l.0=x") ==
          "--set l.0: there is no list 'l' to have an item 0; give the list in a file");
}

TEST_CASE("--set against a map, or into a scalar, is an error that names both origins") {
    CHECK(set("a=x", "a: {b: 1}\n")
              .starts_with("--set a: 'a' is a text here and a map in m.yml:1:4"));
    CHECK(
        set("a.b=x", "a: 1\n").starts_with("--set a.b: 'a' is a map here and a text in m.yml:1:4"));
}

TEST_CASE("--set without '=', without a path or with an empty step is a usage error") {
    for (const std::string_view bad : {"app.db", "", "=x", ".=x", "a..b=x", "a.=x", "..a=x"}) {
        CAPTURE(bad);
        const auto tree = read_set(bad, Tree());
        REQUIRE_FALSE(tree);
        CHECK(tree.error().fault == Fault::usage);
        CHECK(tree.error().where == "--set");
    }
    const auto invalid = read_set("a=\xff", Tree());
    REQUIRE_FALSE(invalid);
    CHECK(invalid.error().fault == Fault::bad_data);
}

}  // TEST_SUITE("metadata")
