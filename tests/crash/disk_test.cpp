// SPDX-License-Identifier: Apache-2.0

// Real disks that are full or read-only, and directories that are not ours: status 74, nothing runs
// that is not recorded, and what is not recorded at all runs as ever.

#include <filesystem>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/mount.h>

#include "crash/crash_scene.h"

using namespace kaigara::test;

namespace {

// Something mounted at the directory of a scene's ledger, for as long as this is kept.
class Mounted {
public:
    Mounted(const CrashScene& scene, unsigned kilobytes) : path_(scene.directory()) {
        scene.folder().make_dir("state");
        must(::mount("none", path_.c_str(), "tmpfs", 0, size(kilobytes).c_str()));
    }
    // The directory itself, that may not be written to.
    explicit Mounted(const CrashScene& scene) : path_(scene.directory()) {
        scene.folder().make_dir("state");
        must(::mount(path_.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr));
        must(::mount(nullptr, path_.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr));
    }
    ~Mounted() { ::umount2(path_.c_str(), MNT_DETACH); }
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;

    void resize(unsigned kilobytes) const {
        must(::mount("none", path_.c_str(), "tmpfs", MS_REMOUNT, size(kilobytes).c_str()));
    }

private:
    static std::string size(unsigned kilobytes) { return fmt::format("size={}k", kilobytes); }
    static void must(int result) {
        if (result != 0) throw std::runtime_error("mount");
    }
    std::string path_;
};

constexpr int operations = 30;

// Enough of them to fill two pages with their records.
void add_many(const CrashScene& scene) {
    scene.remove_operations();
    for (int number = 10; number < 10 + operations; ++number)
        scene.add(fmt::format("{}-op", number), "run=once");
}

void check_full(const Outcome& outcome, const CrashScene& scene) {
    CHECK_MESSAGE(outcome.ending == "exit 74", outcome.errors);
    CHECK(count(outcome.errors, "kaigara: error: ") == 1);
    CHECK(has(outcome.errors, scene.directory()));
    CHECK(has(outcome.errors, "No space left on device"));
}

// Every run is backed by a start, and every line is whole.
void check_recorded(const CrashScene& scene) {
    const auto standings = scene.standings();
    const auto began = scene.began();
    for (const Ran& ran : began) CHECK(standings.contains(ran.name));
    std::size_t starts = 0;
    for (const auto& [name, standing] : standings) starts += standing.starts;
    CHECK(starts == began.size());
    if (scene.folder().exists("state/ledger")) CHECK(scene.text().ends_with('\n'));
}

// On a disk of that size. How many operations ran before it was full.
std::size_t check_disk_of(unsigned kilobytes) {
    CAPTURE(kilobytes);
    const CrashScene scene;
    add_many(scene);
    const Mounted disk(scene, kilobytes);
    check_full(scene.provision(), scene);
    check_recorded(scene);
    const std::size_t ran = scene.began().size();
    const std::size_t ended = scene.finished().size();
    CHECK(ran == ended);
    CHECK(ended < operations);
    // Once more on the full disk: still nothing that is not recorded.
    check_full(scene.provision(), scene);
    check_recorded(scene);
    CHECK(scene.ledger_command({"verify"}).ending == "exit 0");

    disk.resize(1024);
    std::size_t done = 0;
    for (const auto& [name, standing] : scene.standings()) done += standing.holds ? 1 : 0;
    scene.forget_runs();
    const Outcome next = scene.provision();
    CHECK_MESSAGE(next.ending == "exit 0", next.errors);
    CHECK(scene.finished().size() == operations - done);
    for (const auto& [name, standing] : scene.standings()) {
        CHECK(standing.holds);
        CHECK(standing.successes == 1);
    }
    CHECK(scene.ledger_command({"verify"}).ending == "exit 0");
    return ran;
}

Strings names_of(const std::vector<Ran>& began) {
    Strings names;
    for (const Ran& ran : began) names.push_back(ran.name);
    return names;
}

}  // namespace

