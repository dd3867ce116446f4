// SPDX-License-Identifier: Apache-2.0

// CONTRACT: from the first instruction to the last, signals are forwarded or acted on. A signal
// that came too early and was lost leaves an application that runs on, and here a test that never
// ends.
//
// What nobody can do: the kernel drops a signal for PID 1 that is neither blocked nor caught, so
// between execve and the program's first system call TERM is gone. What is promised is that this is
// all of the gap: that call blocks, and of what comes after it nothing is lost.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <stdexcept>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/syscall.h>

#include "support/proc.h"
#include "support/scenes.h"
#include "support/scratch.h"
#include "support/tracer.h"
#include "support/world.h"

using namespace kaigara::test;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int tries = 60;
constexpr std::chrono::seconds patience{20};

// Until the program has blocked the signal or has ended: asked as fast as it goes, since the first
// moment is what matters. One that has a child is past it: while it waits in rt_sigtimedwait(2),
// the kernel shows the signals that it waits for as not blocked.
void await_block(const Program& program, int signal) {
    const auto deadline = Clock::now() + patience;
    while (!blocks(program.pid(), signal)) {
        if (state_of(program.pid()) == 'Z' || state_of(program.pid()) == ' ') return;
        if (!children_of(program.pid()).empty()) return;
        if (Clock::now() > deadline) throw std::runtime_error("the signal is never blocked");
    }
}

// Burns the time, for moments that are closer together than a timer's.
void spin(std::chrono::microseconds time) {
    const auto end = Clock::now() + time;
    while (Clock::now() < end) continue;
}

// Sends a signal at each of many moments in the first milliseconds; each ends the application.
void send_at_many_moments(const std::vector<std::string>& words, Place place, int signal,
                          std::chrono::microseconds step) {
    for (int attempt = 0; attempt < tries; ++attempt) {
        CAPTURE(attempt);
        Program program({.words = words, .place = place});
        await_block(program, signal);
        spin(attempt * step);
        program.send(signal);
        CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
    }
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the first thing that a static binary does is to block all signals") {
    if (!kaigara_is_static()) return;  // others begin with their loader's calls
    const std::vector<SystemCall> calls = first_calls(command({"exec", "--", "/bin/true"}), 3);
    REQUIRE(calls.size() == 3);
    CHECK(calls.front().number == SYS_rt_sigprocmask);
    CHECK(calls.front().blocked == ~std::uint64_t{0});
}

TEST_CASE("TERM in the first moments of exec is never lost") {
    const auto step = std::chrono::microseconds(20);
    send_at_many_moments(exec_actor({"pause"}), Place::first, SIGTERM, step);
    send_at_many_moments(exec_actor({"pause"}), Place::later, SIGTERM, step);
    send_at_many_moments(exec_actor({"pause"}), Place::first, SIGTERM, step * 5);
}

TEST_CASE("a signal to the group between fork and exec is never lost") {
    const auto step = std::chrono::microseconds(25);
    send_at_many_moments(exec_actor({"pause"}, {"-g"}), Place::first, SIGTERM, step);
    send_at_many_moments(exec_actor({"pause"}, {"-g"}), Place::first, SIGHUP, step);
    send_at_many_moments(exec_actor({"pause"}, {"-g"}), Place::later, SIGINT, step);
}

TEST_CASE("a real-time signal in the first moments is never lost") {
    send_at_many_moments(exec_actor({"pause"}), Place::first, 40, std::chrono::microseconds(25));
}

TEST_CASE("TERM at any moment of start stops it, whatever stage it is in") {
    const ScratchDir scratch;
    scratch.write("metadata.yml", "app: {port: 80}\n");
    scratch.write("operations/10-first", "#!/bin/sh\nexit 0\n", 0755);
    scratch.write("operations/20-second", "#!/bin/sh\nexit 0\n", 0755);
    const std::vector<std::string> words =
        with_actor(command({"start", "--metadata", scratch / "metadata.yml", "--operations",
                            scratch / "operations", "--"}),
                   {"pause"});
    send_at_many_moments(words, Place::first, SIGTERM, std::chrono::microseconds(150));
}

// The mask is there before the loader or the C library has done anything else that takes time: a
// process that is told to end before that has not begun, and ends by the signal itself.
TEST_CASE("a program that is not PID 1 ends by TERM, however early it comes") {
    for (int attempt = 0; attempt < tries; ++attempt) {
        Program program({.words = exec_actor({"pause"}), .place = Place::later});
        spin(attempt * std::chrono::microseconds(10));
        program.send(SIGTERM);
        const std::string ending = program.wait();
        const bool stopped = ending == "exit 143" || ending == "signal 15";
        CHECK_MESSAGE(stopped, ending);
    }
}

TEST_CASE("TERM that comes before the application can catch it ends it, and is not lost") {
    for (int attempt = 0; attempt < tries; ++attempt) {
        Program program({.words = exec_actor({"say", "up", "log-signals", "15"})});
        await_block(program, SIGTERM);
        program.send(SIGTERM);
        const std::string ending = program.wait();
        // Before the application blocks it the signal ends it; after that it is logged.
        const bool stopped = ending == "exit 143" || ending == "exit 0";
        CHECK_MESSAGE(stopped, ending);
    }
}

}  // TEST_SUITE("contract")
