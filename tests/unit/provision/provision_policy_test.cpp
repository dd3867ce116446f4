// SPDX-License-Identifier: Apache-2.0
#include "provision/provision_policy.h"

#include <array>
#include <vector>

#include <doctest/doctest.h>

using namespace kaigara::provision;

namespace {

constexpr std::array all_states = {
    State::starting, State::waiting,  State::announcing, State::running,
    State::expiring, State::clearing, State::sweeping,   State::recording,
    State::flushing, State::delaying, State::losing,     State::dropping,
    State::stopping, State::killing,  State::closing,    State::done};
static_assert(all_states.size() == static_cast<std::size_t>(State::done) + 1);

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
        CHECK((stopped == State::stopping || stopped == State::killing ||
               stopped == State::closing || stopped == State::done));
    }
    for (const State state : {State::stopping, State::killing, State::closing}) {
        for (int event = 0; event < event_count; ++event) {
            const Decision decision = decide(state, static_cast<Event>(event));
            CAPTURE(event);
            CHECK((decision.actions & (action::spawn | action::launch | action::next)) == 0);
            CHECK((decision.next == State::stopping || decision.next == State::killing ||
                   decision.next == State::closing || decision.next == State::done));
        }
    }
}

TEST_CASE("an operation that leaves nobody is followed by the next one at once") {
    const Walk all = walk({Event::spawned, Event::ended, Event::recorded, Event::passed});
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
                               Event::session_empty, Event::recorded, Event::passed});
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
    CHECK(all_gone.state == State::closing);
    CHECK((all_gone.actions & action::record_stop) != 0);
    CHECK((decide(State::closing, Event::recorded).actions & action::finish_stopped) != 0);
}

TEST_CASE("a stop ends the waiting for a reader of the output and for a retry") {
    const Walk reader = walk({Event::spawned, Event::ended, Event::recorded, Event::stop});
    CHECK(reader.state == State::done);
    CHECK((reader.actions & action::finish_stopped) != 0);
    const Walk retry = walk({Event::spawn_deferred, Event::stop, Event::recorded});
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
    CHECK(walk({Event::spawned, Event::timed_out, Event::ended}).state == State::recording);
    CHECK(walk({Event::spawned, Event::timed_out, Event::deadline, Event::ended}).state ==
          State::recording);
    CHECK(walk({Event::spawned, Event::timed_out, Event::stop}).state == State::stopping);
}

TEST_CASE("what waits for something, or for its next attempt, ends at a stop without a start") {
    for (const auto& way :
         {std::vector{Event::must_wait, Event::stop},
          std::vector{Event::spawned, Event::ended, Event::recorded, Event::retry, Event::stop}}) {
        const Walk stopped = walk(way);
        CHECK(stopped.state == State::done);
        CHECK((stopped.actions & action::finish_stopped) != 0);
        CHECK((stopped.actions & action::spawn) == 0);
    }
    CHECK((walk({Event::must_wait, Event::answered}).actions & action::spawn) != 0);
    CHECK((walk({Event::spawned, Event::ended, Event::recorded, Event::retry, Event::deadline})
               .actions &
           action::spawn) != 0);
}

TEST_CASE("what not even KILL ends is given up") {
    CHECK(
        walk({Event::spawned, Event::ended_with_others, Event::deadline, Event::deadline}).state ==
        State::recording);
    CHECK(walk({Event::spawned, Event::stop, Event::deadline, Event::deadline}).state ==
          State::closing);
    CHECK(walk({Event::spawned, Event::lost, Event::deadline, Event::deadline}).state ==
          State::done);
}

TEST_CASE("an operation that is recorded gets its process when its start is recorded, not before") {
    const Walk asked = walk({Event::must_announce});
    CHECK(asked.state == State::announcing);
    CHECK((asked.actions & action::launch) == 0);
    CHECK((walk({Event::must_announce, Event::announced}).actions & action::launch) != 0);
    for (const Event event : {Event::record_failed, Event::lost, Event::stop}) {
        const Walk refused = walk({Event::must_announce, event, Event::announced});
        CHECK((refused.actions & action::launch) == 0);
    }
    CHECK(walk({Event::must_announce, Event::record_failed}).state == State::done);
}

TEST_CASE("nothing follows an end before that is recorded") {
    for (int event = 0; event < event_count; ++event) {
        const auto what = static_cast<Event>(event);
        const Decision decision = decide(State::recording, what);
        CAPTURE(event);
        CHECK((decision.actions & (action::next | action::spawn | action::arm_retry)) == 0);
        CHECK(((decision.actions & action::flush) != 0) == (what == Event::recorded));
    }
    CHECK((decide(State::recording, Event::record_failed).actions & action::finish_failed) != 0);
}

TEST_CASE(
    "a stop while something is recorded waits for that for as long as it may, and no longer") {
    for (const auto& way : {std::vector{Event::spawned, Event::ended, Event::stop},
                            std::vector{Event::must_announce, Event::stop}}) {
        const Walk stopped = walk(way);
        CHECK(stopped.state == State::closing);
        CHECK((stopped.actions & action::arm_close) != 0);
    }
    for (const Event event :
         {Event::recorded, Event::record_failed, Event::lost, Event::stop, Event::deadline}) {
        const Decision decision = decide(State::closing, event);
        CHECK(decision.next == State::done);
        CHECK((decision.actions & action::finish_stopped) != 0);
    }
    // Its start is recorded, and it is cancelled before it has begun.
    CHECK((decide(State::closing, Event::announced).actions & action::record_stop) != 0);
}

TEST_CASE("who has lost the lock ends what runs by TERM, then by KILL, and records nothing") {
    const std::vector<std::vector<Event>> ways = {
        {Event::spawned, Event::lost},
        {Event::spawned, Event::timed_out, Event::lost},
        {Event::spawned, Event::ended_with_others, Event::lost},
    };
    for (auto way : ways) {
        const Walk lost = walk(way);
        CHECK(lost.state == State::losing);
        CHECK((lost.actions & action::terminate) != 0);
        CHECK((lost.actions & action::arm_loss) != 0);
        way.insert(way.end(), {Event::deadline, Event::session_occupied, Event::session_empty});
        const Walk over = walk(way);
        CHECK(over.state == State::done);
        CHECK((over.actions & action::kill) != 0);
        CHECK((over.actions & action::finish_failed) != 0);
        CHECK((over.actions & (action::record | action::record_stop)) == 0);
    }
    const Walk swept = walk({Event::spawned, Event::timed_out, Event::deadline, Event::lost});
    CHECK(swept.state == State::dropping);
    // A stop is on its way already: it is made to be quick enough.
    const Walk stopped = walk({Event::spawned, Event::stop, Event::lost});
    CHECK(stopped.state == State::stopping);
    CHECK((stopped.actions & action::arm_loss) != 0);
}

}  // TEST_SUITE("provision")
