// SPDX-License-Identifier: Apache-2.0

// Which templates `kaigara check` renders on their own, and what it says of them.

#include <sys/stat.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

TEST_SUITE("contract") {

TEST_CASE("a part is checked where it is included, whoever includes it") {
    const ProvisionScene scene;
    scene.metadata("servers: [{host: a}, {host: b}]\n");
    scene.resource("server.tmpl", "host {{host}}\n");
    scene.root("tree", "");
    scene.root("list.tmpl", "{{#servers}}\n{{>server}}\n{{/servers}}\n");
    quiet_success(scene.outcome("check"));
    scene.folder().write("resources/entry.tmpl", "{{#servers}}{{>sub/part.tmpl}}{{/servers}}\n");
    scene.resource("sub/part.tmpl", "{{host}}\n");
    scene.config(
        fmt::format("templates: [{{source: ./entry, target: {}/entry}}]\n", scene.folder().path()));
    quiet_success(scene.outcome("check"));
    scene.resource("sub/part.tmpl", "{{hots}}\n");
    check_refused(scene.outcome("check"), "exit 65",
                  {"part.tmpl:1:1: no value for 'hots' in 'servers.0' (did you mean 'host'?)"});
}

TEST_CASE("a template that nobody includes is rendered on its own") {
    const ProvisionScene scene;
    scene.resource("lone.tmpl", "{{host}}\n");
    check_refused(scene.outcome("check"), "exit 65", {"lone.tmpl:1:1: no value for 'host'"});
}

TEST_CASE("other things in the resources are no fault") {
    const ProvisionScene scene;
    scene.resource("page", "plain\n");
    scene.resource("page.tmpl", "template\n");
    REQUIRE(::mkfifo((scene.folder() / "resources/fifo").c_str(), 0600) == 0);
    quiet_success(scene.outcome("check"));
}

TEST_CASE("where kaigara.yml is wrong, values that it would give are not missed") {
    const ProvisionScene scene;
    scene.folder().write("s.yml", "db: {host: a}\n");
    scene.config("metadata: [{file: s.yml, optinal: true}]\n");
    scene.resource("t.tmpl", "{{db.host}}\n");
    const Outcome outcome = scene.outcome("check");
    check_refused(outcome, "exit 78", {"optinal"});
    CHECK_MESSAGE(!has(outcome.errors, "no value"), outcome.errors);
}

}  // TEST_SUITE("contract")
