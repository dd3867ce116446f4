// SPDX-License-Identifier: Apache-2.0

// Files that disappear or change while kaigara is at work: the moment is one that a command source
// or a check makes, so that no test has to be quick.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// kaigara.yml with two targets, etc/first and etc/second, whose files hold "old"; when the sources
// are resolved `while_resolving` happens, and when the second is checked `while_checking`.
void furnish(const ProvisionScene& scene, const std::string& while_resolving,
             const std::string& while_checking) {
    const std::string& folder = scene.folder().path();
    scene.folder().write("resolve.sh", while_resolving + "\n");
    scene.folder().write("check.sh", while_checking + "\n");
    for (const char* name : {"first", "second"}) {
        scene.resource(fmt::format("{}.tmpl", name), "new\n");
        scene.folder().write(fmt::format("etc/{}", name), "old\n");
    }
    scene.config(fmt::format("metadata:\n"
                             "  - command: [sh, '{0}/resolve.sh']\n"
                             "templates:\n"
                             "  - {{source: first, target: '{0}/etc/first'}}\n"
                             "  - source: second\n"
                             "    target: {0}/etc/second\n"
                             "    check: cd {0} && sh check.sh {{{{target}}}}\n",
                             folder));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a template that disappears while sources are resolved stops all files") {
    const ProvisionScene scene;
    furnish(scene, fmt::format("rm '{}/resources/second.tmpl'", scene.folder().path()), "true");
    check_refused(scene.outcome("provision"), "exit 78", {"second"});
    CHECK(scene.folder().read("etc/first") == "old\n");
}

TEST_CASE("an operation that disappears before its turn fails with its name") {
    const ProvisionScene scene;
    scene.operation("10-first", "rm \"$scene/operations/20-second\"");
    scene.operation("20-second", "echo ran");
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 80");
    CHECK_MESSAGE(has(outcome.errors, "20-second"), outcome.errors);
    CHECK(!has(outcome.output, "application"));
}

TEST_CASE("a check that removes the temporary file stops all files") {
    const ProvisionScene scene;
    furnish(scene, "true", "rm \"$1\"");
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending != "exit 0", outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, scene.folder() / "etc/second"), outcome.errors);
    CHECK(scene.folder().read("etc/first") == "old\n");
    CHECK(scene.folder().read("etc/second") == "old\n");
    CHECK(names_in(scene.folder() / "etc") == Strings{"first", "second"});
}

TEST_CASE("a directory of targets that disappears while a check runs stops all files") {
    const ProvisionScene scene;
    furnish(scene, "true", "mv etc away");
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending != "exit 0", outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, scene.folder() / "etc"), outcome.errors);
    CHECK(scene.folder().read("away/first") == "old\n");
    CHECK(scene.folder().read("away/second") == "old\n");
}

TEST_CASE("a target that becomes a directory while a check runs stops all files") {
    const ProvisionScene scene;
    furnish(scene, "true", "rm etc/second && mkdir etc/second");
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending != "exit 0", outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, scene.folder() / "etc/second"), outcome.errors);
    CHECK(scene.folder().read("etc/first") == "old\n");
    CHECK(names_in(scene.folder() / "etc") == Strings{"first", "second"});
}

TEST_CASE("a check that a signal ends, or whose program does not exist, fails as a check") {
    for (const std::string& script : Strings{"kill -9 $$", "/no/such/checker \"$1\""}) {
        CAPTURE(script);
        const ProvisionScene scene;
        furnish(scene, "true", script);
        check_refused(scene.outcome("provision"), "exit 65", {scene.folder() / "etc/second"});
        CHECK(scene.folder().read("etc/first") == "old\n");
        CHECK(names_in(scene.folder() / "etc") == Strings{"first", "second"});
    }
}

TEST_CASE("kaigara that is killed while a check runs leaves the old files, and the next goes on") {
    const ProvisionScene scene;
    furnish(scene, "true", "[ -e up ] || { touch up; exec sleep 1000; }");
    {
        Program program({.words = scene.words("provision"), .place = Place::later});
        program.eventually("the check", [&] { return scene.folder().exists("up"); });
        program.send(9);
        CHECK(program.wait() == "signal 9");
    }
    CHECK(scene.folder().read("etc/first") == "old\n");
    CHECK(scene.folder().read("etc/second") == "old\n");
    CHECK(scene.outcome("provision").ending == "exit 0");
    CHECK(scene.folder().read("etc/first") == "new\n");
    CHECK(scene.folder().read("etc/second") == "new\n");
    CHECK(names_in(scene.folder() / "etc") == Strings{"first", "second"});
}

}  // TEST_SUITE("contract")
