// SPDX-License-Identifier: Apache-2.0
#include "supervise/restart_policy.h"

#include <doctest/doctest.h>

#include <random>

#include "supervise/policy.h"

using namespace kaigara;
using namespace kaigara::supervise;

namespace {

RunEnd exited(int status, Milliseconds ran = Milliseconds(10)) {
    return {EndReason::by_itself, {.by_signal = false, .number = status}, status == 0, ran};
}

RunEnd ended_by(int signal, EndReason reason) {
    return {reason, {.by_signal = true, .number = signal}, false, Milliseconds(10)};
}

bool again(RestartWhen when, const RunEnd& end) {
    RestartHistory history;
    return after_run({.when = when}, history, end, 0).again;
}

// The middle of what jitter may make of a delay.
constexpr std::uint64_t no_jitter(Milliseconds delay) {
    return static_cast<std::uint64_t>(delay.count()) / 5;
}

}  // namespace

TEST_SUITE("supervise") {

TEST_CASE("without a policy no end is followed by a run") {
    CHECK_FALSE(again(RestartWhen::never, exited(0)));
    CHECK_FALSE(again(RestartWhen::never, exited(3)));
    CHECK_FALSE(again(RestartWhen::never, ended_by(15, EndReason::not_live)));
}

TEST_CASE("on-failure starts again what has failed, by itself or because it was not live") {
    CHECK_FALSE(again(RestartWhen::on_failure, exited(0)));
    CHECK(again(RestartWhen::on_failure, exited(3)));
    CHECK(again(RestartWhen::on_failure, ended_by(9, EndReason::by_itself)));
    RunEnd clean = exited(0);
    clean.reason = EndReason::not_live;
    CHECK(again(RestartWhen::on_failure, clean));
    clean.reason = EndReason::start_timeout;
    CHECK(again(RestartWhen::on_failure, clean));
}

TEST_CASE("a status that counts as success is none of a failure") {
    RunEnd end = exited(143);
    end.success = true;
    CHECK_FALSE(again(RestartWhen::on_failure, end));
    CHECK(again(RestartWhen::always, end));
}

TEST_CASE("always starts again whatever the end, but for INT and QUIT that somebody wanted") {
    CHECK(again(RestartWhen::always, exited(0)));
    CHECK(again(RestartWhen::always, ended_by(11, EndReason::by_itself)));
    CHECK_FALSE(again(RestartWhen::always, ended_by(2, EndReason::interrupted)));
}

TEST_CASE("what cannot be executed is not tried again") {
    CHECK_FALSE(again(RestartWhen::always, exited(126)));
    CHECK_FALSE(again(RestartWhen::always, exited(127)));
    CHECK(again(RestartWhen::always, exited(125)));
    CHECK(again(RestartWhen::always, ended_by(127 - 64, EndReason::by_itself)));
}

TEST_CASE("a restart that was asked for comes at once, whatever the policy, and is not counted") {
    RestartHistory history;
    const RestartRules rules{.when = RestartWhen::never, .limit = 1};
    for (int i = 0; i < 5; ++i) {
        const auto verdict = after_run(rules, history, ended_by(15, EndReason::restart_asked), 7);
        CHECK(verdict.again);
        CHECK(verdict.delay.count() == 0);
    }
    CHECK(history.all == 5);
    CHECK(history.without_reset == 0);
}

TEST_CASE("the delay doubles after each short run, up to the longest") {
    RestartHistory history;
    const RestartRules rules{.when = RestartWhen::always,
                             .first_delay = Milliseconds(100),
                             .longest_delay = Milliseconds(500)};
    for (const int expected : {100, 200, 400, 500, 500})
        CHECK(after_run(rules, history, exited(1), no_jitter(Milliseconds(expected))).delay ==
              Milliseconds(expected));
}

TEST_CASE("a good run makes the delay and the count begin anew") {
    RestartHistory history;
    const RestartRules rules{.when = RestartWhen::always, .limit = 2};
    CHECK(after_run(rules, history, exited(1), no_jitter(Milliseconds(100))).again);
    CHECK(after_run(rules, history, exited(1), no_jitter(Milliseconds(200))).again);
    const auto good = after_run(rules, history, exited(1, rules.reset), 20);
    CHECK(good.again);
    CHECK(good.delay == Milliseconds(100));
    CHECK(history.without_reset == 1);
    CHECK(history.all == 3);
}

TEST_CASE("a good run is one, also where a restart that was asked for has ended it") {
    RestartHistory history;
    const RestartRules rules{.when = RestartWhen::on_failure, .limit = 1};
    CHECK(after_run(rules, history, exited(1), 0).again);
    RunEnd good = ended_by(15, EndReason::restart_asked);
    good.ran = rules.reset;
    CHECK(after_run(rules, history, good, 0).again);
    CHECK(history.without_reset == 0);
    CHECK(after_run(rules, history, exited(1), 0).again);
}

TEST_CASE("after the limit it gives up") {
    RestartHistory history;
    const RestartRules rules{.when = RestartWhen::on_failure, .limit = 2};
    CHECK(after_run(rules, history, exited(1), 0).again);
    CHECK(after_run(rules, history, exited(1), 0).again);
    const auto last = after_run(rules, history, exited(1), 0);
    CHECK_FALSE(last.again);
    CHECK(last.gives_up);
    CHECK(history.all == 2);
}

TEST_CASE("a first delay of nothing stays nothing, and one above the longest is cut") {
    RestartHistory history;
    const RestartRules at_once{.when = RestartWhen::always, .first_delay = Milliseconds(0)};
    for (std::uint64_t i = 0; i < 100; ++i)
        CHECK(after_run(at_once, history, exited(1), i * 7'919).delay.count() == 0);
    RestartHistory other;
    const RestartRules cut{.when = RestartWhen::always,
                           .first_delay = Milliseconds(60'000),
                           .longest_delay = Milliseconds(1'000)};
    CHECK(after_run(cut, other, exited(1), no_jitter(Milliseconds(1'000))).delay ==
          Milliseconds(1'000));
}

// Stage 3 as it is, but with a clock that is a number and an application that is a die.
class Simulation {
public:
    explicit Simulation(unsigned seed) : random_(seed) {
        rules_.when = static_cast<RestartWhen>(random_() % 3);
        rules_.first_delay = Milliseconds(random_() % 300);
        rules_.longest_delay = Milliseconds(random_() % 5'000);
        if (random_() % 2 == 0) rules_.limit = 1 + random_() % 5;
    }

    void run() {
        take(Event::spawned);
        for (int step = 0; step < 60 && state_ != State::done; ++step) act();
    }
    std::uint64_t restarts() const { return history_.all; }

private:
    void act() {
        now_ += Milliseconds(random_() % 20'000);
        if (state_ == State::starting) return take(Event::spawned);
        if (state_ == State::clearing) return take(Event::run_gone);
        switch (random_() % 8) {
        case 0: stopped_ = true; return take(Event::stop);
        case 1: return take(Event::signal);
        case 2:
            if (state_ == State::running) reason_ = EndReason::restart_asked;
            return take(Event::restart);
        case 3:
            if (state_ == State::preparing || state_ == State::stop_preparing)
                return take(Event::prepared);
            break;
        case 4:
            if (state_ == State::waiting) {
                now_ = std::max(now_, next_start_);
                return take(Event::deadline);
            }
            break;
        default: break;
        }
        if (applications_ == 1) end();
    }

    void end() {
        last_status_ = static_cast<int>(random_() % 4);
        RunEnd run = exited(last_status_, now_ - began_);
        run.reason = reason_;
        RestartVerdict verdict;
        if (!stopped_) verdict = after_run(rules_, history_, run, random_());
        if (verdict.again) {
            REQUIRE_FALSE(stopped_);
            REQUIRE(verdict.delay.count() >= 0);
            REQUIRE(verdict.delay <= rules_.longest_delay + rules_.longest_delay / 5);
            if (rules_.limit) REQUIRE(history_.without_reset <= *rules_.limit);
            if (rules_.when == RestartWhen::never) REQUIRE(reason_ == EndReason::restart_asked);
        }
        next_start_ = now_ + verdict.delay;
        --applications_;
        take(verdict.again ? Event::again : Event::ended);
        if (state_ == State::done) REQUIRE(ended_with_ == last_status_);
    }

    void take(Event event) {
        const Decision decision = decide(state_, event);
        if (event == Event::spawned) {
            ++applications_;
            began_ = now_;
            reason_ = EndReason::by_itself;
        }
        REQUIRE(applications_ <= 1);
        if ((decision.actions & action::spawn) != 0) {
            REQUIRE_FALSE(stopped_);
            REQUIRE(applications_ == 0);
            // Before the delay is over only where a restart was asked for.
            if (event == Event::deadline) REQUIRE(now_ >= next_start_);
        }
        if ((decision.actions & action::finish) != 0) ended_with_ = last_status_;
        state_ = decision.next;
    }

    std::mt19937 random_;
    RestartRules rules_;
    RestartHistory history_;
    State state_ = State::starting;
    EndReason reason_ = EndReason::by_itself;
    Milliseconds now_{0};
    Milliseconds began_{0};
    Milliseconds next_start_{0};
    int applications_ = 0;
    int last_status_ = -1;
    int ended_with_ = -1;
    bool stopped_ = false;
};

TEST_CASE("never two at once, never one after a stop, delays in bounds, the last run's status") {
    std::uint64_t restarts = 0;
    for (unsigned seed = 0; seed < 10'000; ++seed) {
        Simulation simulation(seed);
        simulation.run();
        restarts += simulation.restarts();
    }
    CHECK(restarts > 5'000);
}

}  // TEST_SUITE("supervise")
