// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: "Before a restart no descendant of the former run is left (those of `docker exec` are
// not ours and stay)."

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_peers.h"
#include "supervision_scene.h"
#include "support/proc.h"

using namespace kaigara::test;

namespace {

// At the beginning of each run: how many processes of the name `actor` there are.
constexpr std::string_view census =
    "echo \"others $(cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^actor$')\"; ";

// In its first run it leaves the play behind, once that has made the file `up`, and fails; then it
// waits for TERM.
std::string leaves(std::string_view play) {
    return fmt::format("{}[ -e \"$scene/up\" ] && exec \"$actor\" log-signals 15 exit 5; "
                       "\"$actor\" {} <&- & \"$actor\" await \"$scene/up\"; exit 1",
                       census, play);
}

void check_nothing_is_left(std::string_view play) {
    for (const Place place : {Place::first, Place::later}) {
        CAPTURE(play);
        const SupervisionScene scene;
        Program program({.words = scene.shell({"--restart", "on-failure", "--restart-delay", "1ms"},
                                              leaves(play)),
                         .place = place});
        program.wait_for("others 0\n");
        program.wait_for("others ");
        program.wait_for("ready\n");
        CHECK(count(program.output(), "others 0\n") == 2);
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 5");
    }
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("before a new run a child of the former one is gone") {
    check_nothing_is_left("touch $scene/up pause");
}

TEST_CASE("before a new run a child in a process group of its own is gone") {
    check_nothing_is_left("group { touch $scene/up pause } pause");
}

TEST_CASE("before a new run a child that leads a session is gone") {
    check_nothing_is_left("session { touch $scene/up pause } pause");
}

TEST_CASE("before a new run a daemon that was forked twice is gone") {
    check_nothing_is_left("daemon { touch $scene/up pause }");
}

TEST_CASE("before a new run a daemon that ignores TERM is gone") {
    check_nothing_is_left("daemon { ignore 15 ignore 1 touch $scene/up pause }");
}

TEST_CASE("before a new run the children of a daemon are gone, deep down") {
    check_nothing_is_left(
        "daemon { session { daemon { ignore 15 session { touch $scene/up pause } pause } pause } "
        "pause }");
}

TEST_CASE("with --grace what is left is asked by TERM first, and is gone before the new run") {
    const SupervisionScene scene;
    const auto program =
        scene.start({"--restart", "on-failure", "--restart-delay", "1ms", "--grace", "20s"},
                    leaves("daemon { block 15 touch $scene/up log-signals 15 say bye exit 0 }"));
    program->wait_for("others 0\n");
    program->wait_for("bye\n");
    program->wait_for("others 0\n");
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("with --grace what ignores TERM is killed when the grace has passed") {
    const SupervisionScene scene;
    const auto program = scene.start(
        {"--restart", "on-failure", "--restart-delay", "1ms", "--grace", "300ms"},
        fmt::format("\"$actor\" clock; {}", leaves("daemon { ignore 15 touch $scene/up pause }")));
    program->wait_for("others 0\n");
    program->wait_for("others 0\n");
    const std::vector<long> times = clocks(program->output());
    REQUIRE(times.size() == 2);
    CHECK(times[1] - times[0] >= 300);
    program->wait_for("ready\n");
    program->send(SIGTERM);
    CHECK(program->wait() == "exit 5");
}

TEST_CASE("a process that has entered from outside stays, through one restart after the other") {
    const SupervisionScene scene;
    const auto program = scene.play({"--restart", "always", "--restart-delay", "1ms"},
                                    {"say", "run", "log-signals", "10", "exit", "1"});
    program->wait_for("ready\n");
    const Entrant entrant(program->pid(), scene.path("entered"));
    for (int round = 0; round < 3; ++round) {
        program->send(SIGUSR1);
        program->wait_for("run\n");
        program->wait_for("ready\n");
        CHECK(entrant.is_there());
    }
    program->send(SIGTERM);
    program->send(SIGUSR1);
    CHECK(program->wait() == "exit 1");
}

TEST_CASE("a hundred restarts leave no zombie and no descriptor behind") {
    const SupervisionScene scene;
    const auto program =
        scene.start({"--restart", "always", "--restart-delay", "0"},
                    "\"$actor\" daemon { pause }; echo x >>\"$scene/runs\"; "
                    "case $(wc -l <\"$scene/runs\") in 10|110) "
                    "exec \"$actor\" zombies log-signals 10 exit 1;; esac; exit 1");
    program->wait_for("ready\n");
    const std::size_t before = descriptors_of(program->pid()).size();
    program->send(SIGUSR1);
    program->wait_for("ready\n");
    // What was opened for the start of this run may be about to be closed.
    program->eventually("as few descriptors as before",
                        [&] { return descriptors_of(program->pid()).size() <= before; });
    CHECK(count(program->output(), "zombies 0\n") == 2);
    program->send(SIGTERM);
    program->send(SIGUSR1);
    CHECK(program->wait() == "exit 1");
}

}  // TEST_SUITE("contract")
