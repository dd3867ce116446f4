// SPDX-License-Identifier: Apache-2.0
#include "app/metrics_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "control_scene.h"
#include "platform/files.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::app;
using test::mode_of;
using test::serve_until;

namespace {

int warnings = 0;

// A text that a test changes, and the file of it.
struct Scene {
    Scene() : before(log::settings()) {
        warnings = 0;
        log::settings() = {};
        log::settings().sink = [](std::string_view line) noexcept {
            if (line.find("the metrics file") != std::string_view::npos) ++warnings;
        };
    }
    ~Scene() { log::settings() = before; }

    bool holds(const std::string& wanted) const {
        return scratch.exists("m/kaigara.prom") && scratch.read("m/kaigara.prom") == wanted;
    }

    std::vector<std::string> names() const { return *platform::list_directory(directory); }

    ino_t inode() const {
        struct stat found{};
        REQUIRE(::stat(path.c_str(), &found) == 0);
        return found.st_ino;
    }

    log::Settings before;
    test::ScratchDir scratch;
    std::string directory = scratch.make_dir("m");
    std::string path = directory + "/kaigara.prom";
    std::string text = "one";
    platform::Loop loop;
    MetricsFile file{loop, path,
                     [this](bool is_up) { return text + (is_up ? " up\n" : " down\n"); }};
};

}  // namespace

TEST_SUITE("app") {
TEST_CASE("the first change is written at once, the others a second later") {
    Scene scene;
    const auto begun = std::chrono::steady_clock::now();
    scene.file.changed();
    CHECK(scene.holds("one up\n"));
    scene.text = "two";
    scene.file.changed();
    scene.text = "three";
    scene.file.changed();
    CHECK(scene.holds("one up\n"));
    REQUIRE(serve_until(scene.loop, [&] { return scene.holds("three up\n"); }));
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(990));
    CHECK(test::timers(scene.loop) == 0);
}

TEST_CASE("everybody may read it, whatever the umask, and nothing stands beside it") {
    Scene scene;
    const mode_t before = ::umask(0077);
    scene.file.changed();
    ::umask(before);
    CHECK(mode_of(scene.path) == 0644);
    CHECK(scene.names() == std::vector<std::string>{"kaigara.prom"});
}

TEST_CASE("a text that is the same is not written again") {
    Scene scene;
    scene.file.changed();
    // Whoever took the file away sees whether it comes back.
    REQUIRE(::unlink(scene.path.c_str()) == 0);
    scene.file.changed();
    REQUIRE(test::timers(scene.loop) == 1);
    scene.loop.run();  // until it was due
    CHECK(scene.names().empty());
    scene.text = "two";
    scene.file.changed();
    CHECK(scene.holds("two up\n"));
}

TEST_CASE("the last text is written at the end, and none after it") {
    Scene scene;
    scene.file.changed();
    scene.text = "two";
    scene.file.changed();  // would be written a second later
    scene.file.finish();
    CHECK(scene.holds("two down\n"));
    CHECK(test::timers(scene.loop) == 0);
    scene.text = "three";
    scene.file.changed();
    scene.file.finish();
    CHECK(scene.holds("two down\n"));
}

TEST_CASE("a reader that has the old file open keeps the old text") {
    Scene scene;
    scene.file.changed();
    const ino_t old = scene.inode();
    const platform::Fd reader(::open(scene.path.c_str(), O_RDONLY | O_CLOEXEC));
    scene.file.finish();
    CHECK(scene.inode() != old);
    CHECK(*platform::read_all(reader.get(), 100) == "one up\n");
}

TEST_CASE("what one that was killed has left is no obstacle") {
    Scene scene;
    scene.scratch.write(fmt::format("m/.kaigara.prom.kaigara-{}.tmp", ::getpid()), "half a te");
    scene.file.changed();
    CHECK(scene.holds("one up\n"));
    CHECK(scene.names() == std::vector<std::string>{"kaigara.prom"});
}

TEST_CASE("a failure is one warning until it works again") {
    Scene scene;
    REQUIRE(::rmdir(scene.directory.c_str()) == 0);
    scene.file.changed();
    CHECK(warnings == 1);
    scene.text = "two";
    scene.file.finish();
    CHECK(warnings == 1);

    Scene again;
    REQUIRE(::rmdir(again.directory.c_str()) == 0);
    again.file.changed();
    CHECK(warnings == 1);
    REQUIRE(::mkdir(again.directory.c_str(), 0755) == 0);
    again.file.changed();
    REQUIRE(serve_until(again.loop, [&] { return again.holds("one up\n"); }));
    CHECK(warnings == 1);
    REQUIRE(::unlink(again.path.c_str()) == 0);
    REQUIRE(::rmdir(again.directory.c_str()) == 0);
    again.file.finish();
    CHECK(warnings == 2);
}

TEST_CASE("what is no regular file is left alone, and nothing is left beside it") {
    Scene scene;
    REQUIRE(::symlink("/dev/null", scene.path.c_str()) == 0);
    scene.file.changed();
    CHECK(warnings == 1);
    CHECK(scene.names() == std::vector<std::string>{"kaigara.prom"});
    CHECK(::readlink(scene.path.c_str(), scene.text.data(), 1) == 1);

    Scene directory;
    REQUIRE(::mkdir(directory.path.c_str(), 0755) == 0);
    directory.file.changed();
    CHECK(warnings == 1);
    CHECK(directory.names() == std::vector<std::string>{"kaigara.prom"});
}
}  // TEST_SUITE("app")
