// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: the options of an operation, in a comment of its own or in kaigara.yml: which are
// known, where they are looked for, and what is said of those that are wrong.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// A script that is only a `#!` line and these.
void write_script(const LedgerScene& scene, std::string_view lines,
                  std::string_view name = "10-op") {
    scene.folder().write(fmt::format("operations/{}", name), fmt::format("#!/bin/sh\n{}", lines),
                         0755);
}

// provision and check tell these, and nothing ran.
void check_refused_by_both(const LedgerScene& scene, const Strings& texts) {
    check_refused(scene.outcome("check"), "exit 78", texts);
    scene.refuses("exit 78", texts);
}

// plan does so too.
void check_told(const LedgerScene& scene, const Strings& texts) {
    check_refused_by_both(scene, texts);
    const Outcome plan = run({.words = scene.ledger_words("plan")});
    CHECK_MESSAGE(plan.ending == "exit 3", plan.errors);
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK_MESSAGE(has(plan.errors, text), plan.errors);
    }
}

// A line that sets `run=once` where it is read: the operation runs the first time alone.
void check_is_read(std::string_view lines, std::string_view what) {
    CAPTURE(what);
    const LedgerScene scene;
    write_script(scene, fmt::format("{}\necho ran >>'{}'\n", lines, scene.folder() / "runs"));
    scene.provisions({"ran"});
    scene.provisions({});
}

void check_is_not_read(std::string_view lines, std::string_view what) {
    CAPTURE(what);
    const LedgerScene scene;
    write_script(scene, fmt::format("{}\necho ran >>'{}'\n", lines, scene.folder() / "runs"));
    scene.provisions({"ran"});
    scene.provisions({"ran"});
    CHECK(!scene.folder().exists("state"));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("every value of every option of an operation is known") {
    for (const std::string& options :
         Strings{"run=always",
                 "run=once",
                 "run=on-change",
                 "run=on-change inputs=app.db,/etc/passwd",
                 "when=app",
                 "when=!app.db",
                 "when=app.db=text",
                 "when=!app.db=text",
                 "wait=tcp:127.0.0.1:80,unix:/run/x,file:/x wait-timeout=1m",
                 "wait=http://127.0.0.1/x",
                 "wait=http:http://127.0.0.1/x",
                 "timeout=90s",
                 "timeout=10m kill-after=1h30m",
                 "retries=3 retry-delay=100ms",
                 "retries=0",
                 "user=0",
                 "user=0:0",
                 "on-failure=stop",
                 "on-failure=continue",
                 "run=once interrupted=rerun",
                 "run=once interrupted=fail",
                 "run=once on-edit=warn",
                 "run=once on-edit=fail",
                 "run=once on-edit=rerun",
                 "run=once barrier=yes",
                 "run=once barrier=no",
                 "run=on-change barrier=yes"}) {
        CAPTURE(options);
        const LedgerScene scene;
        scene.annotated("10-op", options);
        quiet_success(scene.outcome("check"));
    }
}

TEST_CASE("an annotation stands in a comment of any of the four kinds, with blanks or without") {
    // What the shell takes for words is in a here-document that nobody reads.
    const auto hidden = [](std::string_view line) {
        return fmt::format(": <<'END'\n{}\nEND", line);
    };
    check_is_read("# kaigara: run=once", "a hash");
    check_is_read("#kaigara: run=once", "no blank");
    check_is_read("  \t#  kaigara:   run=once  ", "many blanks");
    check_is_read(hidden("// kaigara: run=once"), "two slashes");
    check_is_read(hidden("-- kaigara: run=once"), "two dashes");
    check_is_read(hidden("; kaigara: run=once"), "a semicolon");
    check_is_read("# kaigara: run=\"once\"", "in quotes");
    check_is_read("# kaigara: timeout=9s\n# kaigara: run=once", "on the second of two lines");
}

TEST_CASE("what is no such comment is no annotation") {
    check_is_not_read(": kaigara: run=once", "no comment");
    check_is_not_read("# to kaigara: run=once", "a word before");
    check_is_not_read("echo x # kaigara: run=once", "behind a command");
}

TEST_CASE("a comment that was meant as an annotation is an error, and nothing runs") {
    for (const char* line : {"# kaigara : run=once", "# kaigara run=once", "# Kaigara: run=once"}) {
        const LedgerScene scene;
        write_script(scene, std::string(line) + "\n");
        CAPTURE(line);
        check_refused(scene.outcome("provision", {}), "exit 78",
                      {"10-op:2:1", "# kaigara: run=once"});
        CHECK(scene.runs() == Strings{});
    }
}

TEST_CASE("the first twenty lines are read, and an annotation below them is a warning") {
    const auto at_line = [](int number) {
        return std::string(static_cast<std::size_t>(number - 2), '\n') + "# kaigara: run=once";
    };
    check_is_read(at_line(20), "line 20");
    check_is_not_read(at_line(21), "line 21");
    const LedgerScene scene;
    write_script(scene, at_line(21) + "\n");
    check_message(scene.provisions({}), "warn", {"10-op", "21"});
}

TEST_CASE("a carriage return at a line's end and a byte order mark before the first are ignored") {
    // The carriage return behind a command is the shell's, so commands are in lines without one.
    check_is_read("# kaigara: run=once\r", "a carriage return");
    // Without a `#!` line that the kernel sees it may not run at all; its annotation is read.
    const LedgerScene scene;
    scene.folder().write("operations/10-op", "\xef\xbb\xbf# kaigara: rnu=once\n", 0755);
    const Outcome outcome = scene.outcome("check");
    CHECK_MESSAGE(has(outcome.errors, "10-op:1:"), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "rnu"), outcome.errors);
}

