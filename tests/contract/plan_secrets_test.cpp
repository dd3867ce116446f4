// SPDX-License-Identifier: Apache-2.0

// What a plan must not show, and where it has to agree with what provision would do.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

TEST_SUITE("contract") {

TEST_CASE("a plan shows no secret that its template uses no longer") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "pw={{password}}\n");
    scene.config(fmt::format("templates: [{{source: t, target: {}/out, mode: 0644}}]\n",
                             scene.folder().path()));
    const Strings environment{"KAIGARA_META_password_FILE=" +
                              scene.folder().write("secret", "hunter2\n")};
    REQUIRE(scene.outcome("provision", {}, environment).ending == "exit 0");
    scene.resource("t.tmpl", "pw=public\n");
    const Outcome outcome = scene.outcome("plan", {}, environment);
    CHECK(outcome.ending == "exit 2");
    CHECK_MESSAGE(has(outcome.output, "-pw=***\n+pw=public\n"), outcome.output);
    CHECK_FALSE(has(outcome.output, "hunter2"));
}

TEST_CASE("a plan shows nothing of a copied file that not everybody may read") {
    const ProvisionScene scene;
    scene.root("key", "PRIVATE\nKEY\n", 0600);
    const Outcome outcome = scene.outcome("plan");
    CHECK(outcome.ending == "exit 2");
    CHECK_MESSAGE(has(outcome.output, "+***\n+***\n"), outcome.output);
    CHECK_FALSE(has(outcome.output, "PRIVATE"));
}

TEST_CASE("a plan knows the directories that other files of the set bring") {
    const ProvisionScene scene;
    scene.root("made/by-root", "x\n");
    scene.resource("t.tmpl", "y\n");
    scene.config(fmt::format("templates: [{{source: t, target: {}/made/by-entry}}]\n",
                             scene.folder().path()));
    const Outcome planned = scene.outcome("plan");
    CHECK_MESSAGE(planned.ending == "exit 2", planned.errors);
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(scene.folder().read("made/by-entry") == "y\n");
}

TEST_CASE("what provision refuses of a set, plan and check refuse, too") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "y\n");
    scene.root("one/file", "x\n");
    const std::string folder = scene.folder().path();
    for (const std::string& target : Strings{folder + "/./one/file", folder + "/one"}) {
        CAPTURE(target);
        scene.config(fmt::format("templates: [{{source: t, target: {}}}]\n", target));
        for (const char* command : {"provision", "check"}) {
            CAPTURE(command);
            check_refused(scene.outcome(command), "exit 78", {target});
        }
        CHECK(scene.outcome("plan").ending == "exit 3");
    }
    CHECK_FALSE(scene.folder().exists("one"));
}

TEST_CASE("a path stays secret when a null stands between two layers") {
    const ProvisionScene scene;
    scene.folder().write("1.yml", "db: {password: first}\n");
    scene.folder().write("2.yml", "db: {password: null}\n");
    scene.folder().write("3.yml", "db: {password: hunter2}\n");
    scene.config("metadata: [{file: 1.yml, secret: true}, {file: 2.yml}, {file: 3.yml}]\n");
    const std::string shown = quiet_success(scene.outcome("metadata"));
    CHECK_MESSAGE(has(shown, "password: \"***\""), shown);
    CHECK_FALSE(has(shown, "hunter2"));
}

TEST_CASE("a file in the place of an optional directory is no absence") {
    const ProvisionScene scene;
    scene.folder().write("file", "x\n");
    scene.config("metadata: [{directory: file, optional: true}]\n");
    check_refused(scene.outcome("metadata"), "exit 65", {scene.folder() / "file"});
}

}  // TEST_SUITE("contract")
