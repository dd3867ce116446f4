// SPDX-License-Identifier: Apache-2.0

// The helpers of tests/support are code that other tests stand on.

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "support/scratch.h"
#include "support/skip.h"

using kaigara::test::ScratchDir;

TEST_SUITE("base") {

TEST_CASE("a scratch directory is fresh, holds what is written, and is gone afterwards") {
    std::string path;
    {
        const ScratchDir one;
        const ScratchDir two;
        path = one.path();
        CHECK(one.path() != two.path());
        CHECK(std::filesystem::is_empty(one.path()));
        CHECK(one.write("a/b/c.txt", "text\n", 0604) == path + "/a/b/c.txt");
        CHECK(one.read("a/b/c.txt") == "text\n");
        CHECK(one.mode("a/b/c.txt") == 0604);
        CHECK(one.exists("a/b"));
        CHECK_FALSE(one.exists("a/d"));
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a scratch directory goes away even when a test closed a part of it") {
    std::string path;
    {
        const ScratchDir scratch;
        path = scratch.path();
        scratch.write("closed/file", "x");
        std::filesystem::permissions(scratch / "closed", std::filesystem::perms::none);
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

// Run by name alone, with and without KAIGARA_MUST_WORK: see meson.build.
TEST_CASE("this test case skips itself" * doctest::skip()) {
    KG_SKIP("to show that it can");
    CHECK_MESSAGE(false, "KG_SKIP has to return");
}

}  // TEST_SUITE("base")
