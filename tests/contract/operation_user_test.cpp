// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5, user: an operation of another user, whose home, names and groups follow. Users are
// read from /etc/passwd and /etc/group, which here are files of the test.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr const char* passwd = "root:x:0:0:root:/root:/bin/sh\n"
                               "web:x:1200:1300:Web server:/srv/web:/bin/sh\n";
constexpr const char* group = "root:x:0:\nweb:x:1300:\ndisk:x:1400:someone,web\n"
                              "audio:x:1401:web\nother:x:1402:someone\n";
constexpr const char* looks = "exec \"$actor\" ids variable HOME variable USER variable LOGNAME";

// A scene whose folder other users may enter, with the users above.
class UserScene : public LedgerScene {
public:
    UserScene() {
        ::chmod(folder().path().c_str(), 0755);
        folder().write("passwd", passwd);
        folder().write("group", group);
    }

    Outcome provision() const {
        return run(
            {.words = ledger_words("provision"),
             .environment = {"HOME=/before", "USER=before", "LOGNAME=before"},
             .binds = {{folder() / "passwd", "/etc/passwd"}, {folder() / "group", "/etc/group"}}});
    }

    // An operation of that user says these.
    std::string said(std::string_view user) const {
        operation("10-op", fmt::format("# kaigara: user={}\n{}", user, looks));
        const Outcome outcome = provision();
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        return fmt::format("{}\n", fmt::join(operation_lines(outcome), "\n"));
    }
};

void check_has(const std::string& text, std::string_view part) {
    CHECK_MESSAGE(has(text, part), text);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an operation's user by name brings group, supplementary groups, home and names") {
    if (mode() != Mode::root) return;  // others may not become anybody: see below
    const UserScene scene;
    const std::string text = scene.said("web");
    check_has(text, "uid 1200 1200 1200 gid 1300 1300 1300 groups");
    check_has(text, " 1400");
    check_has(text, " 1401");
    CHECK(!has(text, " 1402"));
    check_has(text, "[10-op] HOME=/srv/web\n[10-op] USER=web\n[10-op] LOGNAME=web\n");
}

TEST_CASE("an operation's user with a group has that group alone") {
    if (mode() != Mode::root) return;
    const UserScene scene;
    for (const char* const user : {"web:other", "1200:other", "web:1402", "1200:1402"}) {
        CAPTURE(user);
        const std::string text = scene.said(user);
        check_has(text, "uid 1200 1200 1200 gid 1402 1402 1402 groups");
        CHECK(!has(text, " 1401"));
        check_has(text, "HOME=/srv/web\n");
    }
}

TEST_CASE("ids of an operation's user need no entry anywhere") {
    if (mode() != Mode::root) return;
    const UserScene scene;
    check_has(scene.said("4711:4712"), "uid 4711 4711 4711 gid 4712 4712 4712 groups");
    check_has(scene.said("4711"), "uid 4711 4711 4711 gid");
}

TEST_CASE("the operation before and the application are not of that user") {
    if (mode() != Mode::root) return;
    const UserScene scene;
    scene.operation("05-before", "exec \"$actor\" ids variable HOME");
    scene.operation("10-op", "# kaigara: user=web\nexec \"$actor\" ids");
    const Outcome outcome =
        run({.words = scene.ledger_words("start", {"--", actor_path(), "ids", "variable", "HOME"}),
             .environment = {"HOME=/before"},
             .binds = {{scene.folder() / "passwd", "/etc/passwd"}}});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    const std::string all = outcome.output + outcome.errors;
    check_has(all, "[05-before] uid 0 0 0");
    check_has(all, "[05-before] HOME=/before\n");
    check_has(all, "[10-op] uid 1200 1200 1200");
    check_has('\n' + all, "\nuid 0 0 0");
    check_has('\n' + all, "\nHOME=/before\n");
}

TEST_CASE("the snapshot can be used as that user, and a stop and a timeout reach him") {
    if (mode() != Mode::root) return;
    const UserScene scene;
    scene.metadata("app: {port: 8080}\n");
    scene.operation("10-op", "# kaigara: user=web\n\"$kaigara\" get app.port\n"
                             "cat \"$KAIGARA_SNAPSHOT\" >/dev/null && echo read");
    const Outcome outcome = scene.provision();
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(operation_lines(outcome) == Strings{"[10-op] 8080", "[10-op] read"});
    scene.operation("10-op", "# kaigara: user=web timeout=300ms kill-after=100ms\n"
                             "exec \"$actor\" ignore 15 pause");
    CHECK(scene.provision().ending == "exit 81");
    scene.operation("10-op", "# kaigara: user=web\nexec \"$actor\" say up pause");
    Program program({.words = scene.ledger_words("provision"),
                     .binds = {{scene.folder() / "passwd", "/etc/passwd"}}});
    wait_for_either(program, "[10-op] up\n");
    program.send(15);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("an operation may make the user of the next one") {
    if (mode() != Mode::root) return;
    const UserScene scene;
    scene.operation("10-make", "echo 'late:x:1500:1501::/srv/late:/bin/sh' >>/etc/passwd");
    scene.operation("20-use", "# kaigara: user=late\nexec \"$actor\" ids variable HOME");
    const Outcome outcome = scene.provision();
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    const std::string all = outcome.output + outcome.errors;
    check_has(all, "[20-use] uid 1500 1500 1500 gid 1501 1501 1501");
    check_has(all, "[20-use] HOME=/srv/late\n");
}

TEST_CASE("a user or group that does not exist is 78 when its operation would begin, unrecorded") {
    for (const std::string& user : Strings{"nobody-here", "web:no-such-group"}) {
        CAPTURE(user);
        const UserScene scene;
        scene.annotated("10-before", "run=once");
        scene.annotated("20-op", "run=once user=" + user);
        scene.annotated("30-never", "run=always");
        const Outcome outcome = scene.provision();
        CHECK_MESSAGE(outcome.ending == "exit 78", outcome.errors);
        check_message(outcome, "error",
                      {"20-op", user == "nobody-here" ? "nobody-here" : "no-such-group"});
        CHECK(scene.runs() == Strings{"10-before"});
        CHECK(scene.events() == Strings{"started 10-before", "done 10-before"});
        scene.annotated("20-op", "run=once interrupted=fail");
        scene.provisions({"20-op", "30-never"});
    }
}

TEST_CASE("check looks for the user at once") {
    const UserScene scene;
    scene.annotated("10-op", "user=nobody-here");
    check_refused(scene.outcome("check"), "exit 78", {"10-op", "nobody-here"});
}

TEST_CASE("root may name himself, also where he is root of a user namespace alone") {
    if (mode() == Mode::user) return;
    const UserScene scene;
    for (const std::string& user : Strings{"0", "0:0", "root"}) {
        CAPTURE(user);
        scene.annotated("10-op", "user=" + user);
        const Outcome outcome = scene.provision();
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(scene.runs() == Strings{"10-op"});
    }
}

TEST_CASE("a user that may not be become is a failure that says so, and the script never begins") {
    if (mode() == Mode::root) return;
    const UserScene scene;
    scene.annotated("10-op", "run=once user=web");
    const Outcome outcome = scene.provision();
    CHECK(outcome.ending.starts_with("exit "));
    CHECK(outcome.ending != "exit 0");
    CHECK(scene.runs() == Strings{});
    CHECK_MESSAGE(has(outcome.errors, "10-op"), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "Operation not permitted"), outcome.errors);
    // Whatever was recorded of it, it has not succeeded.
    scene.annotated("10-op", "run=once");
    scene.provisions({"10-op"});
}

}  // TEST_SUITE("contract")
