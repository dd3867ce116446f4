// SPDX-License-Identifier: Apache-2.0
#include "metadata/layer.h"

#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

TEST_SUITE("metadata") {

TEST_CASE("a layer is mounted below a path, origins and all") {
    const Tree tree = mounted_at("app.db", tree_of("host: x\n"));
    CHECK(json_of(tree) == R"({"app":{"db":{"host":"x"}}})");
    CHECK(tree.origin_text(at(tree, "app.db.host").origin()) == "m.yml:1:7");
    CHECK(json_of(mounted_at("", tree_of("a: 1\n"))) == R"({"a":1})");
}

TEST_CASE("the part at a path is a map, and an empty one where there is none") {
    const Tree tree = tree_of("app: {db: {host: x}, list: [1]}\n");
    CHECK(json_of(part_at("app.db", tree)) == R"({"host":"x"})");
    CHECK(json_of(part_at("app.list", tree)) == "{}");
    CHECK(json_of(part_at("absent", tree)) == "{}");
    CHECK(json_of(part_at("", tree)) == json_of(tree));
}

TEST_CASE("every scalar of a secret layer is secret") {
    Tree tree = tree_of("a: 1\nb: [x, {c: y}]\nd: null\n");
    make_secret(tree.root());
    CHECK(json_of(tree) == R"({"a":"***","b":["***",{"c":"***"}],"d":null})");
}

}  // TEST_SUITE("metadata")
