// SPDX-License-Identifier: Apache-2.0

// CONTRACT 3, to the application: what `application.export` puts in its environment, and
// `metadata --format env`, which prints the same names.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr const char* sample = "app:\n"
                               "  db: {url: \"pg://x\", port: 5432}\n"
                               "  version: 1.10\n"
                               "  list: [a, b]\n"
                               "  odd-key.x: odd\n"
                               "  text: \"it's\\ntwo\"\n"
                               "  none: null\n"
                               "  empty: ''\n"
                               "  off: false\n";

std::string export_of(const std::string& what) { return "application: {export: " + what + "}\n"; }

// The application's own environment, as the kernel gave it.
Outcome environment_under(const ProvisionScene& scene, Strings environment = {}) {
    return run({.words = scene.start({"--log-level", "warn"}, {"environment"}),
                .environment = std::move(environment)});
}

bool has_line(const Outcome& outcome, std::string_view line) {
    return has('\n' + outcome.output, fmt::format("\n{}\n", line));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("nothing of the metadata is exported unless it is asked for") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.config("application: {}\n");
    const Outcome outcome = environment_under(scene, {"OWN=1"});
    CHECK(quiet_success(outcome).find("5432") == std::string::npos);
    CHECK(has_line(outcome, "OWN=1"));
}

TEST_CASE("a map exports the values that it names, as they are written") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.config(export_of("{DB_URL: app.db.url, Version: app.version, LAST: app.list.1, "
                           "TEXT: app.text, EMPTY: app.empty, OFF: app.off}"));
    const Outcome outcome = environment_under(scene);
    quiet_success(outcome);
    for (const char* line :
         {"DB_URL=pg://x", "Version=1.10", "LAST=b", "TEXT=it's\ntwo", "EMPTY=", "OFF=false"}) {
        CAPTURE(std::string(line));
        CHECK_MESSAGE(has_line(outcome, line), outcome.output);
    }
    CHECK(!has(outcome.output, "5432"));
}

TEST_CASE("all exports every scalar, list items by index, other characters as underscores") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.config(export_of("all"));
    const Outcome outcome = environment_under(scene);
    quiet_success(outcome);
    for (const char* line : {"APP_DB_URL=pg://x", "APP_DB_PORT=5432", "APP_VERSION=1.10",
                             "APP_LIST_0=a", "APP_LIST_1=b", "APP_ODD_KEY_X=odd",
                             "APP_TEXT=it's\ntwo", "APP_EMPTY=", "APP_OFF=false"}) {
        CAPTURE(std::string(line));
        CHECK_MESSAGE(has_line(outcome, line), outcome.output);
    }
    CHECK(!has(outcome.output, "APP_LIST="));
    CHECK(!has(outcome.output, "APP_NONE"));
}

TEST_CASE("metadata --format env prints the names that all exports") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.config(export_of("all"));
    const std::string file = scene.folder().write(
        "names", quiet_success(scene.outcome("metadata", {"--format", "env"})));
    const Outcome shell = run({.words = {"/bin/sh", "-c", ". \"$0\"; set", file}});
    const Outcome exported = environment_under(scene);
    int compared = 0;
    for (const std::string& line : lines_of(exported.output)) {
        if (!line.starts_with("APP_")) continue;
        ++compared;
        const std::string name = line.substr(0, line.find('='));
        CAPTURE(name);
        CHECK_MESSAGE(has('\n' + shell.output, fmt::format("\n{}=", name)), shell.output);
    }
    CHECK(compared == 9);
}

TEST_CASE("a path to export that is missing, or no scalar, is 65 before anything runs") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.operation("10-never", "touch \"$scene/ran\"");
    scene.root("out", "x\n");
    scene.config(export_of("{DB_URL: app.db.ulr}"));
    check_refused(environment_under(scene), "exit 65", {"app.db.ulr", "DB_URL", "app.db.url"});
    scene.config(export_of("{DB: app.db}"));
    check_refused(environment_under(scene), "exit 65", {"app.db", "DB"});
    CHECK(!scene.folder().exists("ran"));
    CHECK(!scene.folder().exists("out"));
}

