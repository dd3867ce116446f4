// SPDX-License-Identifier: Apache-2.0

// All or none: what a set does when one of its files cannot be put in place.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <functional>

#include <doctest/doctest.h>

#include "platform/files.h"
#include "platform/signals.h"
#include "privileges.h"
#include "provision/target_set.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::Target;
using provision::TargetFile;
using provision::TargetSet;
using Outcome = Target::Outcome;

namespace {

TargetFile file(const std::string& path, std::string content) {
    return {.spec = {.path = path}, .content = std::move(content), .directories = {}, .where = ""};
}

// As it is in a file system that knows no renaming with flags: renameat2(2) fails with EINVAL.
void refuse_rename_flags() {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{std::size(program), program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        ::_exit(100);
}

// The status of a child that does the work; an own process, for a filter is for life.
int status_in_child(const std::function<bool()>& work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(work() ? 0 : 1);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A set of which the last file cannot be put in place any more, since its directory goes away
// between the two steps.
class DoomedSet {
public:
    DoomedSet() {
        files.write("a", "old a", 0604);
        files.write("doomed/c", "old c");
        inode = status_of(files / "a").st_ino;
    }

    // Whether the commit failed, as it has to.
    bool fails() const {
        TargetFile fresh = file(files / "x/b", "new b");
        fresh.directories = {{files / "x", 0755}};
        TargetFile told = file(files / "a", "new, and longer than the old one");
        told.spec.mode = 0640;
        auto set = TargetSet::prepare({told, fresh, file(files / "doomed/c", "new c")});
        if (!set) return false;
        std::filesystem::remove_all(files / "doomed");
        const auto outcome = set->commit();
        return !outcome && outcome.error().where == (files / "doomed/c") && set->size() == 0 &&
               !files.exists("x") && set->warnings().empty();
    }

    void check() const {
        CHECK(files.read("a") == "old a");
        CHECK(files.mode("a") == 0604);
        CHECK(entries(files) == 1);
    }

    const ScratchDir files;
    ino_t inode = 0;
};

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("when a file cannot be put in place, those before it are as they were") {
    const DoomedSet doomed;
    CHECK(doomed.fails());
    doomed.check();
    CHECK(status_of(doomed.files / "a").st_ino == doomed.inode);
}

TEST_CASE("they are so too where the file system cannot exchange two files") {
    const DoomedSet doomed;
    CHECK(status_in_child([&doomed] {
              refuse_rename_flags();
              return doomed.fails();
          }) == 0);
    doomed.check();
}

TEST_CASE("without exchange a set is put in place all the same") {
    const ScratchDir files;
    files.write("a", "old", 0640);
    CHECK(status_in_child([&files] {
              refuse_rename_flags();
              auto set = TargetSet::prepare({file(files / "a", "1"), file(files / "b", "2")});
              return set.has_value() && set->commit().has_value();
          }) == 0);
    CHECK(files.read("a") == "1");
    CHECK(files.mode("a") == 0640);
    CHECK(files.read("b") == "2");
    CHECK(entries(files) == 2);
}

TEST_CASE("a file that became a directory meanwhile is left alone, and fails the set") {
    const ScratchDir files;
    files.write("a", "old");
    files.write("b", "old");
    auto set = TargetSet::prepare({file(files / "a", "1"), file(files / "b", "2")}).value();
    REQUIRE(::unlink((files / "b").c_str()) == 0);
    files.write("b/precious", "x");
    const auto outcome = set.commit();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().where == (files / "b"));
    CHECK(files.read("a") == "old");
    CHECK(files.read("b/precious") == "x");
    CHECK(entries(files) == 2);
}

TEST_CASE(
    "a file that was removed meanwhile is made, and one that was made meanwhile is not lost") {
    const ScratchDir files;
    files.write("a", "old");
    auto set = TargetSet::prepare({file(files / "a", "1"), file(files / "b", "2")}).value();
    REQUIRE(::unlink((files / "a").c_str()) == 0);
    files.write("b", "of somebody else");
    const auto outcome = set.commit();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().where == (files / "b"));
    CHECK_FALSE(files.exists("a"));
    CHECK(files.read("b") == "of somebody else");
    CHECK(entries(files) == 1);
}

TEST_CASE("what somebody else changed after us is not undone, and that is told") {
    const ScratchDir files;
    files.write("a", "old");
    auto target = Target::prepare({.path = files / "a"}, "new").value();
    CHECK(target.replace().has_value());
    files.write("other", "of somebody else");
    REQUIRE(::rename((files / "other").c_str(), (files / "a").c_str()) == 0);
    const auto undone = target.undo();
    REQUIRE_FALSE(undone.has_value());
    CHECK(undone.error().where == (files / "a"));
    CHECK(files.read("a") == "of somebody else");
}

TEST_CASE("a FIFO that nobody reads is found last, and undoes the rest") {
    platform::take_signals();
    const ScratchDir files;
    files.write("a", "old");
    REQUIRE(::mkfifo((files / "fifo").c_str(), 0600) == 0);
    auto set = TargetSet::prepare(
                   {file(files / "fifo", "1"), file(files / "a", "new"), file(files / "b", "new")})
                   .value();
    const auto outcome = set.commit();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().where == (files / "fifo"));
    CHECK(files.read("a") == "old");
    CHECK(entries(files) == 2);
}

