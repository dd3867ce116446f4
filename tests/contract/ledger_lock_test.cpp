// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: one starter at a time on one ledger. The others wait, are told for whom, and find
// done what he has done; where nothing is pending nobody takes the lock.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger_scene.h"
#include "support/descriptor.h"
#include "support/expect.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

Descriptor open_lock(const LedgerScene& scene) {
    const std::string path = scene.ledger() + ".lock";
    return Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

bool is_free(const LedgerScene& scene) {
    const Descriptor lock = open_lock(scene);
    REQUIRE(lock.number() >= 0);
    return ::flock(lock.number(), LOCK_EX | LOCK_NB) == 0;
}

// Somebody else holds the lock for as long as this is kept: a stranger who wrote no name.
Descriptor hold(const LedgerScene& scene) {
    scene.folder().make_dir("state");
    if (!scene.folder().exists("state/ledger.lock")) {
        scene.folder().write("state/ledger.lock", "", 0600);
    }
    Descriptor lock = open_lock(scene);
    REQUIRE(::flock(lock.number(), LOCK_EX | LOCK_NB) == 0);
    return lock;
}

// A once operation that says "up" and goes on when `go` is there.
void write_long(const LedgerScene& scene) {
    scene.annotated("10-long", "run=once",
                    "echo \"${KAIGARA_INTERRUPTED-no}\" >>\"$scene/runs\"\n"
                    "exec \"$actor\" say up await \"$scene/go\"");
}

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a second starter waits, is told who holds the lock, and finds the work done") {
    const LedgerScene scene;
    write_long(scene);
    Program first({.words = scene.ledger_words("provision")});
    wait_for_either(first, "[10-long] up\n");
    Program second({.words = scene.ledger_words("provision")});
    second.wait_for_error("waiting");
    second.eventually("the holder's host", [&] { return has(second.errors(), host_name()); });
    CHECK(second.stays(100ms));
    scene.folder().write("go", "");
    CHECK(first.wait() == "exit 0");
    CHECK(second.wait() == "exit 0");
    CHECK(scene.runs() == Strings{"10-long", "no"});
    CHECK(scene.events() == Strings{"started 10-long", "done 10-long"});
    const Strings lines = lines_of(second.errors());
    const auto names_both = [&](const std::string& line) {
        return has(line, scene.ledger()) && has(line, host_name());
    };
    CHECK_MESSAGE(std::any_of(lines.begin(), lines.end(), names_both), second.errors());
}

TEST_CASE("an operation that runs in another starter is not taken for an interrupted one") {
    const LedgerScene scene;
    scene.annotated("10-long", "run=once interrupted=fail",
                    "exec \"$actor\" say up await \"$scene/go\"");
    Program first({.words = scene.ledger_words("provision")});
    wait_for_either(first, "[10-long] up\n");
    const Outcome list = scene.ledger_command({"list"});
    CHECK_MESSAGE(has(list.output, "running"), list.output);
    const Outcome plan = run({.words = scene.ledger_words("plan")});
    CHECK(plan.ending == "exit 2");
    Program second({.words = scene.ledger_words("provision")});
    second.wait_for_error("waiting");
    scene.folder().write("go", "");
    CHECK(first.wait() == "exit 0");
    CHECK(second.wait() == "exit 0");
    CHECK(scene.runs() == Strings{"10-long"});
}

TEST_CASE("the lock of a starter that is killed is free at once, and the next one goes on") {
    const LedgerScene scene;
    write_long(scene);
    Program first({.words = scene.ledger_words("provision")});
    wait_for_either(first, "[10-long] up\n");
    Program second({.words = scene.ledger_words("provision")});
    second.wait_for_error("waiting");
    first.send(SIGKILL);
    CHECK(first.wait() == "signal 9");
    wait_for_either(second, "[10-long] up\n");
    scene.folder().write("go", "");
    CHECK(second.wait() == "exit 0");
    CHECK(scene.runs() == Strings{"10-long", "no", "10-long", "1"});
}

TEST_CASE("a lock that is not had in time is 75 and names the holder, and nothing has run") {
    const LedgerScene scene;
    write_long(scene);
    scene.annotated("05-before", "run=once");
    Program first({.words = scene.ledger_words("provision")});
    wait_for_either(first, "[10-long] up\n");
    scene.runs();
    const auto begin = Clock::now();
    const Outcome outcome = scene.provision({"--lock-timeout", "300ms"});
    CHECK(Clock::now() - begin >= 300ms);
    CHECK_MESSAGE(outcome.ending == "exit 75", outcome.errors);
    check_message(outcome, "error", {scene.ledger(), host_name()});
    CHECK(scene.runs() == Strings{});
    CHECK(scene.provision({}, {"KAIGARA_LOCK_TIMEOUT=100ms"}).ending == "exit 75");
    scene.config("lock-timeout: 100ms\n");
    CHECK(scene.provision().ending == "exit 75");
    scene.folder().write("go", "");
    CHECK(first.wait() == "exit 0");
}

