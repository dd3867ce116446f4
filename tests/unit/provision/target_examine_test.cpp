// SPDX-License-Identifier: Apache-2.0

// What would become of a target, without an effect on it.

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "privileges.h"
#include "provision/target.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::Examination;
using provision::Owner;
using provision::RootDirectory;
using provision::Target;
using Outcome = Target::Outcome;

namespace {

Examination examine(const std::string& path, std::string_view content) {
    return Target::examine({.path = path}, content);
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a plan tells a new, a changed and an unchanged file apart, and touches none") {
    const ScratchDir files;
    files.write("a", "old", 0640);
    const struct stat before = status_of(files.path());
    const Examination fresh = examine(files / "new", "x");
    CHECK(fresh.outcome == Outcome::replaced);
    CHECK(fresh.is_new);
    CHECK(fresh.content_differs);
    CHECK(fresh.new_mode == 0644);
    CHECK(fresh.new_owner == Owner{::geteuid(), ::getegid()});
    CHECK_FALSE(fresh.old_content.has_value());
    CHECK_FALSE(fresh.error.has_value());
    const Examination changed = examine(files / "a", "new");
    CHECK(changed.outcome == Outcome::replaced);
    CHECK_FALSE(changed.is_new);
    CHECK(changed.old_content == "old");
    CHECK(changed.old_mode == 0640);
    CHECK(changed.new_mode == 0640);
    CHECK(changed.old_owner == changed.new_owner);
    CHECK(examine(files / "a", "old").outcome == Outcome::unchanged);
    CHECK_FALSE(examine(files / "a", "old").content_differs);
    const struct stat after = status_of(files.path());
    CHECK(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    CHECK(entries(files) == 1);
}

TEST_CASE("a plan tells that only the mode or the owner would change") {
    const ScratchDir files;
    files.write("a", "same", 0640);
    const Examination mode = Target::examine({.path = files / "a", .mode = 0600}, "same");
    CHECK(mode.outcome == Outcome::replaced);
    CHECK_FALSE(mode.content_differs);
    CHECK(mode.old_mode == 0640);
    CHECK(mode.new_mode == 0600);
    const Owner other{::geteuid() + 1, ::getegid()};
    const Examination owner = Target::examine({.path = files / "a", .owner = other}, "same");
    CHECK(owner.outcome == Outcome::replaced);
    CHECK(owner.new_owner == other);
    CHECK(owner.old_owner.uid == ::geteuid());
    CHECK(owner.error.has_value() == (::geteuid() != 0));
}

TEST_CASE("a plan warns as the write would, and gives a secret its mode") {
    const ScratchDir files;
    files.write("a", "old", 0644);
    const Examination wide = Target::examine({.path = files / "a", .has_secret = true}, "new");
    REQUIRE(wide.warnings.size() == 1);
    CHECK(contains(wide.warnings[0], "open to others"));
    CHECK(Target::examine({.path = files / "b", .has_secret = true}, "new").new_mode == 0600);
}

TEST_CASE("a plan knows what could not be written") {
    const ScratchDir files;
    files.make_dir("folder");
    files.write("file", "x");
    for (const std::string& path :
         {files / "folder", files / "file/a", files / "absent/a", std::string()}) {
        CAPTURE(path);
        const Examination examined = examine(path, "x");
        REQUIRE(examined.error.has_value());
        CHECK(examined.error->fault == Fault::cannot_create);
    }
    CHECK(contains(examine(files / "absent/a", "x").error->message, "mkdir -p"));
}

TEST_CASE("directories that would be made are no error, and are told") {
    const ScratchDir files;
    const std::vector<RootDirectory> directories{{files / "a", 0755}, {files / "a/b", 0755}};
    const Examination examined = Target::examine({.path = files / "a/b/c"}, "x", directories);
    CHECK_FALSE(examined.error.has_value());
    CHECK(examined.directories == std::vector<std::string>{files / "a", files / "a/b"});
    CHECK(entries(files) == 0);
    CHECK(Target::examine({.path = files / "x/c"}, "x", directories).error.has_value());
}

TEST_CASE("devices and descriptors are written to in every case") {
    const Examination null = examine("/dev/null", "x");
    CHECK(null.outcome == Outcome::passed_on);
    CHECK(null.content_differs);
    CHECK_FALSE(null.error.has_value());
    CHECK(examine("/dev/stdout", "x").outcome == Outcome::passed_on);
}

TEST_CASE("a plan knows a file that is a mount of its own") {
    if (::geteuid() != 0) KG_SKIP("needs root, to mount");
    const ScratchDir files;
    files.write("source", "old");
    files.write("a", "");
    const Mount mount((files / "source").c_str(), files / "a", nullptr, MS_BIND, nullptr);
    const Examination examined = examine(files / "a", "new");
    CHECK(examined.outcome == Outcome::written_in_place);
    REQUIRE(examined.warnings.size() == 1);
    CHECK(contains(examined.warnings[0], "mount"));
    CHECK(examined.old_content == "old");
    CHECK(examine(files / "a", "old").outcome == Outcome::unchanged);
}

TEST_CASE("a plan agrees with the write about what a user may do") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const ScratchDir files;
    REQUIRE(::chmod(files.path().c_str(), 0755) == 0);
    files.write("open", "old content", 0666);
    files.write("shut", "old content", 0644);
    files.write("hidden", "old content", 0600);
    files.make_dir("free");
    REQUIRE(::chmod((files / "free").c_str(), 0777) == 0);
    files.write("free/open", "old content", 0666);
    files.write("free/shut", "old content", 0644);
    const AsUser user(nobody);
    for (const char* name :
         {"open", "shut", "hidden", "absent", "free/open", "free/shut", "free/absent"}) {
        CAPTURE(name);
        const Examination examined = examine(files / name, "new");
        const Written written = write(files / name, "new");
        REQUIRE(examined.error.has_value() == !written.outcome.has_value());
        if (written.outcome) {
            CHECK(examined.outcome == *written.outcome);
            CHECK(examined.warnings == written.warnings);
        } else {
            CHECK(examined.error->text() == written.outcome.error().text());
        }
    }
    CHECK_FALSE(examine(files / "hidden", "new").old_content.has_value());
}

}  // TEST_SUITE("provision")
