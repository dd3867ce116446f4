// SPDX-License-Identifier: Apache-2.0

// CONTRACT 4: a write is a temporary file, fsync, rename, fsync of the directory, in that order. No
// test can pull the plug, so the system calls themselves are looked at.

#include <algorithm>

#include <doctest/doctest.h>

#include <sys/syscall.h>

#include "support/provision_scene.h"
#include "support/tracer.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

bool syncs(const SystemCall& call) {
    return call.number == SYS_fsync || call.number == SYS_fdatasync;
}

bool puts_in_place(const SystemCall& call) {
    return call.number == SYS_rename || call.number == SYS_renameat ||
           call.number == SYS_renameat2 || call.number == SYS_linkat;
}

// Everything up to the last rename is on the disk before it, and the directory after it.
void check_order(const std::vector<std::string>& words) {
    constexpr std::size_t most = 100'000;
    const std::vector<SystemCall> calls = first_calls(words, most);
    REQUIRE(calls.size() < most);
    const auto first = std::find_if(calls.begin(), calls.end(), puts_in_place);
    REQUIRE(first != calls.end());
    CHECK(std::any_of(calls.begin(), first, syncs));
    const auto last = std::find_if(calls.rbegin(), calls.rend(), puts_in_place);
    CHECK(std::any_of(calls.rbegin(), last, syncs));
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a new file and a replaced one are on the disk before and after they are in place") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "{{a:default=1}}\n");
    scene.root("etc/f.tmpl", "{{a:default=1}}\n");
    check_order(scene.words("render", {"t", "-o", scene.folder() / "out"}));
    CHECK(scene.folder().read("out") == "1\n");
    check_order(scene.words("render", {"t", "-o", scene.folder() / "out", "--set", "a=2"}));
    CHECK(scene.folder().read("out") == "2\n");
    check_order(scene.words("provision"));
    CHECK(scene.folder().read("etc/f") == "1\n");
    check_order(scene.words("provision", {"--set", "a=2"}));
    CHECK(scene.folder().read("etc/f") == "2\n");
}

}  // TEST_SUITE("contract")