TEST_CASE("a mount in a set is written in place, and written back when a later file fails") {
    if (::geteuid() != 0) KG_SKIP("needs root, to mount");
    platform::take_signals();
    const ScratchDir files;
    files.write("source", "old and longer", 0640);
    files.write("mounted", "");
    files.write("a", "old");
    REQUIRE(::mkfifo((files / "fifo").c_str(), 0600) == 0);
    const Mount mount((files / "source").c_str(), files / "mounted", nullptr, MS_BIND, nullptr);
    TargetFile mounted = file(files / "mounted", "new");
    mounted.spec.mode = 0600;
    auto failing =
        TargetSet::prepare({mounted, file(files / "a", "new"), file(files / "fifo", "x")}).value();
    CHECK_FALSE(failing.commit().has_value());
    REQUIRE(failing.warnings().size() == 1);
    CHECK(contains(failing.warnings()[0], "mount"));
    CHECK(files.read("source") == "old and longer");
    CHECK(files.mode("source") == 0640);
    CHECK(files.read("a") == "old");
    CHECK(entries(files) == 4);

    auto set = TargetSet::prepare({mounted, file(files / "a", "new")}).value();
    CHECK(set.commit().value() == std::vector{Outcome::written_in_place, Outcome::replaced});
    CHECK(set.warnings().size() == 1);
    CHECK(files.read("source") == "new");
    CHECK(files.mode("source") == 0600);
    CHECK(entries(files) == 4);
}

TEST_CASE("with a full disk nothing of a set is put in place") {
    if (::geteuid() != 0) KG_SKIP("needs root, to mount");
    const ScratchDir files;
    files.make_dir("tiny");
    const Mount tiny("tmpfs", files / "tiny", "tmpfs", 0, "size=16k");
    files.write("tiny/a", "old");
    const std::string big(20'000, 'x');
    SUBCASE("when it is prepared") {
        TargetFile deep = file(files / "tiny/x/b", "1");
        deep.directories = {{files / "tiny/x", 0755}};
        const auto set = TargetSet::prepare({deep, file(files / "tiny/a", big)});
        REQUIRE_FALSE(set.has_value());
        REQUIRE(set.error().size() == 1);
        CHECK(set.error()[0].fault == Fault::input_output);
        CHECK(contains(set.error()[0].text(), "No space left"));
    }
    SUBCASE("when it is written in place") {
        files.write("mounted", "");
        const Mount bound((files / "tiny/a").c_str(), files / "mounted", nullptr, MS_BIND, nullptr);
        files.write("b", "old");
        auto set =
            TargetSet::prepare({file(files / "b", "new"), file(files / "mounted", big)}).value();
        const auto outcome = set.commit();
        REQUIRE_FALSE(outcome.has_value());
        CHECK(outcome.error().fault == Fault::input_output);
        CHECK(files.read("b") == "old");
        CHECK(entries(files) == 3);
    }
    CHECK(files.read("tiny/a") == "old");
    CHECK(entries(files, "tiny") == 1);
}

TEST_CASE("a kaigara that is killed in the middle leaves whole files, and the next one goes on") {
    const ScratchDir files;
    files.write("a", "old");
    files.write("b", "old");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto set = TargetSet::prepare({file(files / "a", "new"), file(files / "b", "new")});
        auto half = Target::prepare({.path = files / "a"}, "new", Target::Leftovers::keep);
        if (set && half && half->replace()) ::kill(::getpid(), SIGKILL);
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(files.read("a") == "new");
    CHECK(files.read("b") == "old");
    CHECK(entries(files) == 5);
    auto set = TargetSet::prepare({file(files / "a", "new"), file(files / "b", "new")}).value();
    CHECK(set.outcome(0) == Outcome::unchanged);
    CHECK(set.commit().has_value());
    CHECK(files.read("b") == "new");
    CHECK(entries(files) == 2);
}

}  // TEST_SUITE("provision")
