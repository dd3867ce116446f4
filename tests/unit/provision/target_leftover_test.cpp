// SPDX-License-Identifier: Apache-2.0

// What a kaigara that was killed leaves beside a target, and who removes it.

#include "provision/target.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <doctest/doctest.h>

#include "platform/files.h"
#include "support/scratch.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::Target;
using Outcome = Target::Outcome;

namespace {

// Runs `work` in a child, which has to end by killing itself, so that no destructor runs.
void run_and_die(const std::function<void()>& work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        work();
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a kaigara that is killed before its commit leaves a whole target, and the next one "
          "cleans up") {
    const ScratchDir files;
    files.write("a", "old", 0640);
    run_and_die([&files] {
        const auto target = Target::prepare({.path = files / "a"}, "of the dead");
        ::kill(::getpid(), SIGKILL);
    });
    CHECK(files.read("a") == "old");
    REQUIRE(entries(files) == 2);
    {
        const auto next = Target::prepare({.path = files / "a"}, "new").value();
        CHECK(entries(files) == 2);  // one of its own
        CHECK(platform::read_file(next.staged_path(), 100).value() == "new");
    }
    CHECK(files.read("a") == "old");
    CHECK(entries(files) == 1);
}

TEST_CASE("one that is killed between its commit and its end leaves the new file, and the next one "
          "cleans up though nothing changes") {
    const ScratchDir files;
    files.write("a", "old");
    run_and_die([&files] {
        auto target = Target::prepare({.path = files / "a"}, "new").value();
        target.replace().value();
        ::kill(::getpid(), SIGKILL);
    });
    CHECK(files.read("a") == "new");
    REQUIRE(entries(files) == 2);
    CHECK(*write(files / "a", "new").outcome == Outcome::unchanged);
    CHECK(entries(files) == 1);
}

TEST_CASE("what another one is at work on is left alone") {
    const ScratchDir files;
    files.write("a", "old");
    auto first = Target::prepare({.path = files / "a"}, "first").value();
    auto second = Target::prepare({.path = files / "a"}, "second").value();
    CHECK(entries(files) == 3);
    CHECK(first.replace().has_value());
    const auto third = Target::prepare({.path = files / "a"}, "third").value();
    CHECK(first.undo().has_value());
    CHECK(files.read("a") == "old");
    CHECK(*second.commit() == Outcome::replaced);
    CHECK(files.read("a") == "second");
    CHECK(platform::read_file(third.staged_path(), 100).value() == "third");
}

TEST_CASE("only what has the name of a leftover of this target is removed") {
    const ScratchDir files;
    const char* const names[] = {".b.kaigara-abcdef", ".a.kaigara-abcde",   ".a.kaigara-abcd.f",
                                 "a.kaigara-abcdef",  ".a.kaigara-abcdefg", ".kaigara-abcdef"};
    for (const char* name : names) files.write(name, "x");
    files.write("precious", "x");
    REQUIRE(::symlink("precious", (files / ".a.kaigara-links1").c_str()) == 0);
    REQUIRE(::mkfifo((files / ".a.kaigara-fifo12").c_str(), 0600) == 0);
    files.make_dir(".a.kaigara-folder");
    files.write(".a.kaigara-ABC019", "of the dead");
    CHECK(*write(files / "a", "new").outcome == Outcome::replaced);
    CHECK_FALSE(files.exists(".a.kaigara-ABC019"));
    for (const char* name : names) CHECK(files.exists(name));
    for (const char* name :
         {"precious", ".a.kaigara-links1", ".a.kaigara-fifo12", ".a.kaigara-folder"})
        CHECK(files.exists(name));
}

TEST_CASE("a name of 255 bytes has room for a temporary one, without half a character") {
    const ScratchDir files;
    std::string name;
    while (name.size() < 254) name += "\xc3\xa4";
    name += "a";
    REQUIRE(name.size() == 255);
    {
        const auto target = Target::prepare({.path = files / name}, "x").value();
        const std::string staged = target.staged_path();
        const std::string behind = staged.substr(staged.rfind('/') + 1);
        CHECK(behind.size() <= 255);
        CHECK(behind.size() >= 253);
        CHECK(contains(behind, "\xc3\xa4.kaigara-"));
        run_and_die([&files, &name] {
            const auto other = Target::prepare({.path = files / name}, "y");
            ::kill(::getpid(), SIGKILL);
        });
        CHECK(entries(files) == 2);
    }
    CHECK(*write(files / name, "new").outcome == Outcome::replaced);
    CHECK(entries(files) == 1);
}

}  // TEST_SUITE("provision")