TEST_CASE("a value in double quotes may have blanks, quotes and backslashes in it") {
    const LedgerScene scene;
    scene.metadata("a: 'x \"y\" \\z'\n");
    scene.annotated("10-op", R"(when="a=x \"y\" \\z")");
    scene.provisions({"10-op"});
    scene.annotated("10-op", R"(when="a=x \"y\" z")");
    scene.provisions({});
    scene.annotated("10-op", R"(when="a=x)");
    check_told(scene, {"10-op:3:"});
}

TEST_CASE("what is wrong in annotations is told in one go, each with its line and column") {
    const LedgerScene scene;
    write_script(scene, "# kaigara: rnu=once\n"
                        "# kaigara: run=once timeout=soon\n"
                        "# kaigara: run=always\n"
                        "# kaigara:  barrier\n");
    write_script(scene, "true\n  -- kaigara: retries=many tiemout=3s\n", "20-other");
    check_told(scene, {"10-op:2:12: ", "'rnu'", "'run'", "10-op:3:", "soon",
                       "10-op:4:12: ", "10-op:5:13: ", "barrier", "20-other:3:", "many",
                       "20-other:3:28: ", "'tiemout'", "'timeout'"});
}

TEST_CASE("a value that an option cannot have is an error with its place") {
    for (const std::string& options :
         Strings{"run=twice", "run=", "on-failure=go", "run=once interrupted=maybe",
                 "run=once on-edit=cry", "run=once barrier=perhaps", "retries=-1", "retries=1.5",
                 "retries=", "retry-delay=x", "timeout=-1s", "timeout=abc", "kill-after=1y",
                 "wait=ftp:x", "wait=tcp:", "wait=https:127.0.0.1", "wait-timeout=never",
                 "when=", "user="}) {
        CAPTURE(options);
        const LedgerScene scene;
        scene.annotated("10-op", options);
        scene.refuses("exit 78", {"10-op:3:"});
    }
}