TEST_SUITE("crash") {

TEST_CASE("on a disk of 4 kB there is no room for a ledger: 74, and nothing has run") {
    CHECK(check_disk_of(4) == 0);
}

TEST_CASE(
    "a disk that is full in the middle stops the start there, and it goes on with more room") {
    const std::size_t in_a_page = check_disk_of(8);
    CHECK(in_a_page > 0);
    const std::size_t in_two_pages = check_disk_of(12);
    CHECK(in_two_pages > in_a_page);
    fmt::print("full disks of 4, 8 and 12 kB: 0, {} and {} of {} operations ran\n", in_a_page,
               in_two_pages, operations);
}

TEST_CASE("forget and salvage on a full disk are 74 and leave the ledger as it is") {
    const CrashScene scene;
    const Mounted disk(scene, 8);
    CHECK(scene.traced({}).ending == "exit 0");
    constexpr int most = 100;  // a page has room for fewer lines
    std::string before;
    Outcome outcome{"exit 0", "", ""};
    int forgotten = 0;
    for (; forgotten < most && outcome.ending == "exit 0"; ++forgotten) {
        before = scene.text();
        outcome = scene.ledger_command({"forget", "10-a"});
    }
    CHECK(forgotten > 1);
    check_full(outcome, scene);
    CHECK(scene.text() == before);
    CHECK(scene.ledger_command({"verify"}).ending == "exit 0");

    std::string damaged = before;
    damaged.replace(damaged.find(" done 20-b "), 5, " gone");
    scene.write_ledger(damaged);
    check_full(scene.ledger_command({"salvage"}), scene);
    CHECK(scene.text() == damaged);
    CHECK_FALSE(scene.folder().exists("state/ledger.new"));
    disk.resize(64);
    CHECK(scene.ledger_command({"salvage"}).ending == "exit 0");
    CHECK(scene.ledger_command({"verify"}).ending == "exit 0");
    CHECK(scene.provision({"--set", "app.version=2"}).ending == "exit 0");
    CHECK(scene.finished() == Strings{"10-a", "20-b", "30-c", "10-a", "20-b"});
}

TEST_CASE("a read-only directory: 74 and nothing of it runs; what is not recorded runs as ever") {
    const CrashScene scene;
    scene.begin_with("");
    {
        const Mounted read_only(scene);
        const Outcome outcome = scene.provision();
        CHECK_MESSAGE(outcome.ending == "exit 74", outcome.errors);
        CHECK(has(outcome.errors, "Read-only file system"));
        CHECK(scene.began().empty());
        // Not even the lock can be made, and nobody needs it.
        scene.operation("25-always", "echo \"always 0\" >>\"$scene/began\"");
        CHECK(scene.provision({"--only", "25-always"}).ending == "exit 0");
        CHECK(names_of(scene.began()) == Strings{"always"});
    }
    // All is done, and then the directory is read-only: nothing is pending, so nothing is written.
    scene.operation("25-always", "echo \"always 0\" >>\"$scene/began\"");
    CHECK(scene.provision().ending == "exit 0");
    scene.forget_runs();
    const Mounted read_only(scene);
    CHECK(scene.provision().ending == "exit 0");
    CHECK(names_of(scene.began()) == Strings{"always"});
    CHECK(scene.provision({"--set", "app.version=2"}).ending == "exit 74");
    CHECK(scene.ledger_command({"forget", "10-a"}).ending == "exit 74");
}

TEST_CASE("a directory that is somebody else's: 74 for a plain user, and nothing has run") {
    const CrashScene scene;
    scene.begin_with("");
    scene.folder().make_dir("state");
    std::filesystem::permissions(scene.folder().path(), std::filesystem::perms(0777));
    Strings words{"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    const Strings provision = scene.ledger_words("provision");
    words.insert(words.end(), provision.begin(), provision.end());
    const Outcome outcome = run({.words = words});
    CHECK_MESSAGE(outcome.ending == "exit 74", outcome.errors);
    CHECK(has(outcome.errors, "Permission denied"));
    CHECK(has(outcome.errors, scene.directory()));
    CHECK(scene.began().empty());
    // With a directory that he may write to, he can.
    std::filesystem::permissions(scene.directory(), std::filesystem::perms(0777));
    const Outcome next = run({.words = words});
    CHECK_MESSAGE(next.ending == "exit 0", next.errors);
    CHECK(scene.finished() == Strings{"10-a", "20-b", "30-c"});
}

}  // TEST_SUITE("crash")
