// SPDX-License-Identifier: Apache-2.0

// What comes before the first test: these tests need root, since each run gets namespaces without a
// user namespace.

#include <sched.h>
#include <sys/mount.h>

#include "support/world_listener.h"

using namespace kaigara::test;

namespace {

// What is mounted here is seen by nobody else, and goes with this program.
std::optional<std::string> prepare() {
    if (mode() != Mode::root) return "needs root";
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return "needs namespaces";
    return std::nullopt;
}

DOCTEST_REGISTER_LISTENER("world", 0, WorldListener<prepare>);

}  // namespace
