// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: which operations run, in which order, with what; and what a failed one does.

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/proc.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// Says its own name: an operation whose only point is whether and when it runs.
constexpr const char* here = "echo \"$KAIGARA_OPERATION\"";

Strings ran(const ProvisionScene& scene) {
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 0");
    CHECK(has(outcome.output, "application\n"));
    return operation_lines(outcome);
}

// The start ends with the status, one line names the operation, and the application never begins.
Outcome refused(const ProvisionScene& scene, std::string_view ending, std::string_view name) {
    Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == ending);
    CHECK_MESSAGE(has(outcome.errors, name), outcome.errors);
    CHECK(!has(outcome.output, "application"));
    return outcome;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("operations run in bytewise order of their names, then the application") {
    const ProvisionScene scene;
    for (const std::string& name :
         Strings{"9-last", "10-first", "2b", "A", "a", "with space", "\xc3\xa9"}) {
        scene.operation(name, here);
    }
    CHECK(ran(scene) == Strings{"[10-first] 10-first", "[2b] 2b", "[9-last] 9-last", "[A] A",
                                "[a] a", "[with space] with space", "[\xc3\xa9] \xc3\xa9"});
}

TEST_CASE("what is no operation is skipped") {
    const ProvisionScene scene;
    for (const std::string& name :
         Strings{".hidden", "a~", "a.bak", "a.orig", "a.swp", "a.tmp", "a.dpkg-old", "a.dpkg-new",
                 "notes.md", "README", "README.txt"}) {
        scene.operation(name, here);
        scene.operation(fmt::format("directory/{}", name), here);
    }
    scene.operation("b", here);
    CHECK(ran(scene) == Strings{"[b] b"});
    const Outcome debug = run({.words = scene.start({"--log-level", "debug"})});
    CHECK_MESSAGE(has(debug.errors, "README.txt"), debug.errors);
}

TEST_CASE("no operation is no reason to fail") {
    const ProvisionScene scene;
    CHECK(ran(scene) == Strings{});
}

TEST_CASE("a script without its execute bit runs by its interpreter, and that is said") {
    const ProvisionScene scene;
    scene.operation("10-plain", here, 0644);
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 0");
    CHECK(operation_lines(outcome) == Strings{"[10-plain] 10-plain"});
    CHECK_MESSAGE(has(outcome.errors, "kaigara: info: "), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "10-plain"), outcome.errors);
}

TEST_CASE("a file that cannot run is an error before anything runs, and says chmod +x") {
    const ProvisionScene scene;
    scene.operation("10-good", "touch \"$scene/ran\"");
    scene.folder().write("operations/20-bad", "echo without interpreter\n", 0644);
    CHECK_MESSAGE(has(refused(scene, "exit 78", "20-bad").errors, "chmod +x"), "");
    CHECK(!scene.folder().exists("ran"));
}

TEST_CASE("a carriage return, a missing interpreter and a foreign binary are each named") {
    const ProvisionScene scene;
    scene.folder().write("operations/10-cr", "#!/bin/sh\r\nexit 0\r\n", 0755);
    const std::string carriage = refused(scene, "exit 78", "10-cr").errors;
    const bool is_named =
        has(carriage, "CR") || has(carriage, "carriage return") || has(carriage, "\\r");
    CHECK_MESSAGE(is_named, carriage);

    const ProvisionScene missing;
    missing.folder().write("operations/10-shell", "#!/no/such/shell\nexit 0\n", 0755);
    CHECK(has(refused(missing, "exit 78", "10-shell").errors, "/no/such/shell"));

    const ProvisionScene foreign;
    std::string header(64, '\0');
    header.replace(0, 7,
                   "\x7f"
                   "ELF\x02\x01\x01");
    header[16] = 2;  // an executable
    header[18] = 1;  // of a machine that nobody has
    header[20] = 1;
    foreign.folder().write("operations/10-binary", header, 0755);
    CHECK(has(refused(foreign, "exit 78", "10-binary").errors, "architecture"));
}

TEST_CASE("an operation has its own session, no input and nothing of kaigara's descriptors") {
    const ProvisionScene scene;
    scene.play("10-look", "place stdio descriptors variable KAIGARA_SNAPSHOT");
    const Outcome outcome = run(
        {.words = scene.start({}, {"descriptors"}), .input = Input::pipe, .descriptors = {5, 251}});
    CHECK(outcome.ending == "exit 0");
    const Strings lines = operation_lines(outcome);
    REQUIRE(lines.size() == 6);
    CHECK(lines[0] == "[10-look] pid 2 parent 1 group 2 session 2 foreground -1");
    CHECK(lines[1] == "[10-look] 0: null blocking");
    CHECK(lines[2].ends_with(" blocking"));
    CHECK(lines[3].ends_with(" blocking"));
    const std::string path = "[10-look] KAIGARA_SNAPSHOT=/proc/self/fd/";
    REQUIRE_MESSAGE(lines[5].starts_with(path), lines[5]);
    CHECK(lines[4] == "[10-look] descriptors: 0 1 2 " + lines[5].substr(path.size()));
    CHECK(has(outcome.output, "\ndescriptors: 0 1 2 5 251\n"));
}

TEST_CASE("an operation has kaigara's environment, its own name and the number of its attempt") {
    const ProvisionScene scene;
    scene.play("10-look.sh", "variable FROM_OUTSIDE variable KAIGARA_OPERATION "
                             "variable KAIGARA_ATTEMPT variable KAIGARA_INTERRUPTED cwd umask");
    const Outcome outcome = run({.words = scene.start(),
                                 .environment = {"FROM_OUTSIDE=yes"},
                                 .directory = "/usr",
                                 .umask = 027});
    CHECK(operation_lines(outcome) ==
          Strings{"[10-look.sh] FROM_OUTSIDE=yes", "[10-look.sh] KAIGARA_OPERATION=10-look.sh",
                  "[10-look.sh] KAIGARA_ATTEMPT=1", "[10-look.sh] KAIGARA_INTERRUPTED is unset",
                  "[10-look.sh] cwd /usr", "[10-look.sh] umask 027"});
}

