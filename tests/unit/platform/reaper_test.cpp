// SPDX-License-Identifier: Apache-2.0
#include "platform/reaper.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>

#include "children.h"

using namespace kaigara;
using namespace kaigara::platform;

TEST_SUITE("platform") {
TEST_CASE("a child that ends before anybody looks is still told to who expects it") {
    test::Children children;
    const auto pid = spawn(children.request({"/bin/true"}));
    REQUIRE(pid.has_value());
    // It may be dead by now; its status waits until the reaper asks.
    int ends = 0;
    children.reaper.expect(*pid, [&ends](const ChildEnd&) { ++ends; });
    CHECK(children.wait_until([&ends] { return ends > 0; }));
    CHECK(ends == 1);
    CHECK_FALSE(children.reaper.has_children());
}

TEST_CASE("orphans are collected and counted, and are nobody's") {
    test::Children children;
    REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    std::uint64_t told = 0;
    children.reaper.on_stranger([&told](pid_t, const ChildEnd&) { ++told; });
    const auto request = children.request(
        {"/bin/sh", "-c", "i=0; while [ $i -lt 50 ]; do (true & ) ; i=$((i+1)); done; exit 4"});
    CHECK(children.run(request).number == 4);
    CHECK(children.wait_until([&] { return children.reaper.strangers() >= 50; }));
    CHECK(told == children.reaper.strangers());
    children.reaper.reap();
    CHECK_FALSE(children.reaper.has_children());
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_CASE("a child that was stopped is told only to who asked, and its end comes after") {
    test::Children children;
    const auto pid = spawn(children.request({"/bin/sh", "-c", "kill -STOP $$; exit 6"}));
    REQUIRE(pid.has_value());
    int stop = 0;
    int status = -1;
    children.reaper.expect(*pid, [&status](const ChildEnd& end) { status = end.status(); });
    children.reaper.watch_stops(*pid, [&stop](int signal) { stop = signal; });
    CHECK(children.wait_until([&stop] { return stop != 0; }));
    CHECK(stop == SIGSTOP);
    CHECK(status == -1);
    ::kill(*pid, SIGCONT);
    CHECK(children.wait_until([&status] { return status >= 0; }));
    CHECK(status == 6);
}

TEST_CASE("a callback may expect the next child") {
    test::Children children;
    int second = -1;
    const auto request = children.request({"/bin/sh", "-c", "exit 2"});
    const auto first = spawn(request);
    REQUIRE(first.has_value());
    const auto on_second = [&second](const ChildEnd& end) { second = end.status(); };
    children.reaper.expect(*first, [&](const ChildEnd&) {
        children.reaper.expect(spawn(request).value(), on_second);
    });
    CHECK(children.wait_until([&second] { return second >= 0; }));
    CHECK(second == 2);
}
}  // TEST_SUITE("platform")
