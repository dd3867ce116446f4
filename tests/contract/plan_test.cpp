// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, `kaigara plan`: what provision would do and why, with a diff of each file; it changes
// nothing, and no secret is in it.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
using nlohmann::json;

namespace {

// The plan ends so and has changed nothing, not even the time of a directory of targets.
Outcome plan(const ProvisionScene& scene, std::string_view ending, Strings options = {},
             Strings environment = {}) {
    const std::string etc = scene.folder().make_dir("etc");
    const Strings before = listing_of(scene.folder().path());
    const FileFacts directory = facts_of(etc);
    Outcome outcome = scene.outcome("plan", std::move(options), std::move(environment));
    CHECK_MESSAGE(outcome.ending == ending, outcome.errors);
    CHECK(listing_of(scene.folder().path()) == before);
    CHECK(is_untouched(etc, directory));
    return outcome;
}

void check_lines(const Outcome& outcome, const Strings& lines) {
    for (const std::string& line : lines) {
        CAPTURE(line);
        CHECK_MESSAGE(has('\n' + outcome.output, '\n' + line + '\n'), outcome.output);
    }
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("with nothing to do plan is 0") {
    const ProvisionScene scene;
    plan(scene, "exit 0");
    scene.root("etc/same.tmpl", "same\n");
    scene.folder().write("etc/same", "same\n");
    const Outcome outcome = plan(scene, "exit 0");
    CHECK_MESSAGE(!has(outcome.output, "@@"), outcome.output);
}

TEST_CASE("plan shows a unified diff of a changed and of a new file, and is 2") {
    const ProvisionScene scene;
    scene.metadata("a: new\n");
    scene.root("etc/changed.tmpl", "1\n2\n3\n4\n{{a}}\n6\n7\n8\n9\n");
    scene.root("etc/deep/fresh.tmpl", "{{a}}\n");
    scene.folder().write("etc/changed", "1\n2\n3\n4\nold\n6\n7\n8\n9\n");
    const Outcome outcome = plan(scene, "exit 2");
    check_lines(outcome,
                {"--- " + (scene.folder() / "etc/changed"),
                 "+++ " + (scene.folder() / "etc/changed"), "@@ -2,7 +2,7 @@", " 2", "-old", "+new",
                 " 8", "+++ " + (scene.folder() / "etc/deep/fresh"), "@@ -0,0 +1 @@"});
    CHECK(!scene.folder().exists("etc/deep"));
}

TEST_CASE("the diff of plan applied by patch gives what provision writes") {
    if (!std::filesystem::exists("/usr/bin/patch")) return;
    const ProvisionScene scene;
    scene.metadata("l: [a, c, d, no newline]\n");
    scene.root("etc/f.tmpl", "{{#l}}{{.}}{{#l_separator}}\n{{/l_separator}}{{/l}}");
    scene.folder().write("etc/f", "a\nb\nc\nmore\n");
    const std::string copy = scene.folder().write("copy", "a\nb\nc\nmore\n");
    const std::string diff = scene.folder().write("diff", plan(scene, "exit 2").output);
    const Outcome patched = run({.words = {"/usr/bin/patch", copy, diff}});
    CHECK_MESSAGE(patched.ending == "exit 0", patched.output);
    CHECK(scene.outcome("provision").ending == "exit 0");
    CHECK(scene.folder().read("copy") == scene.folder().read("etc/f"));
}

TEST_CASE("plan tells that only a mode would change, and that operations would run") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "same\n");
    scene.folder().write("etc/t", "same\n", 0600);
    scene.config(fmt::format("templates: [{{source: t, target: '{}/etc/t', mode: 0644}}]\n",
                             scene.folder().path()));
    const Outcome outcome = plan(scene, "exit 2");
    CHECK_MESSAGE(has(outcome.output, "0644"), outcome.output);

    const ProvisionScene operations;
    operations.operation("10-first", "touch \"$scene/ran\"");
    CHECK_MESSAGE(has(plan(operations, "exit 2").output, "10-first"), "");
}

TEST_CASE("plan of what provision would refuse is 3, and names all of it") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 80}\n");
    scene.root("etc/good.tmpl", "good\n");
    scene.root("etc/bad.tmpl", "{{app.prot}}\n");
    scene.folder().write("operations/20-plain", "echo x\n", 0644);
    const Outcome outcome = plan(scene, "exit 3");
    for (const std::string& text : Strings{"bad.tmpl:1:1", "app.port", "20-plain"}) {
        CAPTURE(text);
        CHECK_MESSAGE(has(outcome.errors, text), outcome.errors);
    }
}

