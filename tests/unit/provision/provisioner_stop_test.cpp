// SPDX-License-Identifier: Apache-2.0

// What operations leave behind, and how they are stopped.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "platform/fd.h"
#include "scene.h"
#include "support/skip.h"

using namespace kaigara;
using provision::OutputMode;
using provision::ProvisionEnd;
using provision::ProvisionPlan;
using test::is_alive;
using test::Scene;
using Kind = ProvisionEnd::Kind;

namespace {

constexpr Milliseconds soon{50};
constexpr Milliseconds never{600'000};

// A shell loop that outlives everything but KILL.
constexpr const char* stubborn = "trap '' TERM INT QUIT HUP; while :; do sleep 0.01; done";

// A process that the test has to end itself.
class Leftover {
public:
    explicit Leftover(pid_t pid) : pid_(pid) {}
    ~Leftover() { ::kill(pid_, SIGKILL); }
    Leftover(const Leftover&) = delete;
    Leftover& operator=(const Leftover&) = delete;

private:
    pid_t pid_;
};

// Writes "$$" once the traps before it are set, so that a signal that follows finds them. Nothing
// runs in the foreground, so that a trap acts at once.
// The child says that both are ready: a shell's child that has not executed its program yet still
// has the shell's traps, and swallows a TERM.
std::string waits_with(std::string_view traps) {
    return fmt::format("{}\nwhile :; do sh -c 'echo $PPID > pid; exec sleep 600' & wait; done",
                       traps);
}

void start_and_wait_for_pid(Scene& scene, ProvisionPlan plan) {
    scene.start(std::move(plan));
    scene.serve_until(
        [&scene] { return scene.files.exists("pid") && scene.files.read("pid").ends_with('\n'); });
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("what an operation left in its session is ended before the next one starts") {
    struct Case {
        const char* what;
        const char* body;
        bool adopts_orphans;
    };
    const Case cases[] = {
        {"a background process", "sleep 600 & echo $! > left", true},
        {"one that is stopped", "sleep 600 & kill -STOP $!; echo $! > left", true},
        {"one in a group of its own", "bash -c 'set -m; sleep 600 & echo $! > left'", true},
        {"one that is not ours", "sleep 600 & echo $! > left", false},
    };
    for (const Case& one : cases) {
        CAPTURE(one.what);
        Scene scene(one.adopts_orphans);
        scene.script("10-a", one.body);
        scene.script("20-b", "kill -0 \"$(cat left)\" 2>/dev/null && ! grep -q '^State:.Z' "
                             "\"/proc/$(cat left)/status\" && echo it lives; :");
        ProvisionPlan plan = scene.plan();
        test::set_kill_after(plan, never);
        CHECK(scene.run(std::move(plan)).kind == Kind::done);
        CHECK(scene.files.read("out").empty());
        CHECK_FALSE(is_alive(scene.pid_in("left")));
    }
}

TEST_CASE("what ignores TERM is killed after kill-after") {
    Scene scene;
    scene.script("10-a", fmt::format("(echo ready > ready; {}) & echo $! > left\n"
                                     "while ! [ -e ready ]; do sleep 0.01; done",
                                     stubborn));
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, soon);
    CHECK(scene.run(std::move(plan)).kind == Kind::done);
    CHECK_FALSE(is_alive(scene.pid_in("left")));
}

TEST_CASE("what a failed operation left is ended, too") {
    Scene scene;
    scene.script("10-a", "sleep 600 & echo $! > left; exit 1");
    CHECK(scene.run(scene.plan()).kind == Kind::failed);
    CHECK_FALSE(is_alive(scene.pid_in("left")));
}

TEST_CASE("the last words of what was ended are passed on") {
    Scene scene;
    scene.script("10-a", "(trap 'echo bye; exit' TERM\n"
                         "while :; do sh -c ': > ready; exec sleep 600' & wait; done) &\n"
                         "while ! [ -e ready ]; do sleep 0.01; done");
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, never);
    CHECK(scene.run(std::move(plan)).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] bye\n");
}

TEST_CASE("a daemon that left the session stays, and its hold on the output delays nobody") {
    Scene scene;
    scene.script("10-a", "setsid sh -c 'echo $$ > left.new; mv left.new left; exec sleep 600' &\n"
                         "while ! [ -e left ]; do sleep 0.01; done; echo started");
    scene.script("20-b", "echo next");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    const Leftover daemon(scene.pid_in("left"));
    CHECK(is_alive(scene.pid_in("left")));
    CHECK(scene.files.read("out") == "[10-a] started\n[20-b] next\n");
}

TEST_CASE("a stop reaches the operation as the signal that it is, and nothing runs after it") {
    struct Case {
        int signal;
        const char* name;
    };
    const Case cases[] = {{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}};
    for (const Case& one : cases) {
        CAPTURE(one.name);
        Scene scene;
        scene.script("10-a", waits_with(fmt::format("trap 'echo got {0}; exit 0' {0}", one.name)));
        scene.script("20-b", "echo never");
        ProvisionPlan plan = scene.plan();
        test::set_kill_after(plan, never);
        start_and_wait_for_pid(scene, std::move(plan));
        scene.signal(one.signal);
        const ProvisionEnd& end = scene.finish();
        CHECK(end.kind == Kind::stopped);
        CHECK(end.signal == one.signal);
        CHECK(scene.files.read("out") == fmt::format("[10-a] got {}\n", one.name));
        CHECK(scene.log.has(fmt::format("info: {}: stopping operation 10-a", one.name)));
    }
}

TEST_CASE("a stop reaches all of the session: children, stopped ones, other groups") {
    Scene scene;
    scene.script("10-a",
                 "sleep 600 & echo $! > child; sleep 600 & kill -STOP $!; echo $! > stopped\n"
                 "bash -c 'set -m; sleep 600 & echo $! > other; disown'\n" +
                     waits_with(""));
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, never);
    start_and_wait_for_pid(scene, std::move(plan));
    scene.signal(SIGTERM);
    CHECK(scene.finish().kind == Kind::stopped);
    for (const char* file : {"child", "stopped", "other", "pid"}) {
        CAPTURE(file);
        CHECK_FALSE(is_alive(scene.pid_in(file)));
    }
}

