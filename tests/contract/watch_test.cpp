// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6, --watch: what is followed, and what happens when a file changes. Restarts are in
// watch_restart_test.cpp.

#include <chrono>
#include <csignal>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <unistd.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/proc.h"
#include "support/world.h"
#include "watch_scene.h"

using namespace kaigara::test;
using namespace std::chrono_literals;

namespace {

// Long enough for what must not happen to happen: several quiet times.
constexpr auto while_nothing_happens = 600ms;

void stop(Program& program) {
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a source that changes makes the file anew, and reload is one HUP") {
    const WatchScene watch("reload");
    const auto program = watch.start();
    watch.set_value("1");
    program->wait_for("got HUP\n");
    CHECK(watch.scene().folder().read("rendered") == "value 1\n");
    stop(*program);
    CHECK(count(program->output(), "got HUP") == 1);
    CHECK(count(program->output(), "run ") == 1);
}

TEST_CASE("a burst of changes is one reload") {
    const WatchScene watch("reload");
    const auto program = watch.start({"--watch-quiet", "300ms"});
    for (int value = 1; value <= 40; ++value) watch.set_value(std::to_string(value));
    program->wait_for("got HUP\n");
    CHECK(watch.scene().folder().read("rendered") == "value 40\n");
    CHECK(program->stays(while_nothing_happens));
    stop(*program);
    CHECK(count(program->output(), "got HUP") == 1);
}

TEST_CASE("signal:SIG is that signal, run:CMD that command, none is nothing") {
    const WatchScene by_signal("signal:USR1");
    auto program = by_signal.start();
    by_signal.set_value("1");
    program->wait_for("got USR1\n");
    stop(*program);

    const WatchScene by_command("run:echo \"ran $KAIGARA_WORD\"; exit 3");
    program = by_command.start({}, Place::first, {"KAIGARA_WORD=here"});
    by_command.set_value("1");
    program->wait_for("ran here\n");
    program->wait_for_error("failed with status 3");
    stop(*program);
    CHECK_FALSE(has(program->output(), "got"));

    const WatchScene by_none("none");
    program = by_none.start();
    by_none.set_value("1");
    by_none.await_value(*program, "1");
    CHECK(program->stays(while_nothing_happens));
    stop(*program);
    CHECK_FALSE(has(program->output(), "got"));
}

TEST_CASE("a source that says the same in other words changes nothing") {
    const WatchScene watch("reload");
    const auto program = watch.start();
    const FileFacts before = facts_of(watch.path("rendered"));
    watch.put("watched.yml", "# a comment\nvalue:   0\n");
    CHECK(program->stays(while_nothing_happens));
    CHECK(is_untouched(watch.path("rendered"), before));
    stop(*program);
    CHECK_FALSE(has(program->output(), "got"));
}

TEST_CASE("a ConfigMap volume is followed through its swaps") {
    namespace fs = std::filesystem;
    const WatchScene watch("reload", "", "");
    const ScratchDir& folder = watch.scene().folder();
    folder.write("map/..1/value", "a");
    fs::create_directory_symlink("..1", folder / "map/..data");
    fs::create_symlink("..data/value", folder / "map/value");
    watch.scene().config(fmt::format("metadata:\n  - directory: map\ntemplates:\n"
                                     "  - {{source: t, target: '{}', on-change: reload}}\n",
                                     watch.path("rendered")));
    const auto program = watch.start();
    CHECK(folder.read("rendered") == "value a\n");
    for (const std::string value : {"b", "c", "d"}) {
        folder.write("map/.." + value + "/value", value);
        fs::create_directory_symlink(".." + value, folder / "map/..data_tmp");
        fs::rename(folder / "map/..data_tmp", folder / "map/..data");
        program->wait_for("got HUP\n");
        CHECK(folder.read("rendered") == fmt::format("value {}\n", value));
    }
    stop(*program);
}

TEST_CASE("a secret's file that a variable names is followed, and its value is in no message") {
    const WatchScene watch("reload");
    watch.put("token", "first-token");
    const std::string variable = "KAIGARA_META_value_FILE=" + watch.path("token");
    const auto program = watch.start({"--log-level", "debug"}, Place::first, {variable});
    CHECK(watch.scene().folder().read("rendered") == "value first-token\n");
    watch.put("token", "second-token");
    program->wait_for("got HUP\n");
    CHECK(watch.scene().folder().read("rendered") == "value second-token\n");
    stop(*program);
    CHECK_FALSE(has(program->errors(), "first-token"));
    CHECK_FALSE(has(program->errors(), "second-token"));
}

TEST_CASE("a command is asked at each interval") {
    const WatchScene watch("reload");
    watch.scene().config(fmt::format("metadata:\n  - command: [cat, '{}']\ntemplates:\n"
                                     "  - {{source: t, target: '{}', on-change: reload}}\n",
                                     watch.path("watched.yml"), watch.path("rendered")));
    const auto program = watch.start({"--watch-interval", "1s"});
    watch.set_value("1");
    program->wait_for("got HUP\n");
    CHECK(watch.scene().folder().read("rendered") == "value 1\n");
    stop(*program);
}

TEST_CASE("a command that fails is one warning, what it said last stays, and its return is told") {
    const WatchScene watch("reload");
    watch.scene().config(fmt::format("metadata:\n  - command: [cat, '{}']\ntemplates:\n"
                                     "  - {{source: t, target: '{}', on-change: reload}}\n",
                                     watch.path("watched.yml"), watch.path("rendered")));
    const auto program = watch.start({"--watch-interval", "1s"});
    ::unlink(watch.path("watched.yml").c_str());
    program->wait_for_error("a source is away");
    CHECK(program->stays(while_nothing_happens));
    CHECK(watch.scene().folder().read("rendered") == "value 0\n");
    watch.set_value("1");
    program->wait_for_error("is back");
    program->wait_for("got HUP\n");
    stop(*program);
    CHECK(count(program->errors(), "a source is away") == 1);
}

TEST_CASE("what is wrong in a source or refused by a check leaves the old file alone") {
    const WatchScene watch("reload", "check: 'grep -qv bad {{target}}'");
    const auto program = watch.start();
    const FileFacts before = facts_of(watch.path("rendered"));
    watch.put("watched.yml", "value: [\n");
    program->wait_for_error("kaigara: error:");
    watch.set_value("bad");
    program->wait_for_error("the check of");
    CHECK(is_untouched(watch.path("rendered"), before));
    watch.put("watched.yml", "other: 1\n");
    program->wait_for_error("value");
    CHECK(is_untouched(watch.path("rendered"), before));
    CHECK_FALSE(has(program->output(), "got"));
    watch.set_value("good");
    program->wait_for("got HUP\n");
    CHECK(watch.scene().folder().read("rendered") == "value good\n");
    stop(*program);
}

TEST_CASE("a change between the start and the watch is found") {
    const WatchScene watch("reload");
    // The last operation of the start changes the source; the application is given some time to
    // have its handlers by the splay of none: reload waits for the first pass alone.
    watch.scene().operation("10-change",
                            "cd \"$scene\"; printf 'value: 1\\n' >n; mv n watched.yml");
    const auto program = watch.start();
    watch.await_value(*program, "1");
    program->send(SIGTERM);
    program->wait();
}

TEST_CASE("a watcher that is killed comes back, and the application never knows") {
    const WatchScene watch("reload");
    const auto program = watch.start();
    program->eventually("the watcher runs",
                        [&] { return WatchScene::watcher_of(program->pid()) != 0; });
    const pid_t first = WatchScene::watcher_of(program->pid());
    ::kill(first, SIGKILL);
    program->wait_for_error("the watcher was ended by signal 9");
    program->eventually("another watcher runs", [&] {
        const pid_t now = WatchScene::watcher_of(program->pid());
        return now != 0 && now != first;
    });
    watch.set_value("1");
    program->wait_for("got HUP\n");
    stop(*program);
    CHECK(count(program->output(), "run ") == 1);
}

TEST_CASE("a stop ends at once, with the watcher gone") {
    for (const Place place : {Place::first, Place::later}) {
        const WatchScene watch("reload");
        const auto program = watch.start({}, place);
        program->eventually("the watcher runs",
                            [&] { return WatchScene::watcher_of(program->pid()) != 0; });
        const pid_t watcher = WatchScene::watcher_of(program->pid());
        const auto before = std::chrono::steady_clock::now();
        stop(*program);
        CHECK(std::chrono::steady_clock::now() - before < 1s);
        CHECK((::kill(watcher, 0) != 0 || state_of(watcher) == 'Z'));
    }
}

TEST_CASE("the grace time does not wait for the watcher") {
    const WatchScene watch("reload");
    const auto program = watch.start({"--grace", "30s"});
    program->eventually("the watcher runs",
                        [&] { return WatchScene::watcher_of(program->pid()) != 0; });
    const auto before = std::chrono::steady_clock::now();
    stop(*program);
    CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("no watcher outlives a kaigara that is killed") {
    const WatchScene watch("reload");
    const auto program = watch.start({}, Place::later);
    program->eventually("the watcher runs",
                        [&] { return WatchScene::watcher_of(program->pid()) != 0; });
    const pid_t watcher = WatchScene::watcher_of(program->pid());
    program->send(SIGKILL);
    program->eventually("the watcher is gone", [&] {
        return ::kill(watcher, 0) != 0 || state_of(watcher) == 'Z' || state_of(watcher) == ' ';
    });
    program->wait();
}

TEST_CASE("without --watch nothing is followed, and nobody but kaigara calls 'watch'") {
    const WatchScene watch("reload");
    const auto program = watch.start({"--watch=0"});
    CHECK(WatchScene::watcher_of(program->pid()) == 0);
    watch.set_value("1");
    CHECK(program->stays(while_nothing_happens));
    CHECK(watch.scene().folder().read("rendered") == "value 0\n");
    stop(*program);
    check_refused(run({.words = command({"watch"})}), "exit 64", {"kaigara start --watch"});
}

TEST_CASE("an edited kaigara.yml is not followed by half: the watcher says so and ends") {
    const WatchScene watch("reload");
    const auto program = watch.start();
    program->eventually("the watcher runs",
                        [&] { return WatchScene::watcher_of(program->pid()) != 0; });
    watch.scene().config(fmt::format("metadata:\n  - file: watched.yml\ntemplates:\n"
                                     "  - {{source: t, target: '{}', on-change: restart}}\n",
                                     watch.path("rendered")));
    ::kill(WatchScene::watcher_of(program->pid()), SIGKILL);
    program->wait_for_error("kaigara.yml has changed since the start");
    program->eventually("no watcher is left",
                        [&] { return WatchScene::watcher_of(program->pid()) == 0; });
    stop(*program);
}
}  // TEST_SUITE("contract")
