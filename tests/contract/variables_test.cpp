// SPDX-License-Identifier: Apache-2.0

// CONTRACT 3, the environment: KAIGARA_META_ and the names that kaigara.yml binds.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
// Not const where it is indexed: a missing key is null then, and ends no test program.
using nlohmann::json;

namespace {

constexpr const char* sample = "app:\n"
                               "  cache1: {maxItems: 42}\n"
                               "  db_url: none\n"
                               "  list: [a, b]\n"
                               "  Name: one\n"
                               "  twin: {Key: 1, KEY: 2}\n";

// The tree that the variables make of the sample.
json tree(const Strings& environment, const char* config = nullptr, const char* base = sample) {
    const ProvisionScene scene;
    scene.metadata(base);
    if (config != nullptr) scene.config(config);
    return json::parse(
        quiet_success(scene.outcome("metadata", {"--format=json", "--show-secrets"}, environment)),
        nullptr, false);
}

Outcome refused(const Strings& environment) {
    const ProvisionScene scene;
    scene.metadata(sample);
    return scene.outcome("metadata", {}, environment);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("two underscores are a step, one is literal, and digits index a list") {
    json made = tree({"KAIGARA_META_app__db_url=x", "KAIGARA_META_app__list__1=B",
                      "KAIGARA_META_app__new__sub_key=y"});
    CHECK(made["app"]["db_url"] == "x");
    CHECK(made["app"]["list"] == json({"a", "B"}));
    CHECK(made["app"]["new"]["sub_key"] == "y");
}

TEST_CASE("upper case finds the one key that is spelt so, and a new key is lower case") {
    json made = tree({"KAIGARA_META_APP__CACHE1__MAXITEMS=7", "KAIGARA_META_APP__NAME=two",
                      "KAIGARA_META_APP__BRAND_NEW=x"});
    CHECK(made["app"]["cache1"] == json({{"maxItems", 7}}));
    CHECK(made["app"]["Name"] == "two");
    CHECK(made["app"]["brand_new"] == "x");
}

TEST_CASE("an exact spelling wins, and two keys that are both alike are an error") {
    CHECK(tree({"KAIGARA_META_app__twin__KEY=9"})["app"]["twin"] == json({{"Key", 1}, {"KEY", 9}}));
    check_refused(refused({"KAIGARA_META_app__twin__key=9"}), "exit 65",
                  {"KAIGARA_META_app__twin__key", "Key", "KEY"});
}

TEST_CASE("an index past a list's end is an error") {
    check_refused(refused({"KAIGARA_META_app__list__5=x"}), "exit 65",
                  {"KAIGARA_META_app__list__5"});
}

TEST_CASE("text of the environment has a type for JSON and truth, and empty text is text") {
    json made = tree({"KAIGARA_META_n=8080", "KAIGARA_META_t=true",
                      "KAIGARA_META_e=", "KAIGARA_META_no=no", "KAIGARA_META_o=014"});
    CHECK(made["n"] == 8080);
    CHECK(made["t"] == true);
    CHECK(made["e"] == "");
    CHECK(made["no"] == "no");
    CHECK(made["o"] == 14);

    const ProvisionScene scene;
    scene.resource("t.tmpl", "{{#f}}f{{/f}}{{#e}}e{{/e}}{{#z}}z{{/z}}{{#n}}n{{/n}}\n");
    CHECK(scene
              .outcome("render", {"t", "--set", "z=0", "--set", "n=no"},
                       {"KAIGARA_META_f=false", "KAIGARA_META_e="})
              .output == "zn\n");
}

TEST_CASE("_FILE drops one newline, and both forms at once or no file are errors") {
    const ProvisionScene scene;
    scene.metadata(sample);
    const std::string file = scene.folder().write("secret", "hunter2\n\n");
    const Outcome json_output = scene.outcome("metadata", {"--format=json", "--show-secrets"},
                                              {"KAIGARA_META_APP__DB_URL_FILE=" + file});
    CHECK(json::parse(quiet_success(json_output), nullptr, false)["app"]["db_url"] == "hunter2\n");
    check_refused(
        scene.outcome("metadata", {}, {"KAIGARA_META_x=1", "KAIGARA_META_x_FILE=" + file}),
        "exit 65", {"KAIGARA_META_x_FILE"});
    check_refused(scene.outcome("metadata", {}, {"KAIGARA_META_x_FILE=" + file + "-gone"}),
                  "exit 78", {"KAIGARA_META_x_FILE", file + "-gone"});
}

TEST_CASE("errors of the environment are told in one go, without the values") {
    const Outcome outcome =
        refused({"KAIGARA_META_app__list__5=hunter2", "KAIGARA_META_app__list__x__y=hunter2",
                 "KAIGARA_META_app__Name__x=hunter2"});
    check_refused(
        outcome, "exit 65",
        {"KAIGARA_META_app__list__5", "KAIGARA_META_app__list__x__y", "KAIGARA_META_app__Name__x"});
    CHECK_MESSAGE(!has(outcome.errors, "hunter2"), outcome.errors);
}

TEST_CASE("a bound name sets its path, and an unset one nothing") {
    const char* config = "metadata:\n"
                         "  - environment: {DB_HOST: app.db.host, UNSET: app.list, EMPTY: app.e}\n";
    json made = tree({"DB_HOST=there", "EMPTY="}, config);
    CHECK(made["app"]["db"]["host"] == "there");
    CHECK(made["app"]["list"] == json({"a", "b"}));
    CHECK(made["app"]["e"] == "");
}

TEST_CASE("a bound name that ends in _FILE reads a file, and its value is secret") {
    const ProvisionScene scene;
    const std::string file = scene.folder().write("password", "hunter2\n");
    scene.config("metadata:\n  - environment: {DB_PASSWORD_FILE: app.db.password}\n");
    const Strings environment = {"DB_PASSWORD_FILE=" + file};
    CHECK(quiet_success(scene.outcome("get", {"app.db.password"}, environment)) == "hunter2\n");
    const std::string masked = quiet_success(scene.outcome("metadata", {}, environment));
    CHECK_MESSAGE(!has(masked, "hunter2"), masked);
    check_refused(scene.outcome("metadata", {}, {"DB_PASSWORD_FILE=/no/such/file"}), "exit 78",
                  {"DB_PASSWORD_FILE", "/no/such/file"});
}

TEST_CASE("a prefix binds all its names as KAIGARA_META_ does") {
    const char* config = "metadata:\n  - environment: {prefix: MYAPP_}\n";
    json made = tree(
        {"MYAPP_app__db_url=x", "MYAPP_APP__CACHE1__MAXITEMS=7", "MYAPP_NEW__KEY=y", "OTHER_x=1"},
        config);
    CHECK(made["app"]["db_url"] == "x");
    CHECK(made["app"]["cache1"]["maxItems"] == 7);
    CHECK(made["new"]["key"] == "y");
    CHECK(!made.contains("x"));
}

TEST_CASE("bound names rank where they stand, below KAIGARA_META_") {
    const ProvisionScene scene;
    scene.folder().write("a.yml", "x: file\n");
    scene.config("metadata:\n  - environment: {X: x}\n  - file: a.yml\n");
    CHECK(scene.outcome("get", {"x"}, {"X=bound"}).output == "file\n");
    scene.config("metadata:\n  - file: a.yml\n  - environment: {X: x}\n");
    CHECK(scene.outcome("get", {"x"}, {"X=bound"}).output == "bound\n");
    CHECK(scene.outcome("get", {"x"}, {"X=bound", "KAIGARA_META_x=meta"}).output == "meta\n");
}

TEST_CASE("a file that _FILE names and that is no text is an error with its path") {
    const ProvisionScene scene;
    scene.folder().write("nul", std::string("a\0b", 3));
    scene.folder().write("binary", "\xff\xfe");
    scene.folder().make_dir("folder");
    for (const std::string& name : Strings{"nul", "binary", "folder"}) {
        CAPTURE(name);
        const std::string path = scene.folder() / name;
        check_refused(scene.outcome("get", {"x"}, {"KAIGARA_META_x_FILE=" + path}), "exit 65",
                      {"KAIGARA_META_x_FILE", path});
    }
}

}  // TEST_SUITE("contract")