TEST_CASE("an exported value replaces an inherited variable, and stands once") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.config(export_of("{DB_URL: app.db.url}"));
    const Outcome outcome = environment_under(scene, {"DB_URL=inherited", "OTHER=kept"});
    CHECK(quiet_success(outcome) != "");
    CHECK(count(outcome.output, "DB_URL=") == 1);
    CHECK(has_line(outcome, "DB_URL=pg://x"));
    CHECK(has_line(outcome, "OTHER=kept"));
}

TEST_CASE("a secret value is exported as it is, and said nowhere") {
    const ProvisionScene scene;
    const std::string file = scene.folder().write("secret", "hunter2\n");
    scene.config(export_of("{PASSWORD: app.password}"));
    const Outcome outcome = run({.words = scene.start({"--log-level", "debug"}, {"environment"}),
                                 .environment = {"KAIGARA_META_app__password_FILE=" + file}});
    CHECK(outcome.ending == "exit 0");
    CHECK(has_line(outcome, "PASSWORD=hunter2"));
    CHECK_MESSAGE(!has(outcome.errors, "hunter2"), outcome.errors);
}

TEST_CASE("the application never sees KAIGARA_*, whatever is exported") {
    const ProvisionScene scene;
    scene.metadata("kaigara: {x: 1}\na: 1\n");
    scene.config(export_of("all"));
    const Outcome outcome =
        environment_under(scene, {"KAIGARA_META_b=2", "KAIGARA_LOG_LEVEL=warn"});
    CHECK_MESSAGE(!has(outcome.output, "KAIGARA_"), outcome.output);
    CHECK(has_line(outcome, "A=1"));
    CHECK(has_line(outcome, "B=2"));

    scene.config(export_of("{KAIGARA_X: a}"));
    const Outcome named = environment_under(scene);
    CHECK_MESSAGE(!has(named.output, "KAIGARA_"), named.output);
    check_message(named, "error", {"KAIGARA_X", "kaigara.yml:1:"});
}

TEST_CASE("a name that is no variable's is bad configuration") {
    const ProvisionScene scene;
    scene.metadata(sample);
    for (const std::string& name : Strings{"'A=B'", "''"}) {
        CAPTURE(name);
        scene.config(export_of("{" + name + ": app.version}"));
        check_refused(environment_under(scene), "exit 78", {"kaigara.yml:1:"});
    }
    scene.config(export_of("{A: app..b}"));
    check_refused(environment_under(scene), "exit 78", {"kaigara.yml:1:", "app..b"});
    scene.config(export_of("al"));
    check_refused(environment_under(scene), "exit 78", {"kaigara.yml:1:", "all"});
}

TEST_CASE("two values that would be one variable are an error that names both") {
    const ProvisionScene scene;
    scene.metadata("a: {b: 1}\na_b: 2\n");
    scene.config(export_of("all"));
    check_refused(environment_under(scene), "exit 65", {"a.b", "a_b", "A_B"});
    check_refused(scene.outcome("metadata", {"--format", "env"}), "exit 65", {"a.b", "a_b"});
}

TEST_CASE("the application inherits neither the snapshot nor its descriptor") {
    const ProvisionScene scene;
    scene.metadata(sample);
    scene.config(export_of("all"));
    scene.operation("10-look", "test -n \"$KAIGARA_SNAPSHOT\"");
    const Outcome outcome =
        run({.words = scene.start({"--log-level", "warn"},
                                  {"descriptors", "variable", "KAIGARA_SNAPSHOT"})});
    CHECK(has(quiet_success(outcome), "descriptors: 0 1 2\n"));
    CHECK_MESSAGE(!has(outcome.output, "/proc/self/fd"), outcome.output);
}

}  // TEST_SUITE("contract")
