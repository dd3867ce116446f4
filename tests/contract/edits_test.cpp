// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5, on-edit: a once operation that succeeded and was then edited; comments, blanks and
// line ends aside, as the language of the script has them.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// An operation in a language whose interpreter is a script of the test, found by its path or by
// env: whatever the body says, it adds a line to `runs`.
class Foreign {
public:
    explicit Foreign(std::string_view interpreter) : interpreter_(interpreter) {
        scene_.folder().write(fmt::format("bin/{}", interpreter),
                              fmt::format("#!/bin/sh\necho ran >>'{}'\n", scene_.folder() / "runs"),
                              0755);
        scene_.config("operations: {10-op: {run: once}}\n");
    }

    void write(std::string_view body) const {
        scene_.folder().write("operations/10-op", fmt::format("{}\n{}", head(), body), 0755);
    }

    bool warns_of_edit(std::string_view body) const {
        write(body);
        const Outcome outcome = provision();
        CHECK(scene_.runs() == Strings{});
        return has(outcome.errors, "kaigara: warn: ") && has(outcome.errors, "10-op");
    }

    Outcome provision() const {
        Outcome outcome = scene_.provision({}, {"PATH=" + scene_.folder() / "bin" + ":/bin"});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        return outcome;
    }

    const LedgerScene& scene() const { return scene_; }
    bool by_env = false;

private:
    std::string head() const {
        return by_env ? "#!/usr/bin/env " + interpreter_
                      : "#!" + (scene_.folder() / "bin/" + interpreter_);
    }

    LedgerScene scene_;
    std::string interpreter_;
};

// In this language a line with that leader is a comment, and one with the other is content.
void check_leader(const std::string& interpreter, std::string_view leader, std::string_view other) {
    CAPTURE(interpreter);
    Foreign foreign(interpreter);
    for (const bool by_env : {false, true}) {
        CAPTURE(by_env);
        foreign.by_env = by_env;
        std::filesystem::remove_all(foreign.scene().folder() / "state");
        foreign.write("one\ntwo\n");
        foreign.provision();
        CHECK(foreign.scene().runs() == Strings{"ran"});
        CHECK(!foreign.warns_of_edit(fmt::format("{} new\none\n  {} x\ntwo\n", leader, leader)));
        CHECK(foreign.warns_of_edit(fmt::format("one\n{} new\ntwo\n", other)));
        CHECK(!foreign.warns_of_edit("one\ntwo\n"));
    }
}

// A shell script, always of the same name.
void write_shell(const LedgerScene& scene, std::string_view options, std::string_view body) {
    scene.annotated("10-op", options, body);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an edited once operation is a warning at each start and does not run") {
    for (const std::string& options : Strings{"run=once", "run=once on-edit=warn"}) {
        const LedgerScene scene;
        write_shell(scene, options, "true 1");
        CHECK(count(scene.provisions({"10-op"}).errors, "kaigara: warn: ") == 0);
        write_shell(scene, options, "true 2");
        for (int time = 0; time < 2; ++time) {
            check_message(scene.provisions({}), "warn", {"10-op"});
        }
        CHECK(run({.words = scene.ledger_words("plan")}).ending == "exit 0");
        // As it was before is no edit.
        write_shell(scene, options, "true 1");
        CHECK(count(scene.provisions({}).errors, "kaigara: warn: ") == 0);
    }
}

TEST_CASE("on-edit=fail refuses the start before anything is run or written, and says what to do") {
    const LedgerScene scene;
    scene.annotated("05-always", "run=always");
    write_shell(scene, "run=once on-edit=fail", "true 1");
    scene.root("etc/f.tmpl", "x\n");
    scene.provisions({"05-always", "10-op"});
    write_shell(scene, "run=once on-edit=fail", "true 2");
    std::filesystem::remove(scene.folder() / "etc/f");
    const std::string before = scene.text();
    const Strings texts{"10-op", "kaigara ledger accept 10-op", "kaigara ledger forget 10-op"};
    scene.refuses("exit 78", texts);
    CHECK(scene.text() == before);
    CHECK(!scene.folder().exists("etc/f"));
    const Outcome plan = run({.words = scene.ledger_words("plan")});
    CHECK(plan.ending == "exit 3");
    CHECK_MESSAGE(has(plan.output + plan.errors, "10-op"), plan.errors);
}

TEST_CASE("accept takes the edit, forget has it run again") {
    const LedgerScene scene;
    write_shell(scene, "run=once on-edit=fail", "true 1");
    scene.provisions({"10-op"});
    write_shell(scene, "run=once on-edit=fail", "true 2");
    CHECK(scene.ledger_command({"accept", "10-op"}).ending == "exit 0");
    scene.provisions({});
    write_shell(scene, "run=once on-edit=fail", "true 3");
    scene.refuses("exit 78", {"10-op"});
    CHECK(scene.ledger_command({"forget", "10-op"}).ending == "exit 0");
    scene.provisions({"10-op"});
    scene.provisions({});
    CHECK(scene.events() == Strings{"started 10-op", "done 10-op", "accepted 10-op",
                                    "forgotten 10-op", "started 10-op", "done 10-op"});
}

TEST_CASE("accept ends the warning too") {
    const LedgerScene scene;
    write_shell(scene, "run=once", "true 1");
    scene.provisions({"10-op"});
    write_shell(scene, "run=once", "true 2");
    CHECK(scene.ledger_command({"accept", "10-op"}).ending == "exit 0");
    CHECK(count(scene.provisions({}).errors, "kaigara: warn: ") == 0);
}

