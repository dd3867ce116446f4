// SPDX-License-Identifier: Apache-2.0

// CONTRACT 3, end to end: what `get` and `metadata` say of the layers below them, and the snapshot
// that operations use. The parser's and the merge's own rules are unit tests.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

Strings with(Strings words, const Strings& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Outcome get(const ProvisionScene& scene, std::string path, Strings environment = {},
            Strings options = {}) {
    return run({.words = with(with(scene.words("get"), {std::move(path)}), options),
                .environment = std::move(environment)});
}

std::string value(const ProvisionScene& scene, std::string path, Strings environment = {},
                  Strings options = {}) {
    const Outcome outcome = get(scene, std::move(path), std::move(environment), std::move(options));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(outcome.errors == "");
    return outcome.output;
}

// Fails with the status, prints nothing, and the message has all of the texts.
void check_error(const Outcome& outcome, std::string_view ending, const Strings& texts) {
    CHECK(outcome.ending == ending);
    CHECK(outcome.output == "");
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK_MESSAGE(has(outcome.errors, text), outcome.errors);
    }
}

constexpr const char* sample = "app:\n"
                               "  db: {host: localhost, port: 5432}\n"
                               "  version: 1.10\n"
                               "  mode: 014\n"
                               "  answer: no\n"
                               "  list: [a, b]\n"
                               "  cache1: {maxItems: 42}\n";

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("get prints a scalar as it was written, with a newline") {
    const ProvisionScene scene;
    scene.metadata(sample);
    CHECK(value(scene, "app.db.host") == "localhost\n");
    CHECK(value(scene, "app.version") == "1.10\n");
    CHECK(value(scene, "app.mode") == "014\n");
    CHECK(value(scene, "app.answer") == "no\n");
    CHECK(value(scene, "app.list.1") == "b\n");
}

TEST_CASE("get prints a map or a list as JSON") {
    const ProvisionScene scene;
    scene.metadata(sample);
    CHECK(nlohmann::json::parse(value(scene, "app.db")) ==
          nlohmann::json({{"host", "localhost"}, {"port", 5432}}));
    CHECK(nlohmann::json::parse(value(scene, "app.list")) == nlohmann::json({"a", "b"}));
}

TEST_CASE("get of what is missing is 1, or the default") {
    const ProvisionScene scene;
    scene.metadata(sample);
    const Outcome missing = get(scene, "app.db.hots");
    check_error(missing, "exit 1", {"app.db.hots"});
    CHECK(value(scene, "app.db.hots", {}, {"--default", "fallback"}) == "fallback\n");
    CHECK(value(scene, "app.db.host", {}, {"--default=fallback"}) == "localhost\n");
}

TEST_CASE("the environment is above the file, and --set above the environment") {
    const ProvisionScene scene;
    scene.metadata(sample);
    const Strings environment = {"KAIGARA_META_app__db__host=from-environment"};
    CHECK(value(scene, "app.db.host", environment) == "from-environment\n");
    CHECK(value(scene, "app.db.port", environment) == "5432\n");
    CHECK(value(scene, "app.db.host", environment, {"--set", "app.db.host=set"}) == "set\n");
    CHECK(value(scene, "app.new.key", {}, {"--set", "app.new.key=a=b"}) == "a=b\n");
    CHECK(value(scene, "app.cache1.maxItems", {"KAIGARA_META_APP__CACHE1__MAXITEMS=7"}) == "7\n");
    CHECK(value(scene, "app.list.0", {"KAIGARA_META_app__list__0=first"}) == "first\n");
}

TEST_CASE("a value is read from the file that the environment names, and is secret") {
    const ProvisionScene scene;
    scene.metadata(sample);
    const std::string file = scene.folder().write("secret", "hunter2\n");
    const Strings environment = {"KAIGARA_META_app__db__password_FILE=" + file};
    CHECK(value(scene, "app.db.password", environment) == "hunter2\n");
    for (const std::string& format : Strings{"yaml", "json", "env"}) {
        const Outcome masked = run(
            {.words = scene.words("metadata", {"--format", format}), .environment = environment});
        CHECK(masked.ending == "exit 0");
        CHECK_MESSAGE(!has(masked.output, "hunter2"), masked.output);
        const Outcome shown =
            run({.words = scene.words("metadata", {"--format", format, "--show-secrets"}),
                 .environment = environment});
        CHECK_MESSAGE(has(shown.output, "hunter2"), shown.output);
    }
    check_error(get(scene, "app.db.host", {"KAIGARA_META_app__x_FILE=/no/such/file"}), "exit 78",
                {"/no/such/file"});
    check_error(
        get(scene, "app.db.host", {"KAIGARA_META_app__x_FILE=" + file, "KAIGARA_META_app__x=1"}),
        "exit 65", {"KAIGARA_META_app__x"});
}

