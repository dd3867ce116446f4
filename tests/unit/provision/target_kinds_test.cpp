// SPDX-License-Identifier: Apache-2.0

// Targets that are not simply replaced: links, devices, files of other users, mounts.

#include "provision/target.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "platform/fd.h"
#include "platform/files.h"
#include "platform/signals.h"
#include "privileges.h"
#include "provision/target_path.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::Owner;
using provision::Target;
using provision::TargetSpec;
using Outcome = Target::Outcome;

TEST_SUITE("provision") {

TEST_CASE("a link that another user has put into a shared directory is not followed") {
    if (!may_become_another()) KG_SKIP("needs root, to give links away");
    const ScratchDir files;
    const std::string folder = files.make_dir("shared");
    const std::string link = files / "shared/link";
    files.write("victim", "old");
    REQUIRE(::symlink((files / "victim").c_str(), link.c_str()) == 0);
    REQUIRE(::chmod(folder.c_str(), 01777) == 0);
    REQUIRE(::lchown(link.c_str(), nobody, nobody) == 0);
    const auto refused = Target::prepare({.path = link}, "new");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text().find("is a link that another user has put into a directory") !=
          std::string::npos);
    CHECK(files.read("victim") == "old");
    // One's own, and that of the directory's owner, are followed.
    REQUIRE(::lchown(link.c_str(), 0, 0) == 0);
    CHECK(Target::prepare({.path = link}, "new"));
    REQUIRE(::lchown(link.c_str(), nobody, nobody) == 0);
    REQUIRE(::chown(folder.c_str(), nobody, nobody) == 0);
    CHECK(Target::prepare({.path = link}, "new"));
}

TEST_CASE("a symbolic link is written through and stays") {
    const ScratchDir files;
    files.make_dir("real");
    REQUIRE(::symlink("real/a", (files / "link").c_str()) == 0);
    REQUIRE(::symlink((files / "link").c_str(), (files / "link2").c_str()) == 0);
    SUBCASE("to a file") { files.write("real/a", "old", 0640); }
    SUBCASE("to nothing yet") {}
    CHECK(*write(files / "link2", "new").outcome == Outcome::replaced);
    CHECK(S_ISLNK(status_of(files / "link").st_mode));
    CHECK(S_ISLNK(status_of(files / "link2").st_mode));
    CHECK(files.read("real/a") == "new");
    CHECK(entries(files, "real") == 1);
    CHECK(entries(files) == 3);
}

TEST_CASE("links in a circle are an error") {
    const ScratchDir files;
    REQUIRE(::symlink("b", (files / "a").c_str()) == 0);
    REQUIRE(::symlink("a", (files / "b").c_str()) == 0);
    const Written written = write(files / "a", "x");
    REQUIRE_FALSE(written.outcome.has_value());
    CHECK(written.outcome.error().fault == Fault::cannot_create);
}