TEST_CASE("options that do not go together are an error, whoever said them") {
    for (const std::string& options :
         Strings{"inputs=a", "run=once inputs=a", "barrier=yes", "run=always barrier=yes",
                 "interrupted=fail", "run=on-change interrupted=fail", "on-edit=fail",
                 "run=on-change on-edit=rerun", "run=always on-edit=rerun"}) {
        CAPTURE(options);
        const LedgerScene scene;
        scene.annotated("10-op", options);
        check_told(scene, {"10-op"});
    }
    const LedgerScene merged;
    merged.annotated("10-op", "run=on-change inputs=a");
    merged.config("operations: {10-op: {run: always}}\n");
    check_told(merged, {"10-op", "inputs"});
    merged.config("operations: {10-op: {run: on-change}}\n");
    quiet_success(merged.outcome("check"));
    // Both become right only together.
    merged.annotated("10-op", "barrier=yes");
    merged.config("operations: {10-op: {run: once}}\n");
    quiet_success(merged.outcome("check"));
    // What is said but is the default anyway is no contradiction.
    merged.annotated("10-op", "run=always barrier=no interrupted=rerun on-edit=warn");
    merged.config("{}\n");
    quiet_success(merged.outcome("check"));
}

TEST_CASE("kaigara.yml wins over the comment, option by option") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once on-failure=continue", "exit 3");
    scene.config("operations: {10-op: {run: always}}\n");
    scene.provisions({"10-op"});
    scene.provisions({"10-op"});
    CHECK(!scene.folder().exists("state"));
    scene.config("operations: {10-op: {on-failure: stop}}\n");
    CHECK(scene.provision().ending == "exit 80");
    CHECK(scene.events() == Strings{"started 10-op", "failed 10-op"});
}

TEST_CASE("kaigara.yml gives options to an operation that has none, lists as lists or as text") {
    const LedgerScene scene;
    scene.folder().write("input", "1\n");
    scene.operation("10-op", "echo 10-op >>\"$scene/runs\"");
    for (const char* form : {"[a.b, {}]", "'a.b,{}'"}) {
        const std::string inputs = fmt::format(fmt::runtime(form), scene.folder() / "input");
        scene.config(fmt::format("operations:\n  10-op:\n    run: on-change\n    inputs: {}\n"
                                 "    wait: [{}]\n    timeout: 10m\n    retries: 2\n"
                                 "    barrier: yes\n",
                                 inputs, "file:" + (scene.folder() / "input")));
        quiet_success(scene.outcome("check"));
        scene.provision();
        scene.runs();
        scene.provisions({});
        scene.folder().write("input", form);
        scene.provisions({"10-op"});
    }
}

TEST_CASE("what is wrong in kaigara.yml is told with its place and the nearest") {
    const LedgerScene scene;
    scene.annotated("10-first", "");
    const std::string file = scene.folder() / "kaigara.yml";
    scene.config("operations: {10-frist: {run: once}}\n");
    check_refused_by_both(scene, {file + ":1:", "'10-frist'", "'10-first'"});
    scene.config("operations:\n  10-first:\n    rnu: once\n    timeout: soon\n");
    check_refused_by_both(scene, {file + ":3:5", "'rnu'", "'run'", file + ":4:", "soon"});
    scene.config("operations: [10-first]\n");
    check_refused_by_both(scene, {file + ":1:"});
}

TEST_CASE("what is no text carries no annotation, and kaigara.yml can still tell its options") {
    const LedgerScene scene;
    const std::string path = scene.folder() / "operations/10-binary";
    run({.words = {"/bin/cp", "/bin/true", path}});
    // Behind what an ELF file begins with; the words themselves would be an error.
    scene.operation("20-binary", std::string("# kaigara: rnu=once\nexit 0\n\0\n", 29));
    scene.config("operations: {10-binary: {run: once}}\n");
    quiet_success(scene.outcome("check"));
    CHECK(scene.provision().ending == "exit 0");
    CHECK(scene.events() == Strings{"started 10-binary", "done 10-binary"});
}

TEST_CASE("annotations of what is no operation are not looked at") {
    const LedgerScene scene;
    for (const std::string& name : Strings{"10-op.bak", "README", ".hidden"}) {
        write_script(scene, "# kaigara: rnu=once\n", name);
    }
    quiet_success(scene.outcome("check"));
    scene.provisions({});
}

}  // TEST_SUITE("contract")
