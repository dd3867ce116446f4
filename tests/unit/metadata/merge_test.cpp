// SPDX-License-Identifier: Apache-2.0
#include "metadata/merge.h"

#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

// `upper` over `lower`, as JSON or as errors.
std::string merged(std::string_view lower, std::string_view upper) {
    Tree tree = tree_of(lower, "low.yml");
    const Errors errors = merge(tree, tree_of(upper, "up.yml"));
    return errors.empty() ? json_of(tree) : lines(errors);
}

void make_secret(Tree& tree, std::string_view path) {
    const_cast<Value&>(at(tree, path)).set_secret(true);
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("a later source wins over an earlier one, and maps merge deeply") {
    CHECK(merged("a: {x: 1, y: {p: 1, q: 2}}\nb: 1\n", "a: {y: {q: 3, r: 4}}\nc: 5\n") ==
          R"({"a":{"x":1,"y":{"p":1,"q":3,"r":4}},"b":1,"c":5})");
    CHECK(merged("{}", "a: 1") == R"({"a":1})");
    CHECK(merged("a: 1", "{}") == R"({"a":1})");
}

TEST_CASE("a list replaces a list as a whole, and lists and scalars replace each other") {
    CHECK(merged("a: [1, 2, 3]", "a: [4]") == R"({"a":[4]})");
    CHECK(merged("a: [1, 2, 3]", "a: []") == R"({"a":[]})");
    CHECK(merged("a: [1]", "a: x") == R"({"a":"x"})");
    CHECK(merged("a: x", "a: [1]") == R"({"a":[1]})");
    CHECK(merged("a: {b: 1}", "a: {}") == R"({"a":{"b":1}})");
}

TEST_CASE("null deletes what is below, and stays a null where nothing is") {
    CHECK(merged("a: 1\nb: 2\n", "a: ~\n") == R"({"b":2})");
    CHECK(merged("a: {b: {c: 1}, d: 1}\n", "a: {b: null}\n") == R"({"a":{"d":1}})");
    CHECK(merged("a: [1]\n", "a:\n") == "{}");
    CHECK(merged("a: 1\n", "b: ~\n") == R"({"a":1,"b":null})");
    CHECK(merged("a: ~\n", "a: ~\n") == R"({"a":null})");
    CHECK(merged("a: ~\n", "a: {b: 1}\n") == R"({"a":{"b":1}})");
    CHECK(merged("a: ~\n", "a: x\n") == R"({"a":"x"})");
}

TEST_CASE("a map against a scalar or list is an error that names both origins, either way") {
    CHECK(
        merged("a:\n  b: {c: 1}\n", "\na:\n  b: x\n") ==
        "up.yml:3:6: 'a.b' is a text here and a map in low.yml:2:6; to replace it, delete it with "
        "null in a layer between");
    CHECK(merged("a: {b: 1}", "a: [1]")
              .starts_with("up.yml:1:4: 'a' is a list here and a map in low.yml:1:4"));
    CHECK(merged("a: x", "a: {b: 1}")
              .starts_with("up.yml:1:4: 'a' is a map here and a text in low.yml:1:4"));
    CHECK(merged("a: [x]", "a: {b: 1}")
              .starts_with("up.yml:1:4: 'a' is a map here and a list in low.yml:1:4"));
}

TEST_CASE("all conflicts are reported") {
    Tree tree = tree_of("a: {x: 1}\nb: 1\nc: {y: {z: 1}}\n");
    const Errors errors = merge(tree, tree_of("a: 1\nb: {x: 1}\nc: {y: 1}\n", "up.yml"));
    CHECK(errors.size() == 3);
    for (const Error& error : errors) CHECK(error.fault == Fault::bad_data);
}

TEST_CASE("each value keeps its origin when trees are merged") {
    Tree tree = tree_of("a: 1\nm: {x: 1, y: 2}\n", "one.yml");
    REQUIRE(merge(tree, tree_of("\nm: {y: 3}\n", "two.yml")).empty());
    REQUIRE(merge(tree, tree_of("\n\nb: [1]\n", "three.yml")).empty());
    REQUIRE(merge(tree, tree_of("\n\n\na: 9\n", "one.yml")).empty());
    CHECK(tree.sources() == std::vector<std::string>{"one.yml", "two.yml", "three.yml"});
    CHECK(tree.origin_text(at(tree, "m.x").origin()) == "one.yml:2:8");
    CHECK(tree.origin_text(at(tree, "m.y").origin()) == "two.yml:2:8");
    CHECK(tree.origin_text(at(tree, "b.0").origin()) == "three.yml:3:5");
    CHECK(tree.origin_text(at(tree, "a").origin()) == "one.yml:4:4");
}

TEST_CASE("what takes the place of a secret is secret") {
    Tree tree = tree_of("a: x\nb: y\nl: [p, q]\n");
    make_secret(tree, "a");
    make_secret(tree, "l.1");
    REQUIRE(merge(tree, tree_of("a: new\nb: new\nl: [r, s]\n")).empty());
    CHECK(at(tree, "a").is_secret());
    CHECK_FALSE(at(tree, "b").is_secret());
    CHECK_FALSE(at(tree, "l.0").is_secret());
    CHECK(at(tree, "l.1").is_secret());
}

TEST_CASE("where items cannot be told apart, all that takes the place of a secret is secret") {
    Tree tree = tree_of("l: [p, q]\n");
    make_secret(tree, "l.1");
    REQUIRE(merge(tree, tree_of("l: [r, {s: t}, u]\n")).empty());
    CHECK(at(tree, "l.0").is_secret());
    CHECK(at(tree, "l.1.s").is_secret());
}

}  // TEST_SUITE("metadata")