TEST_CASE("a FIFO is written to and stays; one that nobody reads is an error, not a wait") {
    const ScratchDir files;
    platform::take_signals();
    REQUIRE(::mkfifo((files / "fifo").c_str(), 0600) == 0);
    const Written unread = write(files / "fifo", "x");
    REQUIRE_FALSE(unread.outcome.has_value());
    CHECK(contains(unread.outcome.error().text(), "nobody reads"));
    const platform::Fd reader(::open((files / "fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(*write(files / "fifo", "hello").outcome == Outcome::passed_on);
    CHECK(platform::read_all(reader.get(), 100).value() == "hello");
    CHECK(S_ISFIFO(status_of(files / "fifo").st_mode));
}

TEST_CASE("a device is written to, and its error is an error") {
    CHECK(*write("/dev/null", "x").outcome == Outcome::passed_on);
    const Written full = write("/dev/full", "x");
    REQUIRE_FALSE(full.outcome.has_value());
    CHECK(full.outcome.error().fault == Fault::input_output);
    CHECK(contains(full.outcome.error().text(), "/dev/full"));
}

TEST_CASE("a descriptor of ours is written to where it stands, also through a link to it") {
    const ScratchDir files;
    const platform::Fd file(::open((files / "log").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    platform::write_all(file.get(), "first ").value();
    const std::string number = std::to_string(file.get());
    CHECK(*write("/dev/fd/" + number, "second ").outcome == Outcome::passed_on);
    REQUIRE(::symlink(("/proc/self/fd/" + number).c_str(), (files / "link").c_str()) == 0);
    CHECK(*write(files / "link", "third").outcome == Outcome::passed_on);
    CHECK(files.read("log") == "first second third");
    CHECK_FALSE(write("/dev/fd/9999", "x").outcome.has_value());
}

TEST_CASE("the names of descriptors are known") {
    using namespace provision;
    CHECK(own_descriptor("/dev/stdout") == 1);
    CHECK(own_descriptor("/dev/stderr") == 2);
    CHECK(own_descriptor("/dev/fd/12") == 12);
    CHECK(own_descriptor("/proc/self/fd/3") == 3);
    CHECK_FALSE(own_descriptor("/dev/fd/"));
    CHECK_FALSE(own_descriptor("/dev/stdout2"));
    CHECK(is_descriptor_of_a_process("/proc/1/fd/2"));
    CHECK_FALSE(is_descriptor_of_a_process("/proc/1/cmdline"));
    CHECK_FALSE(is_descriptor_of_a_process("/proc/x/fd/2"));
    CHECK_FALSE(is_descriptor_of_a_process("/srv/1/fd/2"));
}

TEST_CASE("an existing file keeps its owner, and gets the one that was told") {
    if (!may_become_another()) KG_SKIP("needs root, to give files away");
    const ScratchDir files;
    files.write("a", "old", 04755);
    REQUIRE(::chown((files / "a").c_str(), nobody, nobody) == 0);
    REQUIRE(::chmod((files / "a").c_str(), 04755) == 0);
    CHECK(*write(files / "a", "new").outcome == Outcome::replaced);
    CHECK(status_of(files / "a").st_uid == nobody);
    CHECK(status_of(files / "a").st_gid == nobody);
    CHECK(files.mode("a") == 04755);
    const TargetSpec told{.path = files / "a", .owner = Owner{0, nobody}};
    CHECK(*write(told, "new").outcome == Outcome::replaced);
    CHECK(status_of(files / "a").st_uid == 0);
    CHECK(*write(told, "new").outcome == Outcome::unchanged);
}

TEST_CASE("a user who cannot keep the owner writes in place, or is refused") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const ScratchDir files;
    REQUIRE(::chmod(files.path().c_str(), 0777) == 0);
    files.write("open", "old content", 0666);
    files.write("shut", "old content", 0644);
    const ino_t before = status_of(files / "open").st_ino;
    {
        const AsUser user(nobody);
        const Written open = write(files / "open", "new");
        CHECK(*open.outcome == Outcome::written_in_place);
        REQUIRE(open.warnings.size() == 1);
        CHECK(contains(open.warnings[0], "not atomically"));
        const Written shut = write(files / "shut", "new");
        REQUIRE_FALSE(shut.outcome.has_value());
        CHECK(shut.outcome.error().fault == Fault::cannot_create);
        const Written told = write({.path = files / "mine", .owner = Owner{0, 0}}, "new");
        CHECK(told.outcome.error().fault == Fault::cannot_create);
    }
    CHECK(status_of(files / "open").st_ino == before);
    CHECK(files.read("open") == "new");
    CHECK(files.read("shut") == "old content");
    CHECK(entries(files) == 2);
}

TEST_CASE("a file in a directory that takes no new ones is written in place, with a warning") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const ScratchDir files;
    REQUIRE(::chmod(files.path().c_str(), 0755) == 0);
    files.write("a", "old content", 0666);
    const AsUser user(nobody);
    const Written written = write(files / "a", "new");
    CHECK(*written.outcome == Outcome::written_in_place);
    CHECK(written.warnings.size() == 1);
    CHECK(files.read("a") == "new");
    const Written absent = write(files / "b", "new");
    CHECK(absent.outcome.error().fault == Fault::cannot_create);
}

TEST_CASE("a file that is a mount of its own is written in place, with a warning") {
    if (::geteuid() != 0) KG_SKIP("needs root, to mount");
    const ScratchDir files;
    files.write("source", "old and long", 0640);
    files.write("a", "");
    const Mount mount((files / "source").c_str(), files / "a", nullptr, MS_BIND, nullptr);
    const Written written = write(TargetSpec{.path = files / "a", .mode = 0600}, "new");
    CHECK(*written.outcome == Outcome::written_in_place);
    REQUIRE(written.warnings.size() == 1);
    CHECK(contains(written.warnings[0], "mount"));
    CHECK(files.read("source") == "new");
    CHECK(files.mode("source") == 0600);
    CHECK(entries(files) == 2);
}

TEST_CASE("without room the old content stays, also when it is written in place") {
    if (::geteuid() != 0) KG_SKIP("needs root, to mount");
    const ScratchDir files;
    files.make_dir("tiny");
    const Mount tiny("tmpfs", files / "tiny", "tmpfs", 0, "size=64k");
    files.write("tiny/a", "old");
    const std::string big(200'000, 'x');
    const Written replaced = write(files / "tiny/a", big);
    REQUIRE_FALSE(replaced.outcome.has_value());
    CHECK(replaced.outcome.error().fault == Fault::input_output);
    CHECK(contains(replaced.outcome.error().text(), "No space left"));
    CHECK(files.read("tiny/a") == "old");
    CHECK(entries(files, "tiny") == 1);

    files.write("a", "");
    const Mount bound((files / "tiny/a").c_str(), files / "a", nullptr, MS_BIND, nullptr);
    const Written in_place = write(files / "a", big);
    REQUIRE_FALSE(in_place.outcome.has_value());
    CHECK(in_place.outcome.error().fault == Fault::input_output);
    CHECK(files.read("a") == "old");
}

}  // TEST_SUITE("provision")
