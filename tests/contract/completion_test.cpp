// SPDX-License-Identifier: Apache-2.0

// `kaigara completion`. What the shells make of it is tested in the shells: tests/completion.

#include <doctest/doctest.h>

#include "support/expect.h"
#include "support/world.h"

using namespace kaigara::test;

TEST_SUITE("contract") {

TEST_CASE("completion prints a script for each of the three shells, and the same each time") {
    for (const char* const shell : {"bash", "zsh", "fish"}) {
        CAPTURE(shell);
        const Outcome outcome = run({.words = command({"completion", shell})});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(outcome.errors.empty());
        for (const char* const word : {"stop-timeout", "on-failure", "salvage", "STKFLT"})
            CHECK_MESSAGE(has(outcome.output, word), outcome.output);
        CHECK(run({.words = command({"completion", shell})}).output == outcome.output);
    }
}

TEST_CASE("completion for another shell, or for none, is a usage error that names the three") {
    const Outcome unknown = run({.words = command({"completion", "tcsh"})});
    CHECK(unknown.ending == "exit 64");
    CHECK_MESSAGE(has(unknown.errors, "'tcsh': bash, zsh and fish"), unknown.errors);
    CHECK(unknown.output.empty());
    const Outcome none = run({.words = command({"completion"})});
    CHECK(none.ending == "exit 64");
    CHECK_MESSAGE(has(none.errors, "completion SHELL"), none.errors);
}

}  // TEST_SUITE("contract")