TEST_CASE("background jobs that ignore INT are ended by TERM when the operation is gone") {
    Scene scene;
    scene.script("10-a", "sleep 600 & echo $! > left\n" + waits_with(""));
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, never);
    start_and_wait_for_pid(scene, std::move(plan));
    scene.signal(SIGINT);
    const ProvisionEnd& end = scene.finish();
    CHECK(end.kind == Kind::stopped);
    CHECK(end.signal == SIGINT);
    CHECK_FALSE(is_alive(scene.pid_in("left")));
}

TEST_CASE("an operation that ignores the stop is killed after kill-after") {
    Scene scene;
    scene.script("10-a", waits_with("trap '' TERM"));
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, soon);
    start_and_wait_for_pid(scene, std::move(plan));
    scene.signal(SIGTERM);
    CHECK(scene.finish().kind == Kind::stopped);
    CHECK_FALSE(is_alive(scene.pid_in("pid")));
}

TEST_CASE("a second stop kills at once, and the first one's number counts") {
    Scene scene;
    scene.script("10-a", waits_with("trap 'echo got it' TERM"));
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, never);
    start_and_wait_for_pid(scene, std::move(plan));
    scene.signal(SIGTERM);
    scene.serve_until([&scene] { return !scene.files.read("out").empty(); });
    CHECK_FALSE(scene.is_done());
    scene.signal(SIGINT);
    const ProvisionEnd& end = scene.finish();
    CHECK(end.kind == Kind::stopped);
    CHECK(end.signal == SIGTERM);
    CHECK_FALSE(is_alive(scene.pid_in("pid")));
}

