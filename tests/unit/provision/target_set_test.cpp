// SPDX-License-Identifier: Apache-2.0
#include "provision/target_set.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "platform/files.h"
#include "privileges.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::RootDirectory;
using provision::Target;
using provision::TargetFile;
using provision::TargetSet;
using Outcome = Target::Outcome;

namespace {

TargetFile file(const std::string& path, std::string content) {
    return {.spec = {.path = path}, .content = std::move(content), .directories = {}, .where = ""};
}

Errors errors_of(std::vector<TargetFile> files) {
    auto set = TargetSet::prepare(std::move(files));
    REQUIRE_FALSE(set.has_value());
    return set.error();
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a set of files is put in place, and nothing is left beside them") {
    const ScratchDir files;
    files.write("changed", "old", 0604);
    files.write("same", "same", 0600);
    files.write("real/a", "old");
    REQUIRE(::symlink("real/a", (files / "link").c_str()) == 0);
    const ino_t same = status_of(files / "same").st_ino;
    auto set = TargetSet::prepare({file(files / "new", "1"), file(files / "changed", "2"),
                                   file(files / "same", "same"), file(files / "link", "3"),
                                   file("/dev/null", "4")})
                   .value();
    REQUIRE(set.size() == 5);
    CHECK(set.outcome(0) == Outcome::replaced);
    CHECK(set.outcome(2) == Outcome::unchanged);
    CHECK(platform::read_file(set.staged_path(1), 10).value() == "2");
    CHECK(files.read("changed") == "old");
    CHECK(set.commit().value() == std::vector{Outcome::replaced, Outcome::replaced,
                                              Outcome::unchanged, Outcome::replaced,
                                              Outcome::passed_on});
    CHECK(set.warnings().empty());
    CHECK(files.read("new") == "1");
    CHECK(files.mode("new") == 0644);
    CHECK(files.read("changed") == "2");
    CHECK(files.mode("changed") == 0604);
    CHECK(files.read("real/a") == "3");
    CHECK(status_of(files / "same").st_ino == same);
    CHECK(entries(files) == 5);
    CHECK(entries(files, "real") == 1);
}

TEST_CASE("the same set twice in a row changes nothing the second time") {
    const ScratchDir files;
    files.write("b", "old");
    const std::vector<TargetFile> wanted{file(files / "a", "1"), file(files / "b", "2")};
    CHECK(TargetSet::prepare(wanted).value().commit().has_value());
    const ino_t before = status_of(files / "b").st_ino;
    CHECK(TargetSet::prepare(wanted).value().commit().value() ==
          std::vector{Outcome::unchanged, Outcome::unchanged});
    CHECK(status_of(files / "b").st_ino == before);
    CHECK(entries(files) == 2);
}

TEST_CASE("an empty set is put in place") {
    CHECK(TargetSet::prepare({}).value().commit().value().empty());
}

TEST_CASE("a set that goes away without a commit leaves nothing behind") {
    const ScratchDir files;
    files.write("a", "old");
    TargetFile deep = file(files / "x/y/z", "1");
    deep.directories = {{files / "x", 0755}, {files / "x/y", 0755}};
    {
        auto set = TargetSet::prepare({file(files / "a", "new"), deep}).value();
        const TargetSet moved = std::move(set);
        CHECK(files.exists("x/y"));
        CHECK(entries(files) == 3);
    }
    CHECK(files.read("a") == "old");
    CHECK(entries(files) == 1);
}

TEST_CASE("all that cannot be prepared is told, and nothing is left behind") {
    const ScratchDir files;
    files.make_dir("folder");
    TargetFile deep = file(files / "x/y", "1");
    deep.directories = {{files / "x", 0755}};
    const Errors errors = errors_of(
        {file(files / "a", "1"), deep, file(files / "folder", "2"), file(files / "absent/b", "3")});
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].where == (files / "folder"));
    CHECK(errors[1].where == (files / "absent/b"));
    CHECK(entries(files) == 1);
}

