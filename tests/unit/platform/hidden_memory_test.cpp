// SPDX-License-Identifier: Apache-2.0
#include "platform/hidden_memory.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "children.h"

using namespace kaigara::platform;

namespace {

constexpr std::string_view secret = "what is left on the stack";

// Deep below the caller's frame: more than what is wiped by hand.
[[gnu::noinline, gnu::no_sanitize("address")]] const volatile char* leave_on_stack() {
    volatile char bytes[64 * 1024];
    for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = secret[i];
    const volatile char* volatile where = bytes;
    return where;
}

}  // namespace

TEST_SUITE("platform") {

TEST_CASE("a process is not dumpable while its memory is hidden, and as it was when it is not") {
    REQUIRE(::prctl(PR_GET_DUMPABLE) == 1);
    CHECK_FALSE(memory_is_hidden());
    hide_memory();
    hide_memory();
    CHECK(memory_is_hidden());
    CHECK(::prctl(PR_GET_DUMPABLE) == 0);
    show_memory();
    CHECK_FALSE(memory_is_hidden());
    CHECK(::prctl(PR_GET_DUMPABLE) == 1);
}

TEST_CASE("to show what was not hidden changes nothing") {
    ::prctl(PR_SET_DUMPABLE, 0);
    show_memory();
    CHECK(::prctl(PR_GET_DUMPABLE) == 0);
    ::prctl(PR_SET_DUMPABLE, 1);
}

TEST_CASE("what was not dumpable before is not afterwards") {
    ::prctl(PR_SET_DUMPABLE, 0);
    hide_memory();
    show_memory();
    CHECK(::prctl(PR_GET_DUMPABLE) == 0);
    ::prctl(PR_SET_DUMPABLE, 1);
}

TEST_CASE("the part of the stack that is not in use is wiped") {
    const volatile char* left = leave_on_stack();
    REQUIRE(left[0] == secret[0]);
    hide_memory();
    show_memory();
    for (std::size_t i = 0; i < secret.size(); ++i) CHECK(left[i] == '\0');
}

TEST_CASE("memory that grows or shrinks keeps what it holds, hidden or not") {
    for (const bool hidden : {false, true}) {
        CAPTURE(hidden);
        if (hidden) hide_memory();
        void* memory = wiping_realloc(nullptr, 8);
        REQUIRE(memory != nullptr);
        std::memcpy(memory, "12345678", 8);
        memory = wiping_realloc(memory, 100'000);
        REQUIRE(memory != nullptr);
        CHECK(std::memcmp(memory, "12345678", 8) == 0);
        memory = wiping_realloc(memory, 4);
        REQUIRE(memory != nullptr);
        CHECK(std::memcmp(memory, "1234", 4) == 0);
        wipe_and_free(memory);
        wipe_and_free(nullptr);
        wipe_and_free(std::malloc(4), 4);
        wipe_and_free(nullptr, 0);
        if (hidden) show_memory();
    }
}

TEST_CASE("a child of a process whose memory is hidden is as dumpable as ever") {
    kaigara::test::Children children;
    hide_memory();
    // Of a process that is not dumpable everything in /proc belongs to root; the program here is
    // another one, started anew.
    const auto request = children.request({"/bin/sh", "-c",
                                           "cat /proc/$$/environ >/dev/null && "
                                           "test $(stat -c %u /proc/$$/environ) = $(id -u)"});
    CHECK(children.run(request).status() == 0);
    show_memory();
}

}  // TEST_SUITE("platform")
