// SPDX-License-Identifier: Apache-2.0

// Two starters at once on one ledger, killed at moments that a seed chooses, again and again.

#include <csignal>
#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "crash/crash_scene.h"
#include "support/program.h"

using namespace kaigara::test;

namespace {

constexpr unsigned seed = 20261;
constexpr int rounds = 50;

// No operation is started again behind a success, and no run is without its start.
void check_order(const CrashScene& scene) {
    std::set<std::string> done;
    std::map<std::string, std::size_t> starts;
    for (const LedgerLine& line : checked_lines(scene.text())) {
        if (line.event == "started") {
            ++starts[line.name];
            CHECK_FALSE(done.contains(line.name));
        }
        if (line.event == "done") CHECK(done.insert(line.name).second);
    }
    CHECK(done == std::set<std::string>{"10-a", "20-b", "30-c"});
    for (const auto& [name, times] : starts) {
        std::size_t runs = 0;
        for (const Ran& ran : scene.began()) runs += ran.name == name ? 1 : 0;
        CHECK(runs >= 1);
        CHECK(runs <= times);
    }
}

}  // namespace

TEST_SUITE("crash") {

TEST_CASE("two starters killed at random: each operation runs until it is done, and then no more") {
    const CrashScene scene;
    // The first operation is slower, so that both meet in the middle of it.
    scene.add("10-a", "run=once", "for i in 1 2 3 4 5 6 7 8 9; do (:); done");
    std::mt19937 random(seed);
    const auto below = [&random](std::size_t limit) { return random() % limit; };
    int killed[2] = {0, 0};
    std::size_t waits = 0;
    for (int round = 0; round < rounds; ++round) {
        CAPTURE(round);
        scene.begin_with("");
        // By the calls of the second; one that waits makes few of them.
        const std::size_t first_dies_at = below(3) == 0 ? never : below(60);
        const std::size_t second_dies_at = below(3) == 0 ? never : below(120);
        Program first({.words = scene.ledger_words("provision", {"--set", "app.version=2"})});
        const TracedEnd second = scene.traced({.kill_at = second_dies_at}, [&](std::size_t call) {
            if (call == first_dies_at) first.send(SIGKILL);
        });
        CAPTURE(second.output);
        const std::string ending = first.wait();
        CHECK((ending == "exit 0" || ending == "signal 9"));
        CHECK((second.ending == "exit 0" || second.ending == "signal 9"));
        killed[0] += ending == "signal 9" ? 1 : 0;
        killed[1] += second.ending == "signal 9" ? 1 : 0;
        waits += has(second.output + first.errors(), "waiting for the ledger") ? 1 : 0;
        const Outcome third = scene.provision({"--set", "app.version=2"});
        CHECK_MESSAGE(third.ending == "exit 0", third.errors);
        check_order(scene);
        CHECK(scene.ledger_command({"verify"}).ending == "exit 0");
    }
    // How many of each there are is a matter of the scheduler.
    CHECK(killed[0] > 0);
    CHECK(killed[1] > 0);
    CHECK(waits > 0);
    fmt::print(
        "{} rounds of two starters: the first killed {} times, the second {}, one waited for "
        "the other {} times\n",
        rounds, killed[0], killed[1], waits);
}

}  // TEST_SUITE("crash")
