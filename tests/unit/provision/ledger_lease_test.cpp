// SPDX-License-Identifier: Apache-2.0

// How long the lock of a cluster's ledger is trusted: the decision with times of its own, and the
// keeper with a store and a clock that do what the test says.

#include "provision/ledger_lease.h"

#include <vector>

#include <doctest/doctest.h>

#include "fake_store.h"

using namespace kaigara;
using namespace kaigara::provision;
using namespace kaigara::test;
using Step = Lease::Step;

namespace {

constexpr Milliseconds ttl{15'000};
constexpr Milliseconds begin{1'000};

Milliseconds at(Milliseconds::rep passed) { return begin + Milliseconds(passed); }

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a lease is renewed at a third of its time, and trusted for two thirds") {
    const Lease lease(ttl, begin);
    CHECK(lease.step(at(0)) == Step::wait);
    CHECK(lease.step(at(4'999)) == Step::wait);
    CHECK(lease.step(at(5'000)) == Step::renew);
    CHECK(lease.is_trusted(at(9'999)));
    CHECK_FALSE(lease.is_trusted(at(10'000)));
    CHECK(lease.step(at(10'000)) == Step::lost);
    CHECK(lease.time_to_end(at(10'000)) == Milliseconds(3'500));
    CHECK(lease.time_to_end(at(13'499)) == Milliseconds(1));
    CHECK(lease.time_to_end(at(600'000)) == Milliseconds(0));
}

TEST_CASE("a renewal counts from the moment at which it was sent") {
    Lease lease(ttl, begin);
    lease.sent(at(5'000));
    CHECK(lease.step(at(5'500)) == Step::wait);
    lease.renewed();
    CHECK(lease.step(at(9'999)) == Step::wait);
    CHECK(lease.step(at(10'000)) == Step::renew);
    CHECK(lease.step(at(14'999)) == Step::renew);
    CHECK(lease.step(at(15'000)) == Step::lost);
}

TEST_CASE("a renewal that has failed or hangs is repeated, and makes the lease no longer") {
    Lease lease(ttl, begin);
    lease.sent(at(5'000));
    lease.failed(at(5'100), 0);
    CHECK(lease.step(at(5'101)) == Step::wait);
    CHECK(lease.step(at(5'350)) == Step::renew);
    lease.sent(at(5'350));
    CHECK(lease.step(at(7'849)) == Step::wait);
    CHECK(lease.step(at(7'850)) == Step::abandon);
    lease.failed(at(7'850), 0);
    lease.sent(at(8'500));
    CHECK(lease.step(at(9'999)) == Step::wait);
    CHECK(lease.step(at(10'000)) == Step::lost);
}

TEST_CASE("the clock is looked at each second, since timers stand still while a machine sleeps") {
    const Lease lease(Milliseconds(3'600'000), begin);
    CHECK(lease.wait_from(at(0)) == Milliseconds(1'000));
    CHECK(Lease(ttl, begin).wait_from(at(4'700)) == Milliseconds(300));
    CHECK(Lease(ttl, begin).wait_from(at(600'000)) == Milliseconds(0));
}

TEST_CASE(
    "whatever fails, a lease is lost before KILL has to come, and KILL before its time is over") {
    for (const Milliseconds length : {Milliseconds(10'000), ttl, Milliseconds(3'600'000)}) {
        Lease lease(length, begin);
        Milliseconds now = begin;
        std::uint32_t chance = 7;
        for (Step step = lease.step(now); step != Step::lost; step = lease.step(now)) {
            chance = chance * 1'103'515'245 + 12'345;
            if (step == Step::renew) lease.sent(now);
            if (step == Step::abandon) lease.failed(now, chance);
            now += std::max(lease.wait_from(now), Milliseconds(1));
        }
        CHECK(now - begin <= length * 2 / 3);
        CHECK(lease.time_to_end(now) > Milliseconds(0));
        CHECK(now + lease.time_to_end(now) - begin <= length * 9 / 10);
    }
}

TEST_CASE("a keeper renews, and tells when the store has forgotten the session") {
    platform::Loop loop;
    FakeStore store(loop);
    Milliseconds now = begin;
    std::string lost;
    Milliseconds within{-1};
    LeaseKeeper keeper(
        loop, store, {"s"}, Lease(ttl, begin),
        [&](const std::string& why, Milliseconds left) {
            lost = why;
            within = left;
            loop.stop();
        },
        [&now] { return now; });
    CHECK(keeper.is_trusted());
    now = at(5'000);
    store.on_renew = [&] {
        now += Milliseconds(5'000);
        return Result<bool, remote::Failure>(store.renewals < 3);
    };
    loop.run();
    CHECK(store.renewals == 3);
    CHECK(lost == "the store has forgotten our session");
    CHECK(within == Milliseconds(0));
    CHECK_FALSE(keeper.is_trusted());
}

TEST_CASE("a keeper that slept through its time trusts nothing from its first moment on") {
    platform::Loop loop;
    FakeStore store(loop);
    Milliseconds now = begin;
    std::string lost;
    Milliseconds within{-1};
    LeaseKeeper keeper(
        loop, store, {"s"}, Lease(ttl, begin),
        [&](const std::string& why, Milliseconds left) {
            lost = why;
            within = left;
            loop.stop();
        },
        [&now] { return now; });
    now = at(60'000);
    CHECK_FALSE(keeper.is_trusted());
    loop.run();
    CHECK(store.renewals == 0);
    CHECK(lost == "it was not renewed for 1m of its 15s");
    CHECK(within == Milliseconds(0));
}

}  // TEST_SUITE("provision")