TEST_CASE("a stop while leftovers are cleared ends the stage without a further operation") {
    Scene scene;
    scene.script("10-a", fmt::format("({}) & echo $! > left; echo $$ > pid", stubborn));
    scene.script("20-b", "echo never");
    ProvisionPlan plan = scene.plan();
    test::set_kill_after(plan, Milliseconds(2'000));
    start_and_wait_for_pid(scene, std::move(plan));
    scene.signal(SIGTERM);
    CHECK(scene.finish().kind == Kind::stopped);
    CHECK(scene.files.read("out").empty());
    CHECK_FALSE(is_alive(scene.pid_in("left")));
}

TEST_CASE("signals that are no stop are held back from operations") {
    Scene scene;
    scene.script("10-a", waits_with("trap 'echo got HUP' HUP; trap 'echo got USR1' USR1\n"
                                    "trap 'echo got TERM; exit' TERM"));
    start_and_wait_for_pid(scene, scene.plan());
    scene.signal(SIGHUP);
    scene.signal(SIGUSR1);
    scene.serve_until([&scene] { return scene.log.has("USR1 is held back"); });
    CHECK(scene.log.has("debug: HUP is held back while operations run"));
    scene.signal(SIGTERM);
    CHECK(scene.finish().kind == Kind::stopped);
    CHECK(scene.files.read("out") == "[10-a] got TERM\n");
}

TEST_CASE("a stop before the first operation lets none run") {
    Scene scene;
    scene.script("10-a", "echo never");
    ProvisionPlan plan = scene.plan();
    bool done = false;
    provision::Provisioner provisioner(scene.loop, scene.reaper, std::move(plan),
                                       [&done](const ProvisionEnd& end) {
                                           done = end.kind == Kind::stopped && end.signal == SIGINT;
                                       });
    provisioner.on_signal({SIGINT, 0, 0, 0});
    CHECK(done);
    provisioner.start();
    CHECK(scene.files.read("out").empty());
}

TEST_CASE("a stop ends the waiting for an operation that cannot be started yet") {
    Scene scene;
    scene.script("10-a", ":");
    const std::string path = scene.files / "operations/10-a";
    const platform::Fd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    scene.start(scene.plan());
    if (!scene.log.has("trying again")) {
        scene.finish();
        KG_SKIP("this kernel executes files that are being written");
    }
    scene.signal(SIGTERM);
    CHECK(scene.finish().kind == Kind::stopped);
}

TEST_CASE("a stalled reader delays the next operation, and a stop ends the waiting") {
    Scene scene;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    platform::Fd reader(ends[0]);
    const platform::Fd writer(ends[1]);
    // As much as a pipe takes, and with the prefixes far more than that.
    scene.script("10-a", "seq 1 12000; : > written");
    scene.script("20-b", ": > second");
    ProvisionPlan plan = scene.plan();
    plan.targets.out = writer.get();
    scene.destroys_when_done = true;
    scene.start(std::move(plan));
    scene.serve_until([&scene] { return scene.files.exists("written"); });
    SUBCASE("until the stop") {
        scene.signal(SIGTERM);
        CHECK(scene.finish().kind == Kind::stopped);
        CHECK_FALSE(scene.files.exists("second"));
    }
    SUBCASE("until it reads") {
        std::string got;
        ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
        const auto take = [&] {
            char buffer[4096];
            const ssize_t size = ::read(reader.get(), buffer, sizeof buffer);
            if (size > 0) got.append(buffer, static_cast<std::size_t>(size));
            return size > 0;
        };
        scene.serve_until([&] { return take(), scene.is_done(); });
        CHECK(scene.finish().kind == Kind::done);
        while (take()) {
        }
        CHECK(got.ends_with("[10-a] 12000\n"));
        CHECK(scene.files.exists("second"));
    }
    SUBCASE("until it goes away") {
        reader.reset();
        CHECK(scene.finish().kind == Kind::done);
        CHECK(scene.files.exists("second"));
    }
}

}  // TEST_SUITE("provision")