TEST_CASE("on-edit=rerun runs it again once for each edit, and again while it fails") {
    const LedgerScene scene;
    const std::string options = "run=once on-edit=rerun";
    write_shell(scene, options, "true 1");
    scene.provisions({"10-op"});
    scene.provisions({});
    write_shell(scene, options, "true 2");
    CHECK(run({.words = scene.ledger_words("plan")}).ending == "exit 2");
    scene.provisions({"10-op"});
    scene.provisions({});
    write_shell(scene, options, "# a comment\n\ntrue 2");
    scene.provisions({});
    write_shell(scene, options, "test -e \"$scene/good\"");
    for (int time = 0; time < 2; ++time) {
        CHECK(scene.provision().ending == "exit 80");
        CHECK(scene.runs() == Strings{"10-op"});
    }
    scene.folder().write("good", "");
    scene.provisions({"10-op"});
    scene.provisions({});
}

TEST_CASE("an operation that never succeeded may be edited as one likes") {
    const LedgerScene scene;
    write_shell(scene, "run=once on-edit=fail", "exit 3");
    CHECK(scene.provision().ending == "exit 80");
    write_shell(scene, "run=once on-edit=fail", "exit 0");
    CHECK(count(scene.provisions({"10-op"}).errors, "kaigara: warn: ") == 0);
}

TEST_CASE("comments, blanks at line ends, blank lines, line ends and the mark are no edit") {
    const Foreign foreign("reader");
    foreign.write("# kaigara: timeout=1m\none\n  two\nthree\n");
    foreign.provision();
    CHECK(foreign.scene().runs() == Strings{"ran"});
    for (const char* const body :
         {"# kaigara: timeout=9m retries=1\none\n  two\nthree\n", "one\n  two\nthree",
          "one  \t\n\n\n  two \nthree\n\n", "one\n   \n\t\n  two\nthree\n",
          "one\r\n  two\r\nthree\r\n", "# by\none\n#\n  # x\n  two\nthree\n# end",
          "-- kaigara: timeout=2m\none\n  two\nthree\n",
          "// kaigara: user=0\none\n  two\nthree\n"}) {
        CAPTURE(body);
        CHECK(!foreign.warns_of_edit(body));
    }
    for (const char* const body : {"one\ntwo\nthree\n", "one\n  two\n", "one\n  two\nthree\nfour\n",
                                   "one  two\nthree\n", "two\none\nthree\n", "one\n  two\nThree\n",
                                   "one\n  two\nthree\n-- x\n", "one\n  two\nthree\n// x\n", ""}) {
        CAPTURE(body);
        CHECK(foreign.warns_of_edit(body));
    }
}

TEST_CASE("the first line is content, not a comment") {
    const LedgerScene scene;
    const auto write = [&](std::string_view head) {
        scene.folder().write("operations/10-op",
                             fmt::format("{}\n# kaigara: run=once\ntrue\n", head), 0755);
    };
    write("#!/bin/sh");
    scene.provisions({});
    write("#!/bin/sh -e");
    check_message(scene.provisions({}), "warn", {"10-op"});
}

TEST_CASE("which lines are comments follows from the interpreter") {
    for (const char* const name : {"psql", "sqlite3", "lua", "mysql", "mariadb"}) {
        check_leader(name, "--", "#");
        check_leader(name, "--", "//");
    }
}

TEST_CASE("of the languages with slashes php alone has the hash as well") {
    for (const char* const name : {"node", "deno", "bun"}) check_leader(name, "//", "#");
    check_leader("php", "//", "--");
    check_leader("php", "#", "--");
}

TEST_CASE("lisps have the semicolon, all others the hash") {
    for (const char* const name : {"guile", "emacs"}) check_leader(name, ";", "#");
    for (const char* const name : {"python3", "perl", "bash", "unheard-of"}) {
        check_leader(name, "#", ";");
        check_leader(name, "#", "--");
    }
}

TEST_CASE("of a program every byte counts") {
    const LedgerScene scene;
    const std::string path = scene.folder() / "operations/10-op";
    CHECK(run({.words = {"/bin/cp", "/bin/true", path}}).ending == "exit 0");
    const std::string program = scene.folder().read("operations/10-op");
    scene.config("operations: {10-op: {run: once}}\n");
    scene.provisions({});
    CHECK(scene.events() == Strings{"started 10-op", "done 10-op"});
    // What lies behind the last section is not loaded: it still is the same program to the kernel.
    for (const char* const tail : {"\n# a comment\n", " ", "\n\n", "\r\n"}) {
        CAPTURE(tail);
        scene.folder().write("operations/10-op", program + tail, 0755);
        check_message(scene.provisions({}), "warn", {"10-op"});
    }
    scene.folder().write("operations/10-op", program, 0755);
    CHECK(count(scene.provisions({}).errors, "kaigara: warn: ") == 0);
}

TEST_CASE("bytes that are no text, and lines of any length, are compared as well") {
    const LedgerScene scene;
    const auto write = [&](const std::string& tail) {
        scene.folder().write("operations/10-op", "#!/bin/sh\n# kaigara: run=once\nexit 0\n" + tail,
                             0755);
    };
    const std::string words(200'000, 'x');
    write("\xff\xfe\x80\n" + words + "\n");
    scene.provisions({});
    write("# new\n\xff\xfe\x80  \n" + words + "  \n");
    CHECK(count(scene.provisions({}).errors, "kaigara: warn: ") == 0);
    write("\xff\xfe\x81\n" + words + "\n");
    check_message(scene.provisions({}), "warn", {"10-op"});
    write("\xff\xfe\x80\n" + words + "y\n");
    check_message(scene.provisions({}), "warn", {"10-op"});
}

}  // TEST_SUITE("contract")
