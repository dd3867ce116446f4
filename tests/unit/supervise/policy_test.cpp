// SPDX-License-Identifier: Apache-2.0
#include "supervise/policy.h"

#include <doctest/doctest.h>

#include <random>

using namespace kaigara::supervise;

namespace {

bool has(const Decision& decision, Actions wanted) { return (decision.actions & wanted) == wanted; }

constexpr Event all_events[] = {
    Event::spawned, Event::spawn_deferred,    Event::spawn_refused, Event::signal,     Event::stop,
    Event::ended,   Event::ended_with_others, Event::deadline,      Event::nobody_left};

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("a running application gets its signals, and a stop arms the stop timeout") {
    CHECK(has(decide(State::running, Event::signal), action::forward));
    const Decision stop = decide(State::running, Event::stop);
    CHECK(has(stop, action::forward | action::arm_stop));
    CHECK(stop.next == State::stopping);
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
}  // TEST_SUITE("supervise")
