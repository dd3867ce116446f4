// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5, stop while provisioning; no signal is lost in any stage.

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// Both streams: where the operation's lines go is not what is asked here.
void wait_for(Program& program, std::string_view text) {
    program.eventually(text, [&] { return has(program.output() + program.errors(), text); });
}

std::string all_of(const Program& program) { return program.output() + program.errors(); }

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("TERM, INT and QUIT end the running operation, nothing follows, and kaigara says which") {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        CAPTURE(signal);
        const ProvisionScene scene;
        scene.play("10-long", "say up pause");
        scene.operation("20-never", "echo never");
        for (const Place place : {Place::first, Place::later}) {
            Program program({.words = scene.start(), .place = place});
            wait_for(program, "[10-long] up\n");
            program.send(signal);
            CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
            CHECK(!has(all_of(program), "never"));
            CHECK(!has(all_of(program), "application"));
        }
    }
}

TEST_CASE("the signal itself goes to all of the operation's session") {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        CAPTURE(signal);
        const ProvisionScene scene;
        const std::string until = std::to_string(signal);
        scene.operation("10-long",
                        fmt::format("exec \"$actor\" group {{ log-signals {0} say inner }}"
                                    " fork {{ log-signals {0} say middle }}"
                                    " log-signals {0} reap say outer exit 0",
                                    until));
        Program program({.words = scene.start()});
        program.eventually("three to be ready",
                           [&] { return count(all_of(program), "[10-long] ready\n") == 3; });
        program.send(signal);
        CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
        CHECK(count(all_of(program), fmt::format("[10-long] signal {}\n", signal)) == 3);
        for (const std::string& who : Strings{"inner", "middle", "outer"}) {
            CHECK_MESSAGE(has(all_of(program), fmt::format("[10-long] {}\n", who)), who);
        }
    }
}

TEST_CASE("an operation that ends well after the signal does not make the start go on") {
    const ProvisionScene scene;
    scene.play("10-long", "log-signals 15 exit 0");
    scene.operation("20-never", "echo never");
    Program program({.words = scene.start()});
    wait_for(program, "[10-long] ready\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    CHECK(!has(all_of(program), "never"));
    CHECK(!has(all_of(program), "application"));
}

TEST_CASE("a second stop signal kills an operation that ignores the first") {
    const ProvisionScene scene;
    scene.play("10-stubborn", "log-signals 64");
    Program program({.words = scene.start()});
    wait_for(program, "[10-stubborn] ready\n");
    const auto begin = Clock::now();
    program.send(SIGTERM);
    wait_for(program, "[10-stubborn] signal 15\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    CHECK(Clock::now() - begin < 4s);
}

TEST_CASE("an operation that ignores the signal is killed after five seconds") {
    const ProvisionScene scene;
    scene.play("10-stubborn", "log-signals 64");
    Program program({.words = scene.start()});
    wait_for(program, "[10-stubborn] ready\n");
    const auto begin = Clock::now();
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    CHECK(Clock::now() - begin >= 5s);
}

TEST_CASE("other signals are held back from operations") {
    const ProvisionScene scene;
    scene.play("10-long", "log-signals 64");
    Program program({.words = scene.start()});
    wait_for(program, "[10-long] ready\n");
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM, 40}) {
        program.send(signal);
    }
    program.send(SIGTERM);
    wait_for(program, "[10-long] signal 15\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    // CONT alone may come, with TERM: what is stopped could not act on it.
    for (const std::string& line : lines_of(all_of(program))) {
        const bool is_expected = line == "[10-long] ready" || line == "[10-long] signal 15" ||
                                 line == "[10-long] signal 18" || !line.starts_with('[');
        CHECK_MESSAGE(is_expected, line);
    }
}

TEST_CASE("on a terminal Ctrl-C while an operation runs stops the start") {
    const ProvisionScene scene;
    scene.play("10-long", "say up pause");
    for (const Place place : {Place::first, Place::job}) {
        Program program({.words = scene.start(), .place = place, .terminal = true});
        wait_for(program, "[10-long] up\n");
        program.type("\x03");
        CHECK(program.wait() == "exit 130");
        CHECK(!has(program.output(), "application"));
    }
}

TEST_CASE("a reader that has stopped keeps neither the reaping nor a stop from its work") {
    const ProvisionScene scene;
    // The orphan is nobody's child but kaigara's; its number is free again only when it is reaped.
    scene.operation("10-loud",
                    "(sh -c \"echo \\$\\$ >'$scene/orphan'\" &)\n"
                    "\"$actor\" lines 1000000 &\n"
                    "until [ -s \"$scene/orphan\" ]; do :; done\n"
                    "while kill -0 \"$(cat \"$scene/orphan\")\" 2>/dev/null; do sleep 0.05; done\n"
                    "echo yes >\"$scene/reaped\"\nwait");
    Program program({.words = scene.start(), .output = Output::full, .errors = Output::full});
    program.eventually("the orphan's reaping", [&] { return scene.folder().exists("reaped"); });
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("what an operation left elsewhere does not keep a stop waiting") {
    const ProvisionScene scene;
    scene.play("10-long", "daemon { ignore 15 pause } say up pause");
    Program program({.words = scene.start()});
    wait_for(program, "[10-long] up\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("a stop says so in a line with the operation's name") {
    const ProvisionScene scene;
    scene.play("10-long", "say up pause");
    Program program({.words = scene.start()});
    wait_for(program, "[10-long] up\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    bool is_told = false;
    for (const std::string& line : lines_of(program.errors())) {
        is_told = is_told || (line.starts_with("kaigara: ") && has(line, "10-long"));
    }
    CHECK_MESSAGE(is_told, program.errors());
}

TEST_CASE("provision stops as start does") {
    const ProvisionScene scene;
    scene.play("10-long", "say up pause");
    Program program({.words = scene.words("provision")});
    wait_for(program, "[10-long] up\n");
    program.send(SIGINT);
    CHECK(program.wait() == "exit 130");
}

}  // TEST_SUITE("contract")