TEST_CASE("two files with one target are an error that names both, whatever the path looks like") {
    const ScratchDir files;
    files.make_dir("real");
    files.write("real/a", "old");
    REQUIRE(::symlink("real", (files / "folder").c_str()) == 0);
    REQUIRE(::symlink("real/a", (files / "link").c_str()) == 0);
    for (const char* other : {"real/a", "real//a", "real/./a", "folder/a", "link"}) {
        CAPTURE(other);
        TargetFile first = file(files / "real/a", "1");
        first.where = "templates/a.tmpl";
        TargetFile second = file(files / other, "1");
        second.where = "kaigara.yml:7:5";
        const Errors errors = errors_of({first, file(files / "b", "1"), second});
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].fault == Fault::configuration);
        CHECK(errors[0].where == "kaigara.yml:7:5");
        CHECK(contains(errors[0].message, "templates/a.tmpl"));
    }
    CHECK(errors_of({file("/dev/stdout", "1"), file("/proc/self/fd/1", "2")}).size() == 1);
    CHECK(entries(files, "real") == 1);
}

TEST_CASE("directories are made with exactly their mode, and those that exist keep theirs") {
    const ScratchDir files;
    files.make_dir("old");
    REQUIRE(::chmod((files / "old").c_str(), 0700) == 0);
    TargetFile one = file(files / "old/new/shut/a", "1");
    one.directories = {
        {files / "old", 0755}, {files / "old/new", 02775}, {files / "old/new/shut", 0555}};
    const mode_t before = ::umask(0077);
    auto set = TargetSet::prepare({one});
    REQUIRE(set.has_value());
    CHECK(set->commit().has_value());
    ::umask(before);
    CHECK(files.mode("old") == 0700);
    CHECK(files.mode("old/new") == 02775);
    CHECK(files.mode("old/new/shut") == 0555);
    CHECK(files.read("old/new/shut/a") == "1");
}

TEST_CASE("a directory that is to be seen by nobody else is never open to others") {
    const ScratchDir files;
    TargetFile one = file(files / "secret/a", "1");
    one.directories = {{files / "secret", 0500}};
    auto set = TargetSet::prepare({one}).value();
    CHECK(files.mode("secret") == 0700);
    CHECK(set.commit().has_value());
    CHECK(files.mode("secret") == 0500);
}

TEST_CASE("a directory that cannot be made is told once, however many files want it") {
    const ScratchDir files;
    files.write("file", "x");
    const std::vector<RootDirectory> directories{{files / "file", 0755}, {files / "file/x", 0755}};
    std::vector<TargetFile> wanted{file(files / "file/x/a", "1"), file(files / "file/x/b", "2")};
    for (TargetFile& one : wanted) one.directories = directories;
    const Errors errors = errors_of(wanted);
    REQUIRE_FALSE(errors.empty());
    CHECK(errors[0].where == (files / "file"));
    CHECK(errors[0].fault == Fault::cannot_create);
    CHECK(errors.size() == 1);
}

TEST_CASE("a directory that takes no files from this user fails the set, and leaves nothing") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const ScratchDir files;
    REQUIRE(::chmod(files.path().c_str(), 0755) == 0);
    files.make_dir("mine");
    REQUIRE(::chmod((files / "mine").c_str(), 0777) == 0);
    const AsUser user(nobody);
    TargetFile deep = file(files / "mine/x/a", "1");
    deep.directories = {{files / "mine/x", 0555}};
    const Errors errors = errors_of({deep, file(files / "b", "2")});
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].where == (files / "b"));
    CHECK(errors[0].fault == Fault::cannot_create);
    CHECK(entries(files, "mine") == 0);
    CHECK(TargetSet::prepare({deep}).value().commit().has_value());
    CHECK(files.mode("mine/x") == 0555);
    CHECK(files.read("mine/x/a") == "1");
}

TEST_CASE("a set may have more files than the process may have open") {
    const ScratchDir files;
    rlimit before = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    if (before.rlim_max < 1024) KG_SKIP("needs a hard limit of 1024 descriptors");
    rlimit tight = before;
    tight.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    std::vector<TargetFile> wanted;
    for (int number = 0; number < 200; ++number)
        wanted.push_back(file(files / fmt::format("{:03}", number), "x"));
    {
        auto set = TargetSet::prepare(std::move(wanted));
        CHECK(set.has_value());
        if (set) CHECK(set->commit().has_value());
    }
    rlimit after = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(after.rlim_cur == 64);
    CHECK(entries(files) == 200);
}

}  // TEST_SUITE("provision")
