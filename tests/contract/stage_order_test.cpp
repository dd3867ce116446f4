// SPDX-License-Identifier: Apache-2.0

// What comes before what: a stop between two stages is seen, and nothing is started over and over.

#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

void shell_source(const ProvisionScene& scene, const std::string& script,
                  std::string_view more = "") {
    scene.folder().write("source.sh", script + "\n");
    scene.config(fmt::format("metadata:\n  - command: [/bin/sh, '{}']\n{}",
                             scene.folder() / "source.sh", more));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a stop that comes with the last answer writes no file any more") {
    const ProvisionScene scene;
    shell_source(scene, "kill -TERM $PPID; echo 'a: b'");
    scene.root("out", "x\n");
    scene.operation("10-run", "touch \"$scene/ran\"");
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending == "exit 143", outcome.errors);
    CHECK_FALSE(scene.folder().exists("out"));
    CHECK_FALSE(scene.folder().exists("ran"));
}

TEST_CASE("a stop that comes with the end of the last check writes no file any more") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "x\n");
    scene.config(fmt::format("templates:\n  - source: t\n    target: {}/out\n"
                             "    check: kill -TERM $PPID\n",
                             scene.folder().path()));
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending == "exit 143", outcome.errors);
    CHECK_FALSE(scene.folder().exists("out"));
}

TEST_CASE("a command that asks kaigara for metadata is refused, not started again and again") {
    const ProvisionScene scene;
    shell_source(scene, fmt::format("echo once >>'{}'; exec '{}' get a --config '{}'",
                                    scene.folder() / "starts", kaigara_path(),
                                    scene.folder() / "kaigara.yml"));
    const Outcome outcome = scene.outcome("get", {"a"});
    CHECK_MESSAGE(outcome.ending == "exit 69", outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "has called kaigara"), outcome.errors);
    CHECK(scene.folder().read("starts") == "once\n");
}

TEST_CASE("sources need some time") {
    const ProvisionScene scene;
    check_refused(scene.outcome("get", {"a", "--resolve-timeout", "0"}), "exit 64",
                  {"resolve-timeout", "30s"});
}

TEST_CASE("a check may say much, and quotes its file in either way") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "x\n");
    scene.config(fmt::format("templates:\n  - source: t\n    target: {}/out\n"
                             "    check: yes | head -c 3000000; test -s {{{{ target }}}}\n",
                             scene.folder().path()));
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(scene.folder().read("out") == "x\n");
}

TEST_CASE("what is exported wins over what --user sets") {
    if (mode() != Mode::root) return;  // others may not become anybody
    const ProvisionScene scene;
    scene.metadata("home: /somewhere\n");
    scene.config("application: {export: {HOME: home}}\n");
    const Outcome outcome =
        run({.words = scene.start({"--user", fmt::format("{}:{}", ::getuid(), ::getgid())},
                                  {"environment"})});
    const std::string& text = outcome.output;
    CHECK_MESSAGE(has(text, "HOME=/somewhere"), outcome.errors);
    CHECK(text.find("HOME=") == text.rfind("HOME="));
}

}  // TEST_SUITE("contract")
