// SPDX-License-Identifier: Apache-2.0
#include "supervise/policy.h"

#include <doctest/doctest.h>

#include <iterator>
#include <random>

using namespace kaigara::supervise;

namespace {

bool has(const Decision& decision, Actions wanted) { return (decision.actions & wanted) == wanted; }

constexpr Event all_events[] = {Event::spawned,    Event::spawn_deferred, Event::spawn_refused,
                                Event::signal,     Event::stop,           Event::restart,
                                Event::prepared,   Event::ended,          Event::ended_with_others,
                                Event::again,      Event::deadline,       Event::run_gone,
                                Event::nobody_left};

bool is_end(Event event) {
    return event == Event::ended || event == Event::ended_with_others || event == Event::again;
}

// What a policy's actions make of a world with one application: which events can come at all.
struct World {
    bool application = false;  // runs
    bool trying = true;        // to start it
    int applications = 0;

    // Nothing where the event cannot come now.
    bool allows(Event event) const {
        switch (event) {
        case Event::spawned:
        case Event::spawn_deferred:
        case Event::spawn_refused: return trying;
        case Event::again:
        case Event::ended:
        case Event::ended_with_others: return application;
        case Event::run_gone:
        case Event::nobody_left: return !application;
        case Event::signal:
        case Event::stop:
        case Event::restart:
        case Event::prepared:
        case Event::deadline: break;
        }
        return !trying;
    }
    void take(Event event) {
        if (event == Event::spawned) ++applications;
        if (event == Event::spawned) application = true;
        if (is_end(event)) {
            application = false;
            --applications;
        }
        trying = trying && event != Event::spawned && event != Event::spawn_deferred &&
                 event != Event::spawn_refused;
    }
};

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("a running application gets its signals, and a stop arms the stop timeout") {
    CHECK(has(decide(State::running, Event::signal), action::forward));
    const Decision stop = decide(State::running, Event::stop);
    CHECK(has(stop, action::arm_stop | action::prepare));
    CHECK_FALSE(has(stop, action::forward));
    CHECK(stop.next == State::stop_preparing);
    const Decision prepared = decide(State::stop_preparing, Event::prepared);
    CHECK(prepared.actions == action::forward_stop);
    CHECK(prepared.next == State::stopping);
}

TEST_CASE("while pre-stop runs a second stop cuts it short, and the deadline kills all") {
    const Decision second = decide(State::stop_preparing, Event::stop);
    CHECK(second.actions == (action::cut_prepare | action::forward_stop));
    CHECK(second.next == State::stopping);
    const Decision late = decide(State::stop_preparing, Event::deadline);
    CHECK(late.actions == (action::cut_prepare | action::kill_all));
    CHECK(late.next == State::stopping);
    CHECK(decide(State::stop_preparing, Event::signal).actions == action::forward);
    CHECK(has(decide(State::stop_preparing, Event::ended), action::cut_prepare | action::finish));
}

TEST_CASE("a second stop is forwarded too and does not move the deadline") {
    const Decision second = decide(State::stopping, Event::stop);
    CHECK(second.actions == action::forward);
    CHECK(second.next == State::stopping);
}

TEST_CASE("the deadline of a stop kills all that is left, and the status is still waited for") {
    const Decision late = decide(State::stopping, Event::deadline);
    CHECK(late.actions == action::kill_all);
    CHECK(late.next == State::stopping);
    CHECK(decide(State::stopping, Event::ended).actions == action::finish);
}

TEST_CASE("an application that cannot be started yet is tried again, and signals are held") {
    CHECK(decide(State::starting, Event::spawn_deferred).actions == action::arm_retry);
    CHECK(decide(State::starting, Event::deadline).actions == action::spawn);
    CHECK(decide(State::starting, Event::signal).actions == action::hold);
    CHECK(decide(State::starting, Event::spawned).actions == action::deliver_held);
    CHECK(decide(State::starting, Event::stop).actions == action::finish_by_signal);
}

TEST_CASE("the grace time ends with the last process, with the deadline or with a stop") {
    const Decision ended = decide(State::running, Event::ended_with_others);
    CHECK(has(ended, action::terminate_others | action::arm_grace));
    CHECK(ended.next == State::leaving);
    CHECK(decide(State::leaving, Event::nobody_left).actions == action::finish);
    CHECK(decide(State::leaving, Event::deadline).actions == (action::kill_all | action::finish));
    CHECK(decide(State::leaving, Event::stop).actions == (action::kill_all | action::finish));
    CHECK(decide(State::leaving, Event::signal).actions == action::none);
}

TEST_CASE("whatever happens, the end comes once and nothing is done after it") {
    std::mt19937 random(20260101);
    for (int run = 0; run < 10'000; ++run) {
        State state = State::starting;
        int ends = 0;
        bool application = false;
        for (int step = 0; step < 40; ++step) {
            const Event event = all_events[random() % std::size(all_events)];
            if (event == Event::spawned && state == State::starting) application = true;
            if (is_end(event)) application = false;
            const Decision decision = decide(state, event);
            const Actions ending = action::finish | action::finish_by_signal | action::report;
            if ((decision.actions & ending) != 0) ++ends;
            if (state == State::done) REQUIRE(decision.actions == action::none);
            REQUIRE((decision.next == State::done) == (ends > 0));
            // Never a second application, and none after the end.
            if ((decision.actions & action::spawn) != 0) REQUIRE_FALSE(application);
            state = decision.next;
        }
        REQUIRE(ends <= 1);
    }
}

TEST_CASE("a restart stops the application, ends what it left, waits and starts it again") {
    const Decision restart = decide(State::running, Event::restart);
    CHECK(restart.actions == (action::prepare | action::arm_restart));
    CHECK(restart.next == State::preparing);
    const Decision prepared = decide(State::preparing, Event::prepared);
    CHECK(prepared.actions == action::stop_run);
    CHECK(prepared.next == State::restarting);
    CHECK(decide(State::preparing, Event::deadline).actions ==
          (action::cut_prepare | action::kill_run));
    CHECK(decide(State::restarting, Event::deadline).actions == action::kill_run);
    const Decision ended = decide(State::restarting, Event::again);
    CHECK(ended.actions == (action::disarm | action::clear_run));
    CHECK(ended.next == State::clearing);
    CHECK(decide(State::clearing, Event::deadline).actions == action::kill_run);
    const Decision gone = decide(State::clearing, Event::run_gone);
    CHECK(gone.actions == (action::disarm | action::arm_delay));
    CHECK(gone.next == State::waiting);
    CHECK(decide(State::waiting, Event::deadline).actions == action::spawn);
    CHECK(decide(State::waiting, Event::deadline).next == State::starting);
}

TEST_CASE("an application that ends by itself is started again where the policy says so") {
    const Decision again = decide(State::running, Event::again);
    CHECK(again.actions == action::clear_run);
    CHECK(again.next == State::clearing);
    CHECK(decide(State::running, Event::ended).next == State::done);
}

TEST_CASE("a restart that is asked for ends the delay, and is nothing while one is under way") {
    const Decision now = decide(State::waiting, Event::restart);
    CHECK(now.actions == (action::disarm | action::spawn));
    CHECK(now.next == State::starting);
    for (const State state :
         {State::starting, State::preparing, State::restarting, State::clearing, State::stopping,
          State::stop_preparing, State::leaving, State::done}) {
        const Decision restart = decide(state, Event::restart);
        CHECK(restart.actions == action::none);
        CHECK(restart.next == state);
    }
}

TEST_CASE("a stop turns a restart into an end, and pre-stop does not run twice") {
    const Decision early = decide(State::preparing, Event::stop);
    CHECK(early.actions == (action::disarm | action::arm_stop));
    CHECK(early.next == State::stop_preparing);
    const Decision stop = decide(State::restarting, Event::stop);
    CHECK(has(stop, action::disarm | action::forward | action::arm_stop));
    CHECK(stop.next == State::stopping);
    CHECK(decide(State::clearing, Event::stop).next == State::done);
    CHECK(decide(State::waiting, Event::stop).actions == (action::disarm | action::finish));
    CHECK(decide(State::stopping, Event::again).actions == action::finish);
    CHECK(decide(State::stop_preparing, Event::again).next == State::done);
}

TEST_CASE("between two runs a signal finds nobody") {
    for (const State state : {State::clearing, State::waiting}) {
        CHECK(decide(state, Event::signal).actions == action::tell_nobody);
        CHECK(decide(state, Event::signal).next == state);
    }
}

TEST_CASE("never are there two applications, and none is started after a stop") {
    std::mt19937 random(20261123);
    int restarts = 0;
    for (int run = 0; run < 10'000; ++run) {
        State state = State::starting;
        World world;
        bool stopped = false;
        for (int step = 0; step < 60; ++step) {
            const Event event = all_events[random() % std::size(all_events)];
            if (!world.allows(event)) continue;
            const Decision decision = decide(state, event);
            world.take(event);
            REQUIRE(world.applications <= 1);
            stopped = stopped || event == Event::stop;
            const bool spawns = (decision.actions & action::spawn) != 0;
            if (spawns) {
                REQUIRE_FALSE(stopped);
                REQUIRE_FALSE(world.application);
                if (state == State::waiting) ++restarts;
                world.trying = true;
            }
            // KILL to everything is for the end alone: a restart ends its own run.
            if ((decision.actions & action::kill_all) != 0)
                REQUIRE((decision.next == State::stopping || decision.next == State::done));
            state = decision.next;
        }
    }
    CHECK(restarts > 100);
}
}  // TEST_SUITE("supervise")
