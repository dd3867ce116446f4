// SPDX-License-Identifier: Apache-2.0
#include "provision/target.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>

#include "platform/fd.h"
#include "platform/files.h"
#include "platform/signals.h"
#include "provision/target_path.h"
#include "support/scratch.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::Target;
using provision::TargetSpec;
using Outcome = Target::Outcome;

namespace {

// Files of this process may not grow beyond `bytes` for a while.
class SizeLimit {
public:
    explicit SizeLimit(rlim_t bytes) {
        platform::take_signals();  // SIGXFSZ
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        rlimit tight = before_;
        tight.rlim_cur = bytes;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
    }
    ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    SizeLimit(const SizeLimit&) = delete;
    SizeLimit& operator=(const SizeLimit&) = delete;

private:
    rlimit before_ = {};
};

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a new file is 0644 whatever the umask is, and nothing is left beside it") {
    const ScratchDir files;
    const mode_t before = ::umask(0077);
    const Written written = write(files / "a.conf", "port 80\n");
    ::umask(before);
    CHECK(*written.outcome == Outcome::replaced);
    CHECK(written.warnings.empty());
    CHECK(files.read("a.conf") == "port 80\n");
    CHECK(files.mode("a.conf") == 0644);
    CHECK(entries(files) == 1);
}

TEST_CASE("a new file has the mode that it was told, or that of what it is copied from") {
    const ScratchDir files;
    CHECK(write(TargetSpec{.path = files / "told", .mode = 04711}, "x").outcome.has_value());
    CHECK(files.mode("told") == 04711);
    CHECK(
        write(TargetSpec{.path = files / "copy", .mode_when_new = 0755}, "x").outcome.has_value());
    CHECK(files.mode("copy") == 0755);
}

TEST_CASE("a replaced file is a new one with the old mode, and no reader sees a half") {
    const ScratchDir files;
    files.write("a", "old", 0604);
    const platform::Fd reader(::open((files / "a").c_str(), O_RDONLY | O_CLOEXEC));
    const ino_t before = status_of(files / "a").st_ino;
    CHECK(*write(files / "a", "new content").outcome == Outcome::replaced);
    CHECK(status_of(files / "a").st_ino != before);
    CHECK(files.mode("a") == 0604);
    CHECK(files.read("a") == "new content");
    CHECK(platform::read_all(reader.get(), 100).value() == "old");
}

TEST_CASE("an unchanged file is not touched") {
    const ScratchDir files;
    const std::string big(200'000, 'x');
    for (const std::string& content : {std::string("same"), std::string(), big}) {
        files.write("a", content, 0600);
        const struct stat before = status_of(files / "a");
        CHECK(*write(files / "a", content).outcome == Outcome::unchanged);
        const struct stat after = status_of(files / "a");
        CHECK(after.st_ino == before.st_ino);
        CHECK(after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
    }
    files.write("a", big);
    CHECK(*write(files / "a", big + "y").outcome == Outcome::replaced);
    CHECK(*write(files / "a", std::string(200'001, 'x')).outcome == Outcome::replaced);
    CHECK(files.read("a") == std::string(200'001, 'x'));
}

TEST_CASE("the same content with another mode than the one told is a change") {
    const ScratchDir files;
    files.write("a", "same", 0600);
    CHECK(*write(TargetSpec{.path = files / "a", .mode = 0640}, "same").outcome ==
          Outcome::replaced);
    CHECK(files.mode("a") == 0640);
    CHECK(*write(TargetSpec{.path = files / "a", .mode = 0640}, "same").outcome ==
          Outcome::unchanged);
}

TEST_CASE("a new file with a secret is 0600, unless it was told otherwise") {
    const ScratchDir files;
    CHECK(write(TargetSpec{.path = files / "a", .has_secret = true}, "x").warnings.empty());
    CHECK(files.mode("a") == 0600);
    CHECK(write(TargetSpec{.path = files / "b", .mode = 0640, .has_secret = true}, "x")
              .warnings.empty());
    CHECK(files.mode("b") == 0640);
}

TEST_CASE("a file that is open to others and gets a secret keeps its mode, with a warning") {
    const ScratchDir files;
    files.write("a", "old", 0640);
    const Written written = write(TargetSpec{.path = files / "a", .has_secret = true}, "secret");
    REQUIRE(written.warnings.size() == 1);
    CHECK(contains(written.warnings[0], files / "a"));
    CHECK(contains(written.warnings[0], "0640"));
    CHECK_FALSE(contains(written.warnings[0], "secret\n"));
    CHECK(files.mode("a") == 0640);
    files.write("b", "old", 0400);
    CHECK(write(TargetSpec{.path = files / "b", .has_secret = true}, "x").warnings.empty());
}

TEST_CASE("what cannot be created is named with its reason, and nothing is left behind") {
    const ScratchDir files;
    files.make_dir("folder");
    files.write("file", "x");
    struct Case {
        std::string path;
        const char* text;
    };
    const Case cases[] = {
        {files / "absent/a", "mkdir -p"},
        {files / "folder", "directory"},
        {files / "folder/", "directory"},
        {files / "file/a", "directory"},
        {"", "empty"},
        {files / std::string(300, 'n'), "name too long"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.path);
        const Written written = write(one.path, "x");
        REQUIRE_FALSE(written.outcome.has_value());
        CHECK(written.outcome.error().fault == Fault::cannot_create);
        std::string text = written.outcome.error().text();
        std::ranges::transform(text, text.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        CHECK(contains(text, one.text));
    }
    CHECK(entries(files) == 2);
    CHECK(entries(files, "folder") == 0);
}

TEST_CASE("a write that fails half-way leaves the old file and nothing else") {
    const ScratchDir files;
    files.write("a", "old");
    Written written{Outcome::unchanged, {}};
    {
        const SizeLimit limit(4096);
        written = write(files / "a", std::string(10'000, 'x'));
    }
    REQUIRE_FALSE(written.outcome.has_value());
    CHECK(written.outcome.error().fault == Fault::input_output);
    CHECK(written.outcome.error().where == (files / "a"));
    CHECK(files.read("a") == "old");
    CHECK(entries(files) == 1);
}

TEST_CASE("what was prepared and not put in place leaves nothing behind") {
    const ScratchDir files;
    files.write("a", "old", 0640);
    {
        auto target = Target::prepare({.path = files / "a"}, "new").value();
        const Target moved = std::move(target);
        CHECK(platform::read_file(moved.staged_path(), 100).value() == "new");
        CHECK(status_of(moved.staged_path()).st_mode == (S_IFREG | 0640));
        CHECK(files.read("a") == "old");
        CHECK(entries(files) == 2);
    }
    CHECK(files.read("a") == "old");
    CHECK(entries(files) == 1);
}

TEST_CASE("a check may read what will be written, whatever way it is written") {
    const ScratchDir files;
    files.write("same", "content");
    REQUIRE(::mkfifo((files / "fifo").c_str(), 0600) == 0);
    for (const char* name : {"new", "same", "fifo"}) {
        CAPTURE(name);
        const auto target = Target::prepare({.path = files / name}, "content").value();
        CHECK(platform::read_file(target.staged_path(), 100).value() == "content");
    }
}

TEST_CASE("a path without a directory is one in the working directory") {
    const ScratchDir files;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(files.path());
    const Written written = write("a", "x");
    std::filesystem::current_path(before);
    CHECK(*written.outcome == Outcome::replaced);
    CHECK(files.read("a") == "x");
    CHECK(provision::directory_of("/a") == "/");
    CHECK(provision::directory_of("/a/b") == "/a");
}

}  // TEST_SUITE("provision")
