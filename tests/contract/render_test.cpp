// SPDX-License-Identifier: Apache-2.0

// CONTRACT 4, end to end, and the original's own sample. The template language is unit tests.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

Outcome render(const ProvisionScene& scene, std::vector<std::string> arguments) {
    std::vector<std::string> words = scene.words("render");
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run({.words = std::move(words)});
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a template is found by its name, with or without its suffix, or by its path") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 8080}\n");
    scene.resource("server.conf.tmpl", "listen {{app.port}};\n");
    for (const std::string& name : {std::string("server.conf"), std::string("server.conf.tmpl"),
                                    scene.folder() / "resources/server.conf.tmpl"}) {
        const Outcome outcome = render(scene, {name});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(outcome.output == "listen 8080;\n");
        CHECK(outcome.errors == "");
    }
    const Outcome missing = render(scene, {"sever.conf"});
    CHECK(missing.ending != "exit 0");
    CHECK(missing.output == "");
    CHECK_MESSAGE(has(missing.errors, "sever.conf"), missing.errors);
}

TEST_CASE("values, sections, includes and modifiers are rendered") {
    const ProvisionScene scene;
    scene.metadata("app:\n  name: \"it's\"\n  hosts: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]\n  off: no\n"
                   "  tls: false\n");
    scene.resource("part.tmpl", "included {{app.off}}\n");
    scene.resource("all.tmpl",
                   "{{#app.hosts}}\nhost {{ip}}\n{{/app.hosts}}\n"
                   "{{^app.tls}}plain{{/app.tls}}\n"
                   "{{#app.hosts}}{{ip}}{{#app.hosts_separator}}, "
                   "{{/app.hosts_separator}}{{/app.hosts}}\n"
                   "{{>part.tmpl}}"
                   "{{app.name:shell}} {{.app.off | upper}} {{app.gone:default=x y}}\n");
    const Outcome outcome = render(scene, {"all"});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(outcome.output == "host 10.0.0.1\nhost 10.0.0.2\nplain\n10.0.0.1, 10.0.0.2\n"
                            "included no\n'it'\\''s' NO x y\n");
}

TEST_CASE("missing values are told all in one go, with their places and the nearest names") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 8080}\n");
    scene.resource("bad.tmpl", "fine\n{{app.prot}}\n  {{#app.list}}x{{/app.list}}\n");
    const Outcome outcome = render(scene, {"bad"});
    CHECK(outcome.ending == "exit 65");
    CHECK(outcome.output == "");
    CHECK_MESSAGE(has(outcome.errors, "bad.tmpl:2:1"), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "bad.tmpl:3:3"), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "app.port"), outcome.errors);
}

TEST_CASE("a rendered file is written whole or not at all") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 8080}\n");
    scene.resource("good.tmpl", "{{app.port}}\n");
    scene.resource("bad.tmpl", "{{app.prot}}\n");
    const std::string target = scene.folder() / "target";
    const Outcome good = render(scene, {"good", "-o", target});
    CHECK_MESSAGE(good.ending == "exit 0", good.errors);
    CHECK(good.output == "");
    CHECK(scene.folder().read("target") == "8080\n");
    CHECK(render(scene, {"bad", "-o", target}).ending == "exit 65");
    CHECK(scene.folder().read("target") == "8080\n");
    const Outcome nowhere = render(scene, {"good", "-o", "/no/such/directory/file"});
    CHECK(nowhere.ending == "exit 73");
    CHECK_MESSAGE(has(nowhere.errors, "/no/such/directory/file"), nowhere.errors);
}

TEST_CASE("what a template writes to a full device is an error") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 8080}\n");
    scene.resource("good.tmpl", "{{app.port}}\n");
    std::vector<std::string> words = {"/bin/sh", "-c", "\"$@\" >/dev/full", "sh"};
    for (const std::string& word : scene.words("render", {"good"})) words.push_back(word);
    const Outcome outcome = run({.words = std::move(words)});
    CHECK(outcome.ending == "exit 74");
    CHECK_MESSAGE(has(outcome.errors, "No space left"), outcome.errors);
}

TEST_CASE("the original's own sample gives the file that it gave") {
    const ProvisionScene target;
    const std::string example = example_path("uhttpd");
    const std::string file = target.folder() / "etc/server.conf";
    const std::vector<std::string> environment = {
        fmt::format("PATH={}:/usr/bin:/bin", program_folder()), "UHTTPD_CONFIG=" + file};
    const Outcome outcome = run({.words = with_actor(command({"start", "--"}), {"exit", "7"}),
                                 .environment = environment,
                                 .binds = {{example, "/opt/provision"}}});
    CHECK_MESSAGE(outcome.ending == "exit 7", outcome.errors);
    CHECK(target.folder().read("etc/server.conf") == "cache1.maxItems = 42\n");

    std::vector<std::string> changed = environment;
    changed.emplace_back("KAIGARA_META_APP__CACHE1__MAXITEMS=1000");
    CHECK(run({.words = with_actor(command({"--"}), {"exit", "7"}),
               .environment = changed,
               .binds = {{example, "/opt/provision"}}})
              .ending == "exit 7");
    CHECK(target.folder().read("etc/server.conf") == "cache1.maxItems = 1000\n");
}

}  // TEST_SUITE("contract")
