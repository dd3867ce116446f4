// SPDX-License-Identifier: Apache-2.0
#include "platform/signals.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

#include "platform/loop.h"

using namespace kaigara::platform;

TEST_SUITE("platform") {
TEST_CASE("a signal is named by number, with and without SIG, in any case") {
    CHECK(parse_signal("TERM") == SIGTERM);
    CHECK(parse_signal("SIGTERM") == SIGTERM);
    CHECK(parse_signal("sigterm") == SIGTERM);
    CHECK(parse_signal("15") == SIGTERM);
    CHECK(parse_signal("IOT") == SIGABRT);
    CHECK(parse_signal("POLL") == SIGIO);
    CHECK(parse_signal("CLD") == SIGCHLD);
}

TEST_CASE("real-time signals count from RTMIN up and from RTMAX down") {
    CHECK(parse_signal("RTMIN") == 34);
    CHECK(parse_signal("SIGRTMIN+3") == 37);
    CHECK(parse_signal("RTMAX") == 64);
    CHECK(parse_signal("RTMAX-1") == 63);
    CHECK(parse_signal("RTMIN+30") == 64);
}

TEST_CASE("what is no signal is refused") {
    for (const char* text : {"", "0", "65", "-1", "+15", "TERMS", "SIG", "RTMIN+31", "RTMIN-1",
                             "RTMAX+1", "RTMIN+", "15 "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_signal(text).has_value());
    }
}

TEST_CASE("every signal has a name that reads back") {
    for (int signal = 1; signal <= last_signal; ++signal) {
        CAPTURE(signal);
        CHECK(parse_signal(signal_name(signal)) == signal);
    }
}

TEST_CASE("a set of signals knows the 64th") {
    const SignalSet set = SignalSet{}.with(1).with(64);
    CHECK(set.has(1));
    CHECK(set.has(64));
    CHECK_FALSE(set.has(2));
    CHECK_FALSE(set.without(64).has(64));
}

TEST_CASE("signals are read in order, with their sender and their value") {
    take_signals();
    Loop loop;
    std::vector<Signal> seen;
    int child_batches = 0;
    SignalReader reader(
        loop, [&seen](const Signal& signal) { seen.push_back(signal); },
        [&child_batches] { ++child_batches; });
    for (int i = 0; i < 3; ++i) {
        sigval value;
        value.sival_ptr = reinterpret_cast<void*>(static_cast<std::intptr_t>(i));
        REQUIRE(::sigqueue(::getpid(), 40, value) == 0);
    }
    ::kill(::getpid(), SIGUSR1);
    ::kill(::getpid(), SIGCHLD);
    loop.run_ready();
    REQUIRE(seen.size() == 4);
    CHECK(seen[0].number == SIGUSR1);
    CHECK(seen[0].sender == ::getpid());
    for (int i = 0; i < 3; ++i) {
        CHECK(seen[static_cast<std::size_t>(i) + 1].number == 40);
        CHECK(seen[static_cast<std::size_t>(i) + 1].code == SI_QUEUE);
        CHECK(seen[static_cast<std::size_t>(i) + 1].value == i);
    }
    CHECK(child_batches == 1);
}

TEST_CASE("a SIGPIPE of our own making is not taken for a message to the application") {
    take_signals();
    Loop loop;
    int seen = 0;
    SignalReader reader(loop, [&seen](const Signal&) { ++seen; }, [] {});
    int ends[2];
    REQUIRE(::pipe2(ends, 0) == 0);
    ::close(ends[0]);
    CHECK(::write(ends[1], "x", 1) == -1);
    ::close(ends[1]);
    loop.run_ready();
    CHECK(seen == 0);
}

TEST_CASE("the C library's own signals 32 and 33 are delivered like any other") {
    take_signals();
    Loop loop;
    std::vector<int> seen;
    SignalReader reader(
        loop, [&seen](const Signal& signal) { seen.push_back(signal.number); }, [] {});
    ::kill(::getpid(), 32);
    ::kill(::getpid(), 33);
    loop.run_ready();
    CHECK(seen == std::vector<int>{32, 33});
}

TEST_CASE("waiting for a signal ends with one, with its value, or with the deadline") {
    take_signals();
    const auto now = std::chrono::steady_clock::now();
    CHECK_FALSE(wait_for_signal(SignalSet{}.with(SIGUSR1), now).has_value());
    sigval value;
    value.sival_ptr = reinterpret_cast<void*>(std::intptr_t{7});
    REQUIRE(::sigqueue(::getpid(), 50, value) == 0);
    ::kill(::getpid(), SIGUSR1);
    ::kill(::getpid(), 33);
    const auto first = wait_for_signal(SignalSet::all(), std::nullopt);
    REQUIRE(first.has_value());
    CHECK(first->number == SIGUSR1);
    CHECK(wait_for_signal(SignalSet::all(), std::nullopt)->number == 33);
    const auto queued = wait_for_signal(SignalSet::all(), std::nullopt);
    REQUIRE(queued.has_value());
    CHECK(queued->number == 50);
    CHECK(queued->code == SI_QUEUE);
    CHECK(queued->value == 7);
    CHECK_FALSE(wait_for_signal(SignalSet::all(), now).has_value());
}
}  // TEST_SUITE("platform")
