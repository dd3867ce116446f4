// SPDX-License-Identifier: Apache-2.0
#include "metadata/tree.h"

#include "reading.h"

using namespace kaigara::metadata;

TEST_SUITE("metadata") {

TEST_CASE("a dotted path leads through maps and list items") {
    const Tree tree = tree_of("app:\n  hosts: [{name: a}, {name: b}]\n  port: 80\n");
    CHECK(at(tree, "app.port").text() == "80");
    CHECK(at(tree, ".app.port").text() == "80");
    CHECK(at(tree, "app.hosts.1.name").text() == "b");
    CHECK(at(tree, "app.hosts").is_list());
    CHECK(&at(tree, "") == &tree.root());
    CHECK(&at(tree, ".") == &tree.root());
}

TEST_CASE("a path with a step that does not exist leads nowhere") {
    const Tree tree = tree_of("app:\n  hosts: [a, b]\n  port: 80\n");
    for (const char* path :
         {"ap", "app.x", "app.port.x", "app.hosts.2", "app.hosts.x", "app.hosts.-1",
          "app.hosts.99999999999999999999", "app..port", "app.", "..app", "App"}) {
        CAPTURE(path);
        CHECK(tree.find(path) == nullptr);
    }
}

TEST_CASE("a key with dots is found, and the longest run of steps that is a key wins") {
    const Tree tree = tree_of("app.conf: text\na:\n  b: short\n  b.c: long\n  d.e:\n    f: deep\n");
    CHECK(at(tree, "app.conf").text() == "text");
    CHECK(at(tree, "a.b").text() == "short");
    CHECK(at(tree, "a.b.c").text() == "long");
    CHECK(at(tree, "a.d.e.f").text() == "deep");
    CHECK(tree.find("app") == nullptr);
}

TEST_CASE("a digit step is a key of a map and an index of a list") {
    const Tree tree = tree_of("map: {'0': zero, 1: one}\nlist: [first]\n");
    CHECK(at(tree, "map.0").text() == "zero");
    CHECK(at(tree, "map.1").text() == "one");
    CHECK(at(tree, "list.0").text() == "first");
}

TEST_CASE("sources are named once, and origins say where a value was written") {
    Tree tree;
    CHECK(tree.add_source("a.yml") == 0);
    CHECK(tree.add_source("HOST") == 1);
    CHECK(tree.add_source("a.yml") == 0);
    CHECK(tree.origin_text({0, 3, 5}) == "a.yml:3:5");
    CHECK(tree.origin_text({1, 0, 0}) == "HOST");
    CHECK(tree.origin_text({7, 1, 1}).empty());
}

TEST_CASE("the leaves are scalars, nulls and empty lists and maps, in order") {
    const Tree tree = tree_of("b: {x: 1, e: {}, l: []}\na: [~, {k: v}]\n");
    CHECK(tree.leaf_paths() == std::vector<std::string>{"a.0", "a.1.k", "b.e", "b.l", "b.x"});
    CHECK(Tree().leaf_paths().empty());
}

TEST_CASE("the nearest path shares the parent where it can") {
    const Tree tree = tree_of("app:\n  database:\n    host: a\n    port: 1\n  host: b\nport: 2\n");
    CHECK(tree.nearest_path("app.database.hots") == "app.database.host");
    CHECK(tree.nearest_path("app.databse") == "app.database");
    CHECK(tree.nearest_path("ap.database.host") == "app.database.host");
    CHECK(tree.nearest_path("prt") == "port");
    CHECK(tree.nearest_path("something.else.altogether") == std::nullopt);
}

}  // TEST_SUITE("metadata")
