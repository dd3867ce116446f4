// SPDX-License-Identifier: Apache-2.0
#include "platform/file_follower.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;
namespace fs = std::filesystem;

namespace {

// A follower on a loop of its own.
class Scene {
public:
    explicit Scene(std::vector<FollowedPath> paths)
        : follower_(loop_, std::move(paths),
                    [this] {
                        ++events_;
                        loop_.stop();
                    }),
          timeout_(loop_, [this] {
              is_late_ = true;
              loop_.stop();
          }) {
        follower_.arm();
    }

    // Whether an event comes of it. What was seen is followed anew, as a reader does.
    bool tells(const std::function<void()>& change) {
        follower_.arm();
        const int before = events_;
        is_late_ = false;
        change();
        timeout_.start(Milliseconds(10'000));
        while (events_ == before && !is_late_) loop_.run();
        timeout_.stop();
        return events_ != before;
    }
    // inotify's events are there when the system call that causes them returns, so those that
    // will ever come are served by one round.
    bool is_silent(const std::function<void()>& change) {
        follower_.arm();
        const int before = events_;
        change();
        loop_.run_ready();
        loop_.run_ready();
        return events_ == before;
    }
    bool needs_polling() const { return follower_.needs_polling(); }

private:
    Loop loop_;
    int events_ = 0;
    bool is_late_ = false;
    FileFollower follower_;
    Timer timeout_;
};

void write_to(const std::string& path, const char* text) { std::ofstream(path) << text; }

}  // namespace

TEST_SUITE("platform") {
TEST_CASE("a file is followed when it is written, replaced, removed, absent and back") {
    const test::ScratchDir scratch;
    const std::string file = scratch.write("a.yml", "1");
    Scene scene({{file, 0}});
    CHECK(scene.tells([&] { write_to(file, "2"); }));
    CHECK(scene.tells([&] {
        scratch.write("b", "3");
        fs::rename(scratch / "b", file);
    }));
    CHECK(scene.tells([&] { write_to(file, "4"); }));
    CHECK(scene.tells([&] { fs::remove(file); }));
    CHECK(scene.tells([&] { write_to(file, "5"); }));
}

TEST_CASE("what happens beside a followed file is no news, nor is reading it") {
    const test::ScratchDir scratch;
    const std::string file = scratch.write("a.yml", "1");
    Scene scene({{file, 0}});
    CHECK(scene.is_silent([&] { scratch.write("other", "1"); }));
    CHECK(scene.is_silent([&] { scratch.read("a.yml"); }));
}

TEST_CASE("a path is followed whose directories do not exist yet") {
    const test::ScratchDir scratch;
    Scene scene({{scratch / "deep/er/a.yml", 0}});
    CHECK(scene.tells([&] { scratch.make_dir("deep"); }));
    CHECK(scene.tells([&] { scratch.make_dir("deep/er"); }));
    CHECK(scene.tells([&] { scratch.write("deep/er/a.yml", "1"); }));
    CHECK(scene.tells([&] { fs::rename(scratch / "deep", scratch / "gone"); }));
}

TEST_CASE("links are followed: those on the way, and where they lead") {
    const test::ScratchDir scratch;
    scratch.write("..1/a.yml", "1");
    scratch.write("..2/a.yml", "2");
    fs::create_directory_symlink("..1", scratch / "..data");
    fs::create_symlink("..data/a.yml", scratch / "a.yml");
    Scene scene({{scratch / "a.yml", 0}});
    CHECK(scene.tells([&] {
        fs::create_directory_symlink("..2", scratch / "..data_tmp");
        fs::rename(scratch / "..data_tmp", scratch / "..data");
    }));
    CHECK(scene.tells([&] { write_to(scratch / "..2/a.yml", "3"); }));
    CHECK(scene.is_silent([&] { write_to(scratch / "..1/a.yml", "4"); }));
}

TEST_CASE("a directory is followed as deep as it is wanted") {
    const test::ScratchDir scratch;
    scratch.write("d/one", "1");
    scratch.write("d/sub/two", "2");
    Scene shallow({{scratch / "d", 1}});
    CHECK(shallow.tells([&] { scratch.write("d/new", "1"); }));
    CHECK(shallow.is_silent([&] { write_to(scratch / "d/sub/two", "3"); }));
    Scene deep({{scratch / "d", 2}});
    CHECK(deep.tells([&] { write_to(scratch / "d/sub/two", "4"); }));
    CHECK(deep.tells([&] { scratch.make_dir("d/later"); }));
    CHECK(deep.tells([&] { scratch.write("d/later/three", "1"); }));
}

TEST_CASE("a file that is written to by another name is seen") {
    const test::ScratchDir scratch;
    const std::string file = scratch.write("d/a.yml", "1");
    fs::create_hard_link(file, scratch / "elsewhere");
    Scene scene({{scratch / "d", 1}});
    CHECK(scene.tells([&] { write_to(scratch / "elsewhere", "2"); }));
}

TEST_CASE("links in a circle lead nowhere and do no harm") {
    const test::ScratchDir scratch;
    fs::create_symlink("b", scratch / "a");
    fs::create_symlink("a", scratch / "b");
    Scene scene({{scratch / "a", 0}});
    CHECK(scene.tells([&] {
        fs::remove(scratch / "a");
        scratch.write("a", "1");
    }));
}

TEST_CASE("where there are more files than may be watched, polling is asked for") {
    const test::ScratchDir scratch;
    for (int i = 0; i < 4'200; ++i) scratch.write("d/" + std::to_string(i), "");
    const Scene many({{scratch / "d", 1}});
    CHECK(many.needs_polling());
}
}  // TEST_SUITE("platform")
