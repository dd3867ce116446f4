// SPDX-License-Identifier: Apache-2.0
#include "supervise/health.h"

#include <doctest/doctest.h>

#include "supervise/check_spec.h"

using namespace kaigara;
using namespace kaigara::supervise;

namespace {

using Check = Health::Check;
using Kind = CheckSpec::Kind;

constexpr Health::Time start{};

Health::Time at(int milliseconds) { return start + Milliseconds(milliseconds); }

HealthRules checked() {
    return {.ready = HealthBy::check, .live = HealthBy::check, .interval = Milliseconds(10'000)};
}

// A check that was due at `now` and has ended in that moment.
void check(Health& health, Check which, int now, bool success) {
    REQUIRE(health.take_due(which, at(now)));
    CHECK_FALSE(health.take_due(which, at(now)));
    health.on_check(which, success, "port closed", at(now));
}

int next(const Health& health) {
    REQUIRE(health.next().has_value());
    return static_cast<int>(
        std::chrono::duration_cast<Milliseconds>(*health.next() - start).count());
}

}  // namespace

TEST_SUITE("supervise") {

TEST_CASE("without a rule an application is ready and live from its start, and nothing is due") {
    Health health{HealthRules{}};
    CHECK_FALSE(health.is_ready());
    health.begin(start);
    CHECK(health.is_ready());
    CHECK(health.was_ready());
    CHECK(health.is_live());
    CHECK_FALSE(health.next().has_value());
    health.end();
    CHECK_FALSE(health.is_ready());
}

TEST_CASE("while it starts it is checked often, and less and less so") {
    Health health{checked()};
    health.begin(start);
    int now = 0;
    for (const int delay : {100, 200, 400, 800, 1'000, 1'000}) {
        CHECK(next(health) == now + delay);
        now += delay;
        CHECK_FALSE(health.take_due(Check::ready, at(now - 1)));
        check(health, Check::ready, now, false);
    }
    CHECK_FALSE(health.is_ready());
    CHECK(health.reason() == "port closed");
}

TEST_CASE("one success makes it ready; so many failures in a row make it unready again") {
    Health health{checked()};
    health.begin(start);
    check(health, Check::ready, 100, true);
    CHECK(health.is_ready());
    CHECK(health.reason().empty());
    check(health, Check::ready, 10'100, false);
    check(health, Check::ready, 20'100, false);
    CHECK(health.is_ready());
    check(health, Check::ready, 30'100, false);
    CHECK_FALSE(health.is_ready());
    CHECK(health.reason() == "port closed");
    CHECK_FALSE(health.verdict().has_value());
    check(health, Check::ready, 40'100, true);
    CHECK(health.is_ready());
}

TEST_CASE("failures that are not in a row do not count") {
    Health health{checked()};
    health.begin(start);
    check(health, Check::ready, 100, true);
    for (int now = 10'100; now < 100'000; now += 20'000) {
        check(health, Check::ready, now, false);
        check(health, Check::ready, now + 10'000, true);
    }
    CHECK(health.is_ready());
}

TEST_CASE("liveness is asked only when it was ready first, and its failures are the end") {
    Health health{checked()};
    health.begin(start);
    CHECK_FALSE(health.take_due(Check::live, at(60'000)));
    check(health, Check::ready, 60'000, true);
    for (const int now : {70'000, 80'000, 90'000}) {
        CHECK_FALSE(health.verdict().has_value());
        check(health, Check::live, now, false);
    }
    CHECK(health.verdict() == EndReason::not_live);
    CHECK_FALSE(health.is_live());
    CHECK_FALSE(health.is_ready());
    CHECK_FALSE(health.next().has_value());
    CHECK(health.reason() == "port closed");
}

TEST_CASE("a new run has a new health") {
    Health health{checked()};
    health.begin(start);
    check(health, Check::ready, 100, true);
    for (const int now : {10'100, 20'100, 30'100}) check(health, Check::live, now, false);
    health.end();
    health.begin(at(40'000));
    CHECK(health.is_live());
    CHECK_FALSE(health.is_ready());
    CHECK_FALSE(health.was_ready());
    CHECK_FALSE(health.verdict().has_value());
    CHECK(next(health) == 40'100);
}

TEST_CASE("between two runs nobody is not live") {
    Health health{{.live = HealthBy::notify}};
    health.begin(start);
    health.say_dead();
    CHECK_FALSE(health.is_live());
    health.end();
    CHECK(health.is_live());
}

TEST_CASE("while it is being stopped nothing is due, and nothing tells that it is not live") {
    Health health{checked()};
    health.begin(start);
    check(health, Check::ready, 100, true);
    REQUIRE(health.take_due(Check::live, at(10'100)));
    health.rest();
    CHECK_FALSE(health.next().has_value());
    for (int failure = 0; failure < 5; ++failure)
        health.on_check(Check::live, false, "port closed", at(10'200));
    CHECK(health.is_live());

    Health notified{{.live = HealthBy::notify, .interval = Milliseconds(100)}};
    notified.begin(start);
    notified.rest();
    notified.say_dead();
    notified.look(at(10'000));
    CHECK(notified.is_live());
}

TEST_CASE("an application that is not ready in time is to be stopped") {
    Health health{{.ready = HealthBy::notify, .start_timeout = Milliseconds(5'000)}};
    health.begin(start);
    CHECK(next(health) == 5'000);
    health.look(at(4'999));
    CHECK_FALSE(health.verdict().has_value());
    health.look(at(5'000));
    CHECK(health.verdict() == EndReason::start_timeout);
    CHECK(health.is_live());
    CHECK(health.reason() == "it was not ready within 5s");
}

TEST_CASE("ready in time ends the start timeout, and it may ask for more") {
    Health health{{.ready = HealthBy::notify, .start_timeout = Milliseconds(5'000)}};
    health.begin(start);
    health.extend(Milliseconds(10'000), at(4'000));
    CHECK(next(health) == 14'000);
    health.extend(Milliseconds(1'000), at(5'000));
    CHECK(next(health) == 14'000);
    health.say_ready(at(13'000));
    CHECK(health.is_ready());
    CHECK_FALSE(health.next().has_value());
}

TEST_CASE("a watchdog that is not fed in time is the end") {
    Health health{{.live = HealthBy::notify, .interval = Milliseconds(1'000), .failures = 3}};
    health.begin(start);
    CHECK(next(health) == 3'000);
    health.say_live(at(2'000));
    CHECK(next(health) == 5'000);
    health.set_watchdog(Milliseconds(500), at(2'000));
    CHECK(next(health) == 2'500);
    health.look(at(2'500));
    CHECK(health.verdict() == EndReason::not_live);
}

TEST_CASE("an application may say itself that it is not live, or that it stops") {
    Health dead{{.live = HealthBy::notify}};
    dead.begin(start);
    dead.say_dead();
    CHECK(dead.verdict() == EndReason::not_live);

    Health unasked{HealthRules{}};
    unasked.begin(start);
    unasked.say_dead();
    CHECK_FALSE(unasked.verdict().has_value());
    unasked.say_stopping();
    CHECK_FALSE(unasked.is_ready());
    CHECK(unasked.is_live());
}

TEST_CASE("READY says nothing where readiness is checked otherwise, but ends a reload") {
    Health health{checked()};
    health.begin(start);
    health.say_ready(at(10));
    CHECK_FALSE(health.is_ready());
    check(health, Check::ready, 100, true);
    health.say_reloading();
    CHECK(health.is_ready());
    CHECK(health.is_reloading());
    health.say_ready(at(200));
    CHECK_FALSE(health.is_reloading());
}

TEST_CASE("a check that ends after the verdict changes nothing") {
    Health health{checked()};
    health.begin(start);
    check(health, Check::ready, 100, true);
    for (const int now : {10'100, 20'100}) check(health, Check::live, now, false);
    REQUIRE(health.take_due(Check::ready, at(30'100)));
    check(health, Check::live, 30'100, false);
    health.on_check(Check::ready, true, "", at(30'200));
    CHECK_FALSE(health.is_ready());
    CHECK_FALSE(health.next().has_value());
}

TEST_CASE("checks are written as users know them") {
    CHECK(parse_check_spec("notify")->kind == Kind::notify);
    const auto port = parse_check_spec("tcp:8080");
    CHECK(port->targets == std::vector<std::string>{"tcp:127.0.0.1:8080", "tcp:[::1]:8080"});
    CHECK(port->text == "tcp:8080");
    const auto url = parse_check_spec("http://localhost:8080/ready?token=x");
    CHECK(url->kind == Kind::targets);
    CHECK(url->text.find("token") == std::string::npos);
    const auto command = parse_check_spec("exec:pg_isready -q");
    CHECK(command->kind == Kind::command);
    CHECK(command->command == "pg_isready -q");
    CHECK(parse_check_spec("unix:/run/app.sock")->kind == Kind::targets);
}

TEST_CASE("what is no check is refused with the forms that are") {
    for (const std::string_view text : {"", "tcp:", "tcp:0", "tcp:65536", "tcp:x", "exec:",
                                        "exec:  ", "htp://x", "notify ", "http://", "ftp://x/"}) {
        const auto spec = parse_check_spec(text);
        REQUIRE_FALSE(spec.has_value());
        CHECK(spec.error().fault == Fault::usage);
        CHECK(spec.error().message.find("tcp:PORT") != std::string::npos);
    }
}

}  // TEST_SUITE("supervise")
