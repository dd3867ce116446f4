// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: --user, --cwd and --umask of the application. Users are read from /etc/passwd and
// /etc/group, which here are files of the test.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/scenes.h"
#include "support/scratch.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr const char* passwd = "root:x:0:0:root:/root:/bin/sh\n"
                               "web:x:1200:1300:Web server:/srv/web:/bin/sh\n"
                               "lonely:x:1201:1301::/nowhere:/bin/false\n";
constexpr const char* group = "root:x:0:\n"
                              "web:x:1300:\n"
                              "lonely:x:1301:\n"
                              "disk:x:1400:lonely,web\n"
                              "audio:x:1401:web\n"
                              "other:x:1402:lonely\n";

// Runs `play` as PID 1's application under a user, with the users above.
Outcome run_as(const std::string& user, std::vector<std::string> play) {
    const ScratchDir scratch;
    scratch.write("passwd", passwd);
    scratch.write("group", group);
    return run({.words = exec_actor(std::move(play), {"--user", user}),
                .environment = {"HOME=/before", "USER=before", "LOGNAME=before"},
                .binds = {{scratch / "passwd", "/etc/passwd"}, {scratch / "group", "/etc/group"}}});
}

const std::vector<std::string> who_am_i = {"ids",  "variable", "HOME",   "variable",
                                           "USER", "variable", "LOGNAME"};

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a user by name gets its group, its supplementary groups and its home") {
    if (mode() != Mode::root) return;  // others may not become anybody: see below
    const Outcome outcome = run_as("web", who_am_i);
    CHECK(outcome.ending == "exit 0");
    const bool has_groups = has(outcome.output, "uid 1200 1200 1200 gid 1300 1300 1300 groups") &&
                            has(outcome.output, " 1400") && has(outcome.output, " 1401") &&
                            !has(outcome.output, " 1402");
    CHECK_MESSAGE(has_groups, outcome.output);
    CHECK(has(outcome.output, "HOME=/srv/web\nUSER=web\nLOGNAME=web\n"));
}

TEST_CASE("a user with a group gets that group and no supplementary one") {
    if (mode() != Mode::root) return;
    for (const std::string& user : Strings{"web:other", "1200:other", "web:1402", "1200:1402"}) {
        const Outcome outcome = run_as(user, who_am_i);
        CHECK(outcome.ending == "exit 0");
        CHECK_MESSAGE(has(outcome.output, "uid 1200 1200 1200 gid 1402 1402 1402 groups"),
                      outcome.output);
        CHECK_MESSAGE(!has(outcome.output, " 1401"), outcome.output);
        CHECK_MESSAGE(has(outcome.output, "HOME=/srv/web\n"), outcome.output);
    }
}

TEST_CASE("ids need no entry in /etc/passwd, nor the file") {
    if (mode() != Mode::root) return;
    const Outcome outcome = run_as("4711:4712", {"ids"});
    CHECK(outcome.ending == "exit 0");
    CHECK_MESSAGE(has(outcome.output, "uid 4711 4711 4711 gid 4712 4712 4712 groups"),
                  outcome.output);
    const ScratchDir empty;
    const Outcome bare =
        run({.words = exec_actor({"ids"}, {"--user", "4711"}), .binds = {{empty.path(), "/etc"}}});
    CHECK(bare.ending == "exit 0");
    CHECK_MESSAGE(has(bare.output, "uid 4711 4711 4711 gid"), bare.output);
}

TEST_CASE("a user that does not exist is named, and nothing is started") {
    for (const std::string& user : Strings{"nobody-here", "web:no-such-group"}) {
        const Outcome outcome = run_as(user, {"say", "started"});
        CHECK(outcome.ending == "exit 78");
        CHECK(outcome.output == "");
        const std::string name =
            user == std::string("nobody-here") ? "nobody-here" : "no-such-group";
        CHECK_MESSAGE(has(outcome.errors, name), outcome.errors);
    }
}

TEST_CASE("a user that may not be become is an error that says so, and nothing is started") {
    if (mode() == Mode::root) return;
    const Outcome outcome = run_as("web", {"say", "started"});
    CHECK(outcome.ending != "exit 0");
    CHECK(outcome.ending.starts_with("exit "));
    CHECK(outcome.output == "");
    CHECK_MESSAGE(has(outcome.errors, "user 1200"), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "Operation not permitted"), outcome.errors);
}

TEST_CASE("kaigara itself stays who it was, so that it can still end what is left") {
    if (mode() != Mode::root) return;
    Program program({.words = exec_actor({"ignore", "15", "say", "up", "pause"},
                                         {"--user", "4711", "--stop-timeout", "100ms"})});
    program.wait_for("up\n");
    program.send(15);
    CHECK(program.wait() == "exit 137");
}

TEST_CASE("the application's directory and umask are what was asked for") {
    const ScratchDir scratch;
    scratch.make_dir("below");
    const Outcome outcome = run(
        {.words = exec_actor({"cwd", "umask"}, {"--cwd", scratch / "below", "--umask", "027"})});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.output == "cwd " + (scratch / "below") + "\numask 027\n");
    CHECK(run({.words = exec_actor({"cwd"}, {"--cwd", "below"}), .directory = scratch.path()})
              .output == "cwd " + (scratch / "below") + "\n");
    CHECK(run({.words = exec_actor({"umask"}), .umask = 0137}).output == "umask 137\n");
}

TEST_CASE("a program below the directory that was asked for is found there") {
    const ScratchDir scratch;
    scratch.write("below/tool", "#!/bin/sh\nexit 6\n", 0755);
    CHECK(run({.words = command({"exec", "--cwd", scratch / "below", "./tool"})}).ending ==
          "exit 6");
}

TEST_CASE("a directory that cannot be entered is named, and nothing is started") {
    const Outcome outcome =
        run({.words = exec_actor({"say", "started"}, {"--cwd", "/no/such/directory"})});
    CHECK(outcome.ending != "exit 0");
    CHECK(outcome.output == "");
    CHECK_MESSAGE(has(outcome.errors, "/no/such/directory"), outcome.errors);
}

}  // TEST_SUITE("contract")
