// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: each run starts as the first one did: "with the signal mask and dispositions that
// kaigara was started with", and in the foreground of a terminal.

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

const Strings once_more = {"--restart", "always", "--restart-limit", "1", "--restart-delay", "1ms"};

// What one run says of itself, its number aside: the two halves of the output are the same.
void check_same_twice(Setup setup) {
    const Outcome outcome = run(std::move(setup));
    CHECK(outcome.ending == "exit 1");
    const std::size_t half = outcome.output.size() / 2;
    CHECK(half > 10);
    CHECK(outcome.output.substr(0, half) == outcome.output.substr(half));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("each run has the same signals, descriptors, directory, mask, rights and environment") {
    const SupervisionScene scene;
    for (const Place place : {Place::first, Place::later}) {
        Setup setup{.words = scene.actor(once_more, {"signals", "descriptors", "stdio", "cwd",
                                                     "umask", "ids", "environment", "exit", "1"}),
                    .place = place,
                    .environment = {"COLOUR=red", "KAIGARA_LOG_LEVEL=warn"},
                    .directory = "/usr",
                    .blocked = {SIGUSR1, 40},
                    .ignored = {SIGHUP, 64},
                    .descriptors = {7, 251},
                    .umask = 027};
        check_same_twice(std::move(setup));
    }
}

TEST_CASE("each run has the user, the directory and the mask of the options") {
    const SupervisionScene scene;
    Strings options = once_more;
    options.insert(options.end(), {"--cwd", "/usr/share", "--umask", "031"});
    if (mode() == Mode::root) options.insert(options.end(), {"--user", "12345:23456"});
    Setup setup{.words = scene.actor(options, {"cwd", "umask", "ids", "environment", "exit", "1"})};
    check_same_twice(std::move(setup));
}

TEST_CASE("each run leads its own process group, and that is the terminal's") {
    const SupervisionScene scene;
    for (const Place place : {Place::first, Place::job}) {
        Program program(
            {.words = scene.shell({"--restart", "always", "--restart-delay", "1ms"},
                                  fmt::format("[ -e \"$scene/{0}\" ] && exec \"$actor\" say second "
                                              "read-line exit 5; touch \"$scene/{0}\"; exit 1",
                                              place == Place::first ? "first" : "job")),
             .place = place,
             .terminal = true});
        program.wait_for("second");
        program.type("some text\n");
        program.wait_for("read some text");
        program.wait_for("second");
        program.type("\x03");
        CHECK(program.wait() == "exit 130");
    }
}

}  // TEST_SUITE("contract")
