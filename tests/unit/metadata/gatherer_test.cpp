// SPDX-License-Identifier: Apache-2.0
#include "metadata/gatherer.h"

#include <fmt/format.h>

#include "reading.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

std::string gathered(const GatherPlan& plan) {
    const auto gathered = gather(plan);
    return gathered ? json_of(gathered->tree) : lines(gathered.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("the environment wins over the defaults, and --set over both, later ones over earlier") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.defaults_path = scratch.write("m.yml", "a: 1\nb: 1\nc: 1\nd: 1\n");
    plan.environment = {"KAIGARA_META_b=2", "KAIGARA_META_c=2", "KAIGARA_META_d=2", "HOME=/"};
    plan.sets = {"c=3", "d=3", "d=4"};
    const auto gathered_now = gather(plan);
    REQUIRE(gathered_now);
    const Tree* const tree = &gathered_now->tree;
    CHECK(json_of(*tree) == R"({"a":1,"b":2,"c":3,"d":4})");
    CHECK(tree->origin_text(at(*tree, "a").origin()) == plan.defaults_path + ":1:4");
    CHECK(tree->origin_text(at(*tree, "b").origin()) == "KAIGARA_META_b");
    CHECK(tree->origin_text(at(*tree, "c").origin()) == "--set c");
}

TEST_CASE("a list item that the environment set is found by --set") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.defaults_path = scratch.write("m.yml", "l: [{n: a}, {n: b}, {n: c}]\n");
    plan.environment = {"KAIGARA_META_L__1__N=env"};
    plan.sets = {"l.2.n=set"};
    const auto gathered_now = gather(plan);
    REQUIRE(gathered_now);
    const Tree* const tree = &gathered_now->tree;
    CHECK(json_of(*tree) == R"({"l":[{"n":"a"},{"n":"env"},{"n":"set"}]})");
    CHECK(tree->origin_text(at(*tree, "l.0.n").origin()) == plan.defaults_path + ":1:9");
    CHECK(tree->origin_text(at(*tree, "l.1.n").origin()) == "KAIGARA_META_L__1__N");
    CHECK(tree->origin_text(at(*tree, "l.2.n").origin()) == "--set l.2.n");
}

TEST_CASE("no metadata at all is an empty tree") {
    CHECK(gathered({}) == "{}");
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.defaults_path = scratch / "absent.yml";
    CHECK(gathered(plan) == "{}");
    plan.defaults_presence = Presence::required;
    CHECK(gathered(plan).starts_with(plan.defaults_path));
}

TEST_CASE("_FILE variables are read from real files") {
    const test::ScratchDir scratch;
    const std::string variable =
        fmt::format("KAIGARA_META_db__password_FILE={}", scratch.write("secret", "hunter2\n"));
    const std::string absent = fmt::format("KAIGARA_META_x_FILE={}", scratch / "absent");
    GatherPlan plan;
    plan.environment = {variable};
    const auto gathered_now = gather(plan);
    REQUIRE(gathered_now);
    const Tree* const tree = &gathered_now->tree;
    CHECK(at(*tree, "db.password").text() == "hunter2");
    CHECK(at(*tree, "db.password").is_secret());
    plan.environment = {absent};
    const auto failed = gather(plan);
    REQUIRE_FALSE(failed);
    CHECK(failed.error()[0].fault == Fault::configuration);
}

TEST_CASE("errors of all layers are collected, without those that another error makes") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.defaults_path = scratch.write("m.yml", "l: [1]\na: 1\na: 2\n");
    // The list is there, behind the error: its item is not to be complained about.
    plan.environment = {"KAIGARA_META_l__0=x", "KAIGARA_META_bad__=x"};
    plan.sets = {"novalue", "l.0=y"};
    const auto tree = gather(plan);
    REQUIRE_FALSE(tree);
    REQUIRE(tree.error().size() == 3);
    CHECK(tree.error()[0].where == plan.defaults_path + ":3:1");
    CHECK(tree.error()[1].where == "KAIGARA_META_bad__");
    CHECK(tree.error()[2].where == "--set");
}

TEST_CASE("layers that are too much together are an error") {
    const test::ScratchDir scratch;
    std::string text = "list:\n";
    for (int i = 0; i < 99'996; ++i) text += "- x\n";
    GatherPlan plan;
    plan.defaults_path = scratch.write("m.yml", text + "a: 1\n");
    CHECK(gather(plan).has_value());
    plan.sets = {"b=1"};
    CHECK(gather(plan).has_value());
    plan.sets = {"b=1", "c=1"};
    CHECK(gathered(plan) == "--set: with this layer the metadata has more than 100000 values");
}

}  // TEST_SUITE("metadata")