TEST_CASE("a lock held by somebody who left no name is waited for as well") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once");
    {
        const Descriptor held = hold(scene);
        CHECK(scene.provision({"--lock-timeout", "100ms"}).ending == "exit 75");
        CHECK(scene.runs() == Strings{});
    }
    scene.provisions({"10-op"});
}

TEST_CASE("where nothing is pending no lock is taken, though somebody holds it") {
    const LedgerScene scene;
    scene.annotated("05-always", "run=always");
    scene.annotated("10-once", "run=once");
    scene.annotated("20-change", "run=on-change inputs=a");
    scene.annotated("30-not", "run=once when=nowhere");
    scene.provisions({"05-always", "10-once", "20-change"});
    const Descriptor held = hold(scene);
    scene.provisions({"05-always"}, {"--lock-timeout", "100ms"});
    // Each way in which something is pending takes it.
    for (const Strings& set : {Strings{"a=1"}, Strings{"nowhere=1"}}) {
        const Outcome outcome = scene.provision({"--set", set[0], "--lock-timeout", "100ms"});
        CHECK_MESSAGE(outcome.ending == "exit 75", outcome.errors);
    }
    // What is not run now is no reason.
    CHECK(run({.words = scene.ledger_words("plan", {"--set", "a=1"})}).ending == "exit 2");
    scene.runs();
    scene.provisions({"05-always"},
                     {"--only", "05-always", "--set", "a=1", "--lock-timeout", "100ms"});
}

TEST_CASE("the lock is let go when nothing is pending any more") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once");
    scene.annotated("20-always", "run=always", "exec \"$actor\" say up await \"$scene/go\"");
    Program program(
        {.words = scene.ledger_words("start", {"--", actor_path(), "log-signals", "15"})});
    wait_for_either(program, "[20-always] up\n");
    CHECK(is_free(scene));
    scene.folder().write("go", "");
    program.wait_for("ready\n");
    CHECK(is_free(scene));
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("the lock is held from the first operation that is pending to the last one") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once");
    scene.annotated("20-always", "run=always", "exec \"$actor\" say up await \"$scene/go\"");
    scene.annotated("30-once", "run=once");
    Program program({.words = scene.ledger_words("provision")});
    wait_for_either(program, "[20-always] up\n");
    CHECK(!is_free(scene));
    scene.folder().write("go", "");
    CHECK(program.wait() == "exit 0");
    CHECK(is_free(scene));
}

TEST_CASE("the lock is not inherited: neither by an operation, its daemon nor the application") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once",
                    "exec \"$actor\" descriptors variable KAIGARA_SNAPSHOT "
                    "daemon { descriptors pause } exit 0");
    Program program({.words = scene.ledger_words(
                         "start", {"--", actor_path(), "descriptors", "log-signals", "15"})});
    program.wait_for("ready\n");
    CHECK(is_free(scene));
    const Strings lines = operation_lines(outcome_of(program, ""));
    REQUIRE(lines.size() >= 2);
    const std::string path = "[10-once] KAIGARA_SNAPSHOT=/proc/self/fd/";
    REQUIRE(lines[1].starts_with(path));
    CHECK(lines[0] == "[10-once] descriptors: 0 1 2 " + lines[1].substr(path.size()));
    CHECK(has('\n' + program.output(), "\ndescriptors: 0 1 2\n"));
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("forty starters at once on one ledger: one runs, all start") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once", "exec \"$actor\" linger 100");
    scene.annotated("20-once", "run=once");
    scene.annotated("30-change", "run=on-change inputs=a");
    std::vector<std::unique_ptr<Program>> starters;
    for (int number = 0; number < 40; ++number) {
        starters.push_back(
            std::make_unique<Program>(Setup{.words = scene.start({"--ledger", scene.ledger()})}));
    }
    for (const std::unique_ptr<Program>& starter : starters) {
        const std::string ending = starter->wait();
        CHECK_MESSAGE(ending == "exit 0", starter->errors());
        CHECK(has(starter->output(), "application\n"));
    }
    CHECK(scene.runs() == Strings{"10-once", "20-once", "30-change"});
    CHECK(scene.events() == Strings{"started 10-once", "done 10-once", "started 20-once",
                                    "done 20-once", "started 30-change", "done 30-change"});
}

TEST_CASE("when the first of two starters fails, the second tries") {
    const LedgerScene scene;
    scene.annotated("10-long", "run=once",
                    "test ! -e \"$scene/go\" || exit 0\n"
                    "\"$actor\" say up await \"$scene/go\"\nexit 3");
    Program first({.words = scene.ledger_words("provision")});
    wait_for_either(first, "[10-long] up\n");
    Program second({.words = scene.ledger_words("provision")});
    second.wait_for_error("waiting");
    scene.folder().write("go", "");
    CHECK(first.wait() == "exit 80");
    CHECK(second.wait() == "exit 0");
    CHECK(scene.events() ==
          Strings{"started 10-long", "failed 10-long", "started 10-long", "done 10-long"});
}

}  // TEST_SUITE("contract")
