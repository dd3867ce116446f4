// SPDX-License-Identifier: Apache-2.0
#include "supervise/run_members.h"

#include <doctest/doctest.h>

using namespace kaigara;
using namespace kaigara::supervise;

namespace {

using Pids = std::vector<pid_t>;

// pid, parent, group, session, zombie, start
constexpr pid_t self = 1;

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("all that comes from us is of the run, however it has left") {
    const std::vector<platform::Process> all = {
        {1, 0, 1, 1, false, 5},       // ourselves
        {10, 1, 10, 10, false, 100},  // the application
        {11, 10, 10, 10, false, 101},
        {12, 1, 12, 12, false, 102},  // a double fork with a session of its own
        {13, 12, 12, 12, false, 103},
        {14, 10, 10, 10, true, 104},  // dead
    };
    CHECK(members_of_run({100, {}}, self, all) == Pids{10, 11, 12, 13});
}

TEST_CASE("companions, what comes from them, older processes and strangers are not of the run") {
    const std::vector<platform::Process> all = {
        {1, 0, 1, 1, false, 5},       {7, 1, 7, 7, false, 50},  // a daemon of an operation
        {10, 1, 10, 10, false, 100},                            // the application
        {20, 1, 20, 20, false, 200},                            // the watcher
        {21, 20, 21, 21, false, 201},  // its check, with a session of its own
        {22, 1, 22, 20, false, 202},   // in its session, after its parent has ended
        {30, 0, 30, 30, false, 300},   // came by docker exec
        {31, 30, 30, 30, false, 301},
    };
    const Pids companions = {20};
    CHECK(members_of_run({100, companions}, self, all) == Pids{10});
}
}  // TEST_SUITE("supervise")
