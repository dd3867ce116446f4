// SPDX-License-Identifier: Apache-2.0

// CONTRACT 8: values of secret paths never appear in any message, plan, diff or log, whoever says
// something about them. What `metadata`, `plan` and a template's errors show is tested with them.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// The value of `password`, which is secret.
Strings secret_environment(const ProvisionScene& scene) {
    return {"KAIGARA_META_password_FILE=" + scene.folder().write("secret", "hunter2\n")};
}

void check_hidden(const Outcome& outcome) {
    CHECK_MESSAGE(!has(outcome.errors, "hunter2"), outcome.errors);
    CHECK_MESSAGE(!has(outcome.output, "hunter2"), outcome.output);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a check that prints the file it refuses does not bring a secret into the log") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "requirepass {{password}}\n");
    scene.config(fmt::format("templates:\n  - source: t\n    target: {}/out\n"
                             "    check: cat {{{{target}}}} >&2; echo line 1 is bad >&2; false\n",
                             scene.folder().path()));
    for (const std::string& format : Strings{"text", "json"}) {
        CAPTURE(format);
        const Outcome outcome =
            scene.outcome("provision", {"--log-format", format}, secret_environment(scene));
        CHECK(outcome.ending == "exit 65");
        CHECK_MESSAGE(has(outcome.errors, "line 1 is bad"), outcome.errors);
        check_hidden(outcome);
    }
}

TEST_CASE("the temporary file of a secret is closed to others too") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "{{password}}\n");
    scene.config(fmt::format("templates:\n  - source: t\n    target: {0}/out\n"
                             "    check: stat -c %a {{{{target}}}} >{0}/mode\n",
                             scene.folder().path()));
    const Outcome outcome = scene.outcome("provision", {}, secret_environment(scene));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(scene.folder().read("mode") == "600\n");
}

TEST_CASE("what is wrong in a secret source is told without its text") {
    const ProvisionScene scene;
    scene.config("metadata: [{file: s.yml, secret: true}]\n");
    for (const std::string& text :
         Strings{"a: hunter2: x\n", "hunter2\n", "a: !!int hunter2\n", "a: \"hunter2\n",
                 "a: [hunter2\n", "a: 1\na: hunter2\n", "a: first\nhunter2\n"}) {
        CAPTURE(text);
        scene.folder().write("s.yml", text);
        const Outcome outcome = scene.outcome("get", {"a"});
        check_refused(outcome, "exit 65", {"s.yml:"});
        check_hidden(outcome);
    }
}

TEST_CASE("layers that do not fit a secret are told without it") {
    const ProvisionScene scene;
    for (const std::string& assignment : Strings{"password.x=1", "password.0=1"}) {
        CAPTURE(assignment);
        const Outcome outcome =
            scene.outcome("get", {"a", "--set", assignment}, secret_environment(scene));
        check_refused(outcome, "exit 65", {"password", "KAIGARA_META_password_FILE"});
        check_hidden(outcome);
    }
}

TEST_CASE("a secret is in no message of any level, from the sources to the application") {
    const ProvisionScene scene;
    scene.root("out.tmpl", "{{password}}\n");
    scene.operation("10-use", "\"$kaigara\" metadata --origin; \"$kaigara\" plan");
    for (const std::string& format : Strings{"text", "json"}) {
        const Outcome outcome =
            run({.words = scene.start({"--log-level", "debug", "--log-format", format}),
                 .environment = secret_environment(scene)});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        check_hidden(outcome);
    }
    check_hidden(scene.outcome("check", {"--log-level", "debug"}, secret_environment(scene)));
    check_hidden(scene.outcome("plan", {"--log-level", "debug"}, secret_environment(scene)));
}

TEST_CASE("operations know from the snapshot what is secret") {
    const ProvisionScene scene;
    scene.operation("10-use", "\"$kaigara\" metadata\n"
                              "[ \"$(\"$kaigara\" get password)\" = hunter2 ] && echo same");
    const Outcome outcome = run({.words = scene.start(), .environment = secret_environment(scene)});
    CHECK(outcome.ending == "exit 0");
    CHECK_MESSAGE(has(outcome.output + outcome.errors, "[10-use] same\n"), outcome.errors);
    CHECK(has(outcome.output + outcome.errors, "[10-use] password: "));
    check_hidden(outcome);
}

}  // TEST_SUITE("contract")