TEST_CASE("plan of a target that cannot be written is 3, with its path") {
    const ProvisionScene scene;
    scene.root("etc/plain/under.tmpl", "x\n");
    scene.folder().write("etc/plain", "a file\n");
    const Outcome outcome = plan(scene, "exit 3");
    CHECK_MESSAGE(has(outcome.errors, scene.folder() / "etc/plain"), outcome.errors);
}

TEST_CASE("secrets are masked in the diff, in removed lines too, and in JSON") {
    const ProvisionScene scene;
    const std::string secret = scene.folder().write("secret", "hunter2\n");
    scene.metadata("user: web\n");
    scene.root("etc/f.tmpl", "user {{user}}\npassword {{password}}\nlast\n");
    scene.folder().write("etc/f", "user root\npassword tr0ub4dor\nlast\n", 0600);
    scene.root("etc/fresh.tmpl", "password {{password}}\n");
    for (const Strings& options : {Strings{}, Strings{"--json"}}) {
        const Outcome outcome =
            plan(scene, "exit 2", options, {"KAIGARA_META_password_FILE=" + secret});
        const std::string all = outcome.output + outcome.errors;
        CHECK_MESSAGE(!has(all, "hunter2"), all);
        CHECK_MESSAGE(!has(all, "tr0ub4dor"), all);
        CHECK_MESSAGE(has(all, "user web"), all);
    }
}

TEST_CASE("a secret that was rendered plainly before does not show when it is rotated") {
    const ProvisionScene scene;
    scene.root("etc/f.tmpl", "key {{password}} {{password:base64}} {{#password}}x{{/password}}\n");
    const std::string old = scene.folder().write("old", "hunter2\n");
    const std::string fresh = scene.folder().write("fresh", "tr0ub4dor\n");
    CHECK(scene.outcome("provision", {}, {"KAIGARA_META_password_FILE=" + old}).ending == "exit 0");
    const Outcome outcome = plan(scene, "exit 2", {}, {"KAIGARA_META_password_FILE=" + fresh});
    for (const std::string& text : Strings{"hunter2", "aHVudGVyMg", "tr0ub4dor", "dHIwdWI0ZG9y"}) {
        CAPTURE(text);
        CHECK_MESSAGE(!has(outcome.output + outcome.errors, text), outcome.output);
    }
}

TEST_CASE("plan --json is one JSON document, whatever is to do") {
    const ProvisionScene scene;
    scene.root("etc/f.tmpl", "\"x\"\n\xff\n");
    scene.operation("10-first", "true");
    const json both = json::parse(plan(scene, "exit 2", {"--json"}).output, nullptr, false);
    REQUIRE(both.is_object());
    CHECK_MESSAGE(has(both.dump(), scene.folder() / "etc/f"), both.dump());
    CHECK_MESSAGE(has(both.dump(), "10-first"), both.dump());

    scene.root("etc/bad.tmpl", "{{nope}}\n");
    const json blocked = json::parse(plan(scene, "exit 3", {"--json"}).output, nullptr, false);
    REQUIRE(blocked.is_object());
    CHECK_MESSAGE(has(blocked.dump(), "nope"), blocked.dump());

    const ProvisionScene nothing;
    CHECK(json::parse(plan(nothing, "exit 0", {"--json"}).output, nullptr, false).is_object());
}

TEST_CASE("plan runs neither operations nor the checks of files") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "x\n");
    scene.operation("10-first", "touch \"$scene/ran\"");
    scene.config(fmt::format("templates: [{{source: t, target: '{0}/etc/t', "
                             "check: 'touch {0}/ran'}}]\n",
                             scene.folder().path()));
    plan(scene, "exit 2");
    CHECK(!scene.folder().exists("ran"));
}

TEST_CASE("what plan announces provision does, and then there is nothing to do") {
    const ProvisionScene scene;
    scene.metadata("a: 1\n");
    scene.root("etc/f.tmpl", "{{a}}\n");
    scene.root("etc/copy", "copy\n", 0755);
    plan(scene, "exit 2");
    CHECK(scene.outcome("provision").ending == "exit 0");
    plan(scene, "exit 0");
    scene.metadata("a: 2\n");
    plan(scene, "exit 2");
}

TEST_CASE("a plan that a full device does not take is 74") {
    const ProvisionScene scene;
    scene.root("etc/f.tmpl", "x\n");
    Strings words = {"/bin/sh", "-c", "\"$@\" >/dev/full", "sh"};
    for (const std::string& word : scene.words("plan")) words.push_back(word);
    CHECK(run({.words = words}).ending == "exit 74");
}

}  // TEST_SUITE("contract")