TEST_CASE("an operation has the signal mask and the dispositions that kaigara was born with") {
    const ProvisionScene scene;
    scene.play("10-look", "signals");
    const Outcome outcome = run({.words = scene.start(), .blocked = {12, 40}, .ignored = {1, 13}});
    CHECK(operation_lines(outcome) ==
          Strings{"[10-look] blocked: 12 40", "[10-look] ignored: 1 13", "[10-look] caught:"});
}

TEST_CASE("a failed operation stops the start with 80, a line names it with its status") {
    const ProvisionScene scene;
    scene.operation("10-good", here);
    scene.operation("20-bad", "exit 3");
    scene.operation("30-never", here);
    const Outcome outcome = refused(scene, "exit 80", "20-bad");
    CHECK(operation_lines(outcome) == Strings{"[10-good] 10-good"});
    bool is_told = false;
    for (const std::string& line : lines_of(outcome.errors)) {
        is_told = is_told ||
                  (line.starts_with("kaigara: error: ") && has(line, "20-bad") && has(line, "3"));
    }
    CHECK_MESSAGE(is_told, outcome.errors);
}

TEST_CASE("an operation that a signal ended has failed, and the signal is told") {
    const ProvisionScene scene;
    scene.play("10-killed", "raise 9");
    const Outcome outcome = refused(scene, "exit 80", "10-killed");
    const bool is_told = has(outcome.errors, "KILL") || has(outcome.errors, "signal 9");
    CHECK_MESSAGE(is_told, outcome.errors);
}

TEST_CASE(
    "an operation that asks to be tried later fails, one that does not apply is passed over") {
    const ProvisionScene later;
    later.operation("10-later", "exit 75");
    refused(later, "exit 80", "10-later");
    const ProvisionScene other;
    other.operation("10-not-here", "exit 77");
    other.operation("20-here", here);
    CHECK(ran(other) == Strings{"[20-here] 20-here"});
}

TEST_CASE("the last twenty lines are repeated when an operation fails") {
    const ProvisionScene scene;
    scene.play("10-long", "lines 50 exit 1");
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 80");
    const std::string all = '\n' + outcome.output + '\n' + outcome.errors;
    for (int line = 1; line <= 50; ++line) {
        CAPTURE(line);
        CHECK(count(all, fmt::format("line {}\n", line)) == (line > 30 ? 2 : 1));
    }
}

TEST_CASE("a short output is repeated whole, none not at all") {
    const ProvisionScene scene;
    scene.play("10-short", "say only complain other exit 1");
    const Outcome outcome = run({.words = scene.start()});
    CHECK(count(outcome.output + outcome.errors, "only\n") == 2);
    CHECK(count(outcome.output + outcome.errors, "other\n") == 2);
}

TEST_CASE("provision ends when the operations have, without an application") {
    const ProvisionScene scene;
    scene.operation("10-first", here);
    scene.operation("20-second", here);
    const Outcome outcome = run({.words = scene.words("provision")});
    CHECK(outcome.ending == "exit 0");
    CHECK(operation_lines(outcome) == Strings{"[10-first] 10-first", "[20-second] 20-second"});
    const Outcome only = run({.words = scene.words("provision", {"--only", "20-second"})});
    CHECK(only.ending == "exit 0");
    CHECK(operation_lines(only) == Strings{"[20-second] 20-second"});
    const Outcome none = run({.words = scene.words("provision", {"--only", "20-secnd"})});
    CHECK(none.ending != "exit 0");
    CHECK_MESSAGE(has(none.errors, "20-secnd"), none.errors);
    scene.operation("20-second", "exit 1");
    CHECK(run({.words = scene.words("provision")}).ending == "exit 80");
}

TEST_CASE("the folders are found where they are by default") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 8080}\n");
    scene.resource("port.tmpl", "{{app.port}}\n");
    scene.operation("10-render", "\"$kaigara\" render port");
    const Outcome outcome = run({.words = with_actor(command({"start", "--"}), {"exit", "4"}),
                                 .binds = {{scene.folder().path(), "/opt/provision"}}});
    CHECK(outcome.ending == "exit 4");
    CHECK(operation_lines(outcome) == Strings{"[10-render] 8080"});
}

TEST_CASE("one operation's exit decides when the next begins, not a daemon that holds its output") {
    const ProvisionScene scene;
    scene.play("10-daemon", "daemon { say up pause } exit 0");
    scene.operation("20-next", here);
    Program program({.words = scene.start({}, {"log-signals", "15"})});
    program.wait_for("ready\n");
    program.send(15);
    CHECK(program.wait() == "exit 0");
    CHECK(has(program.output() + program.errors(), "[20-next] 20-next\n"));
}

TEST_CASE("what an operation left in its session is ended before the next one, daemons are not") {
    const ProvisionScene scene;
    scene.play("10-leaves", "fork { ignore 1 pause } group { ignore 1 pause } daemon { pause } "
                            "exit 0");
    scene.operation("20-next", here);
    Program program({.words = scene.start({}, {"log-signals", "15"})});
    program.wait_for("ready\n");
    // The application and the daemon.
    program.eventually("the others to be gone",
                       [&] { return children_of(program.pid()).size() == 2; });
    CHECK(program.stays(std::chrono::milliseconds(20)));
    CHECK(children_of(program.pid()).size() == 2);
    program.send(15);
    CHECK(program.wait() == "exit 0");
}

}  // TEST_SUITE("contract")
