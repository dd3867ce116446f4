// SPDX-License-Identifier: Apache-2.0
#include "platform/loop.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <memory>

using namespace kaigara;
using namespace kaigara::platform;

TEST_SUITE("platform") {
TEST_CASE("a timer fires once, and the loop ends when nothing is active") {
    Loop loop;
    int fired = 0;
    Timer timer(loop, [&fired] { ++fired; });
    timer.start(Milliseconds(1));
    CHECK(timer.is_active());
    loop.run();
    CHECK(fired == 1);
    CHECK_FALSE(timer.is_active());
}

TEST_CASE("a timer that was stopped or re-armed does not fire at its first time") {
    Loop loop;
    int fired = 0;
    Timer stopped(loop, [&fired] { fired += 10; });
    stopped.start(Milliseconds(0));
    stopped.stop();
    Timer timer(loop, [&fired] { ++fired; });
    timer.start(Milliseconds(0));
    timer.start(Milliseconds(2));
    loop.run();
    CHECK(fired == 1);
}

TEST_CASE("a handle may be destroyed inside its own callback") {
    Loop loop;
    std::unique_ptr<Timer> timer;
    timer = std::make_unique<Timer>(loop, [&timer] { timer.reset(); });
    timer->start(Milliseconds(0));
    loop.run();
    CHECK(timer == nullptr);
}

TEST_CASE("a descriptor is watched until it is paused, and told again while it is ready") {
    Loop loop;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    int told = 0;
    {
        Poll poll(loop, ends[0], Poll::Readiness::readable, [&] {
            if (++told == 2) loop.stop();
        });
        REQUIRE(::write(ends[1], "x", 1) == 1);
        loop.run();
        CHECK(told == 2);
        poll.pause();
        loop.run_ready();
        CHECK(told == 2);
    }
    ::close(ends[0]);
    ::close(ends[1]);
}
}  // TEST_SUITE("platform")