TEST_CASE("metadata prints the whole tree in each format") {
    const ProvisionScene scene;
    scene.metadata(sample);
    const Outcome json = run({.words = scene.words("metadata", {"--format=json"})});
    CHECK(json.ending == "exit 0");
    const nlohmann::json tree = nlohmann::json::parse(json.output);
    CHECK(tree["app"]["db"]["port"] == 5432);
    CHECK(tree["app"]["mode"] == 14);
    CHECK(tree["app"]["answer"] == "no");
    CHECK(tree["app"]["list"] == nlohmann::json({"a", "b"}));

    const Outcome yaml = run({.words = scene.words("metadata")});
    CHECK(yaml.ending == "exit 0");
    const ProvisionScene again;
    again.metadata(yaml.output);
    CHECK(run({.words = again.words("metadata", {"--format=json"})}).output == json.output);

    const Outcome env = run({.words = scene.words("metadata", {"--format", "env"})});
    CHECK(env.ending == "exit 0");
    const std::string script = scene.folder().write("env", env.output);
    const Outcome shell =
        run({.words = {"/bin/sh", "-c",
                       ". \"$0\"; echo \"$APP_DB_HOST|"
                       "$APP_VERSION|$APP_MODE|$APP_LIST_1|$APP_CACHE1_MAXITEMS\"",
                       script}});
    CHECK_MESSAGE(shell.output == "localhost|1.10|014|b|42\n", env.output);
}

TEST_CASE("names and values of metadata for the shell survive it") {
    const ProvisionScene scene;
    scene.metadata("a: 'it''s \"$HOME\" `x` \\ ; two'\n\"odd-key.x\": \"line\\nbreak\"\n");
    const Outcome env = run({.words = scene.words("metadata", {"--format", "env"})});
    const std::string script = scene.folder().write("env", env.output);
    const Outcome shell =
        run({.words = {"/bin/sh", "-c", ". \"$0\"; printf '%s|%s' \"$A\" \"$ODD_KEY_X\"", script}});
    CHECK_MESSAGE(shell.output == "it's \"$HOME\" `x` \\ ; two|line\nbreak", env.output);
}

TEST_CASE("metadata tells the origin of each leaf") {
    const ProvisionScene scene;
    scene.metadata("app:\n  port: 80\n  host: here\n");
    const Outcome outcome = run({.words = scene.words("metadata", {"--origin", "--set", "app.x=1"}),
                                 .environment = {"KAIGARA_META_app__host=there"}});
    CHECK(outcome.ending == "exit 0");
    CHECK_MESSAGE(has(outcome.output, "metadata.yml"), outcome.output);
    CHECK_MESSAGE(has(outcome.output, "KAIGARA_META_app__host"), outcome.output);
    CHECK_MESSAGE(has(outcome.output, "--set"), outcome.output);
}

TEST_CASE("a directory of metadata is merged in path order") {
    const ProvisionScene scene;
    scene.folder().write("tree/10-base.yml", "app: {port: 80, host: a}\n");
    scene.folder().write("tree/20-more.json", "{\"app\": {\"host\": \"b\"}}\n");
    scene.folder().write("tree/30-deep/x.yaml", "app: {deep: yes}\n");
    scene.folder().write("tree/ignored.txt", "app: {port: 1}\n");
    const Strings words =
        command({"metadata", "--format", "json", "--metadata", scene.folder() / "tree"});
    const Outcome outcome = run({.words = words});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(nlohmann::json::parse(outcome.output) ==
          nlohmann::json({{"app", {{"port", 80}, {"host", "b"}, {"deep", "yes"}}}}));
}

TEST_CASE("bad metadata is 65 with file, line and column, for every command that reads it") {
    const ProvisionScene scene;
    scene.metadata("app:\n  port: 80\n  port: 81\n");
    const std::string where = (scene.folder() / "metadata.yml") + ":3:3";
    check_error(get(scene, "app.port"), "exit 65", {where});
    check_error(run({.words = scene.words("metadata")}), "exit 65", {where});
    check_error(run({.words = scene.start()}), "exit 65", {where});
    check_error(run({.words = scene.words("provision")}), "exit 65", {where});
    for (const std::string& bad : Strings{"a: [1,\n", "a: &x [*x]\n", "a: 1\n---\nb: 2\n",
                                          "a: {<<: {b: 1}}\n", "a: \"\xff\"\n", "- list\n"}) {
        CAPTURE(bad);
        scene.metadata(bad);
        CHECK(get(scene, "a").ending == "exit 65");
    }
}

TEST_CASE("a map against a scalar is an error that names both origins") {
    const ProvisionScene scene;
    scene.metadata(sample);
    check_error(get(scene, "app.version", {"KAIGARA_META_app__db=flat"}), "exit 65",
                {"metadata.yml", "KAIGARA_META_app__db", "app.db"});
}

TEST_CASE("operations use one snapshot, whatever becomes of the sources") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.resource("conf.tmpl", "host={{app.db.host}}\n");
    scene.operation("10-spoil", "echo 'app: {db: {host: changed}}' >\"$scene/metadata.yml\"");
    scene.operation("20-use", "unset KAIGARA_META_app__db__host\n"
                              "\"$kaigara\" get app.db.host\n"
                              "\"$kaigara\" render conf\n"
                              "\"$kaigara\" metadata --format json | head -c 1");
    const Outcome outcome =
        run({.words = scene.start(), .environment = {"KAIGARA_META_app__db__host=from-outside"}});
    CHECK(outcome.ending == "exit 0");
    CHECK(operation_lines(outcome) ==
          Strings{"[20-use] from-outside", "[20-use] host=from-outside", "[20-use] {"});
}

TEST_CASE("the snapshot is sealed") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.operation("10-write", "echo nonsense 2>/dev/null >\"$KAIGARA_SNAPSHOT\" || echo refused\n"
                                "\"$kaigara\" get app.db.host");
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 0");
    CHECK(operation_lines(outcome) == Strings{"[10-write] refused", "[10-write] localhost"});
}

}  // TEST_SUITE("contract")
