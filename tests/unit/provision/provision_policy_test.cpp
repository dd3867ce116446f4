// SPDX-License-Identifier: Apache-2.0
#include "provision/provision_policy.h"

#include <array>
#include <vector>

#include <doctest/doctest.h>

using namespace kaigara::provision;

namespace {

constexpr std::array all_states = {State::starting, State::waiting,  State::running,
                                   State::expiring, State::clearing, State::sweeping,
                                   State::flushing, State::delaying, State::stopping,
                                   State::killing,  State::done};

constexpr int event_count = static_cast<int>(Event::deadline) + 1;

constexpr Actions finishes = action::finish_done | action::finish_failed | action::finish_stopped;

// The state after a row of events, and all actions on the way.
struct Walk {
    State state = State::starting;
    Actions actions = action::none;
};

Walk walk(const std::vector<Event>& events) {
    Walk walk;
    for (const Event event : events) {
        const Decision decision = decide(walk.state, event);
        walk.state = decision.next;
        walk.actions |= decision.actions;
    }
    return walk;
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("the stage is over exactly when one of its three ends is reported") {
    for (const State state : all_states) {
        for (int event = 0; event < event_count; ++event) {
            const Decision decision = decide(state, static_cast<Event>(event));
            CAPTURE(static_cast<int>(state));
            CAPTURE(event);
            const bool ends = state != State::done && decision.next == State::done;
            CHECK(ends == ((decision.actions & finishes) != 0));
        }
    }
}

TEST_CASE("what is over does nothing any more") {
    for (int event = 0; event < event_count; ++event) {
        const Decision decision = decide(State::done, static_cast<Event>(event));
        CHECK(decision.next == State::done);
        CHECK(decision.actions == action::none);
    }
}

TEST_CASE("a stop leads out of every state, and no operation starts after it") {
    for (const State state : all_states) {
        CAPTURE(static_cast<int>(state));
        const State stopped = decide(state, Event::stop).next;
        CHECK((stopped == State::stopping || stopped == State::killing || stopped == State::done));
    }
    for (const State state : {State::stopping, State::killing}) {
        for (int event = 0; event < event_count; ++event) {
            const Decision decision = decide(state, static_cast<Event>(event));
            CAPTURE(event);
            CHECK((decision.actions & (action::spawn | action::next)) == 0);
            CHECK((decision.next == State::stopping || decision.next == State::killing ||
                   decision.next == State::done));
        }
    }
}

TEST_CASE("an operation that leaves nobody is followed by the next one at once") {
    const Walk all = walk({Event::spawned, Event::ended, Event::passed});
    CHECK(all.state == State::starting);
    CHECK((all.actions & action::next) != 0);
    CHECK((all.actions & (action::terminate | action::kill | action::arm_kill)) == 0);
}

TEST_CASE("others in the session get TERM, then KILL, before the next operation") {
    const Walk asked = walk({Event::spawned, Event::ended_with_others});
    CHECK(asked.state == State::clearing);
    CHECK((asked.actions & action::terminate) != 0);
    CHECK((asked.actions & action::kill) == 0);
    const Walk forced = walk({Event::spawned, Event::ended_with_others, Event::deadline});
    CHECK(forced.state == State::sweeping);
    CHECK((forced.actions & action::kill) != 0);
    const Walk cleared = walk({Event::spawned, Event::ended_with_others, Event::deadline,
                               Event::session_empty, Event::passed});
    CHECK(cleared.state == State::starting);
    CHECK((cleared.actions & action::next) != 0);
}

TEST_CASE("a second stop kills at once, whatever the first one met") {
    const std::vector<std::vector<Event>> ways = {
        {Event::spawned, Event::stop, Event::stop},
        {Event::spawned, Event::stop, Event::ended_with_others, Event::stop},
        {Event::spawned, Event::ended_with_others, Event::stop, Event::stop},
    };
    for (const auto& way : ways) {
        const Walk second = walk(way);
        CHECK(second.state == State::killing);
        CHECK((second.actions & action::kill) != 0);
    }
}

TEST_CASE("a stop waits for everybody in the session, not for the operation alone") {
    const Walk operation_gone = walk({Event::spawned, Event::stop, Event::ended_with_others});
    CHECK(operation_gone.state == State::stopping);
    CHECK((operation_gone.actions & action::terminate) != 0);
    const Walk all_gone = walk({Event::spawned, Event::stop, Event::ended_with_others,
                                Event::session_occupied, Event::session_empty});
    CHECK(all_gone.state == State::done);
    CHECK((all_gone.actions & action::finish_stopped) != 0);
}

TEST_CASE("a stop ends the waiting for a reader of the output and for a retry") {
    const Walk reader = walk({Event::spawned, Event::ended, Event::stop});
    CHECK(reader.state == State::done);
    CHECK((reader.actions & action::finish_stopped) != 0);
    const Walk retry = walk({Event::spawn_deferred, Event::stop});
    CHECK(retry.state == State::done);
    CHECK((retry.actions & action::finish_stopped) != 0);
}

TEST_CASE("an operation that runs too long gets TERM, then KILL, and has failed") {
    const Walk asked = walk({Event::spawned, Event::timed_out});
    CHECK(asked.state == State::expiring);
    CHECK((asked.actions & action::terminate) != 0);
    CHECK((asked.actions & action::kill) == 0);
    const Walk forced = walk({Event::spawned, Event::timed_out, Event::deadline});
    CHECK(forced.state == State::sweeping);
    CHECK((forced.actions & action::kill) != 0);
    CHECK(walk({Event::spawned, Event::timed_out, Event::ended}).state == State::flushing);
    CHECK(walk({Event::spawned, Event::timed_out, Event::deadline, Event::ended}).state ==
          State::flushing);
    CHECK(walk({Event::spawned, Event::timed_out, Event::stop}).state == State::stopping);
}

TEST_CASE("what waits for something, or for its next attempt, ends at a stop without a start") {
    for (const auto& way : {std::vector{Event::must_wait, Event::stop},
                            std::vector{Event::spawned, Event::ended, Event::retry, Event::stop}}) {
        const Walk stopped = walk(way);
        CHECK(stopped.state == State::done);
        CHECK((stopped.actions & action::finish_stopped) != 0);
        CHECK((stopped.actions & action::spawn) == 0);
    }
    CHECK((walk({Event::must_wait, Event::answered}).actions & action::spawn) != 0);
    CHECK((walk({Event::spawned, Event::ended, Event::retry, Event::deadline}).actions &
           action::spawn) != 0);
}

TEST_CASE("what not even KILL ends is given up") {
    CHECK(
        walk({Event::spawned, Event::ended_with_others, Event::deadline, Event::deadline}).state ==
        State::flushing);
    CHECK(walk({Event::spawned, Event::stop, Event::deadline, Event::deadline}).state ==
          State::done);
}

}  // TEST_SUITE("provision")
