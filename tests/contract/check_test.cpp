// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, `kaigara check`: all errors of kaigara.yml, metadata, templates and operations in one
// go, each with its place; nothing is asked, run or written.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

std::string in(const ProvisionScene& scene, std::string_view name) { return scene.folder() / name; }

// A scene without a fault, with something of everything.
void furnish(const ProvisionScene& scene) {
    scene.metadata("app: {port: 80, later: null}\n");
    scene.folder().write("more.yml", "more: 1\n");
    scene.config(fmt::format("metadata:\n  - file: more.yml\n"
                             "templates:\n  - {{source: t, target: {}/etc/t, check: 'false'}}\n",
                             scene.folder().path()));
    scene.resource("t.tmpl", "{{app.port}} {{more}}\n");
    scene.root("etc/r.tmpl", "{{app.port}}\n");
    scene.operation("10-run", "touch \"$scene/ran\"");
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("check of what is well names no fault, does nothing and is 0") {
    const ProvisionScene scene;
    furnish(scene);
    const Strings before = listing_of(scene.folder().path());
    quiet_success(scene.outcome("check"));
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("check without any file at the default places is 0") {
    quiet_success(run({.words = command({"check"})}));
}

TEST_CASE("check tells all errors of all kinds in one go, each with its place") {
    const ProvisionScene scene;
    furnish(scene);
    scene.metadata("app:\n  port: 80\n  port: 81\n");
    scene.folder().write("more.yml", "more: [1\n");
    scene.resource("t.tmpl", "x\n{{#a}}\n");
    scene.resource("unused.tmpl", "{{app.port:uper}}\n");
    scene.root("etc/r.tmpl", "{{app.port\n");
    scene.folder().write("operations/20-plain", "echo x\n", 0644);
    scene.folder().write("operations/30-shell", "#!/no/such/shell\n", 0755);
    scene.config(fmt::format("metadata:\n  - file: more.yml\n"
                             "templates:\n  - {{source: t, target: {}/etc/t}}\n"
                             "  - {{source: gone, target: /nowhere/gone}}\n",
                             scene.folder().path()));
    const Strings before = listing_of(scene.folder().path());
    check_refused(scene.outcome("check"), "exit 65",
                  {in(scene, "metadata.yml:3:3"), in(scene, "more.yml:"), "t.tmpl:2:1",
                   "r.tmpl:1:1", "unused.tmpl:1:", "upper", "gone", "20-plain", "chmod +x",
                   "30-shell", "/no/such/shell"});
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("errors of kaigara.yml do not keep check from the rest, and are the first") {
    const ProvisionScene scene;
    furnish(scene);
    scene.metadata("app:\n  port: 80\n  port: 81\n");
    scene.resource("t.tmpl", "{{#a}}\n");
    scene.folder().write("operations/20-plain", "echo x\n", 0644);
    scene.config("aplication: {}\nlog: {level: loud}\n");
    check_refused(scene.outcome("check"), "exit 78",
                  {in(scene, "kaigara.yml:1:1"), "'application'", in(scene, "kaigara.yml:2:"),
                   in(scene, "metadata.yml:3:3"), "t.tmpl:1:1", "20-plain"});
}

TEST_CASE("the exit of check is that of the first error") {
    const ProvisionScene scene;
    furnish(scene);
    scene.folder().write("operations/20-plain", "echo x\n", 0644);
    CHECK(scene.outcome("check").ending == "exit 78");
    scene.resource("t.tmpl", "{{#a}}\n");
    CHECK(scene.outcome("check").ending == "exit 65");
}

TEST_CASE("check finds names that no source can have, and the nearest one that is there") {
    const ProvisionScene scene;
    furnish(scene);
    scene.resource("t.tmpl", "x {{app.prot}}\n");
    check_refused(scene.outcome("check"), "exit 65", {"t.tmpl:1:3", "'app.prot'", "'app.port'"});
}

TEST_CASE("a name that metadata.yml declares by null is fine for check") {
    const ProvisionScene scene;
    furnish(scene);
    scene.resource("t.tmpl", "{{app.later}}\n");
    quiet_success(scene.outcome("check"));
    check_refused(scene.outcome("provision"), "exit 65", {"app.later"});
}

TEST_CASE("check starts no command, neither a source nor a check nor an operation") {
    const ProvisionScene scene;
    furnish(scene);
    const std::string mark = in(scene, "marked");
    scene.config(fmt::format("metadata:\n  - command: \"touch '{0}'; echo 'a: 1'\"\n"
                             "templates:\n  - {{source: t, target: '{1}/etc/t', "
                             "check: \"touch '{0}'\"}}\n",
                             mark, scene.folder().path()));
    scene.resource("t.tmpl", "{{app.port}}\n");
    scene.operation("10-run", "touch \"$scene/marked\"");
    const Outcome outcome = scene.outcome("check");
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(!scene.folder().exists("marked"));
}

TEST_CASE("a name that only a command can give is no error of check") {
    const ProvisionScene scene;
    furnish(scene);
    scene.config("metadata:\n  - {command: \"echo 'token: x'\", at: vault}\n");
    scene.resource("t.tmpl", "{{vault.token}}\n");
    scene.root("etc/r.tmpl", "{{app.port}} {{vault.token}}\n");
    const Outcome outcome = scene.outcome("check");
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
}

TEST_CASE("an optional source that is absent is no error of check, another one is") {
    const ProvisionScene scene;
    furnish(scene);
    scene.resource("t.tmpl", "{{app.port}}\n");
    scene.config("metadata: [{file: gone.yml, optional: true}]\n");
    CHECK(scene.outcome("check").ending == "exit 0");
    scene.config("metadata: [{file: gone.yml}]\n");
    check_refused(scene.outcome("check"), "exit 78", {in(scene, "gone.yml")});
}

TEST_CASE("check finds an exported path and an include that do not exist") {
    const ProvisionScene scene;
    furnish(scene);
    scene.config("application: {export: {URL: app.ulr}}\n");
    scene.resource("t.tmpl", "{{>nowhere.tmpl}}\n");
    const Outcome outcome = scene.outcome("check");
    check_refused(outcome, "exit 65", {"nowhere.tmpl", "t.tmpl:1:1", "app.ulr"});
}

TEST_CASE("check reads --set and the environment as provision does") {
    const ProvisionScene scene;
    furnish(scene);
    scene.resource("t.tmpl", "{{given}}\n");
    scene.config("{}\n");
    CHECK(scene.outcome("check").ending == "exit 65");
    CHECK(scene.outcome("check", {"--set", "given=1"}).ending == "exit 0");
    CHECK(scene.outcome("check", {}, {"KAIGARA_META_given=1"}).ending == "exit 0");
}

TEST_CASE("a path that was named for check and is absent is 78") {
    for (const std::string& option :
         Strings{"--config", "--metadata", "--resources", "--operations"}) {
        CAPTURE(option);
        check_refused(run({.words = command({"check", option, "/no/such/path"})}), "exit 78",
                      {"/no/such/path"});
    }
}

}  // TEST_SUITE("contract")
