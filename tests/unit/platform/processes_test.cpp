// SPDX-License-Identifier: Apache-2.0
#include "platform/processes.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "children.h"
#include "platform/descriptors.h"

using namespace kaigara;
using namespace kaigara::platform;

TEST_SUITE("platform") {
TEST_CASE("descendants are found however deep, and zombies are none") {
    const std::vector<Process> all = {
        {1, 0, 1, 1, false}, {2, 1, 2, 2, false}, {3, 2, 3, 3, false},   {4, 3, 3, 3, true},
        {5, 9, 5, 5, false}, {6, 4, 6, 6, false}, {10, 1, 10, 10, false}};
    CHECK(descendants_of(2, all) == std::vector<pid_t>{3, 6});
    CHECK(descendants_of(1, all) == std::vector<pid_t>{2, 3, 6, 10});
    CHECK(descendants_of(7, all).empty());
}

TEST_CASE("the members of a session are found across process groups") {
    const std::vector<Process> all = {
        {2, 1, 2, 2, false}, {3, 2, 3, 2, false}, {4, 2, 2, 2, true}, {5, 1, 5, 5, false}};
    CHECK(members_of_session(2, all) == std::vector<pid_t>{2, 3});
}

TEST_CASE("the list of processes knows us and our parent") {
    const auto all = list_processes();
    const auto self = std::ranges::find(all, ::getpid(), &Process::pid);
    REQUIRE(self != all.end());
    CHECK(self->parent == ::getppid());
    CHECK(self->group == ::getpgrp());
    CHECK(self->session == ::getsid(0));
}

TEST_CASE("only descriptors that are not close-on-exec are taken for inherited ones") {
    test::Children children;
    // In a child of our own, for the test program has descriptors of its runner.
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int own = ::fcntl(0, F_DUPFD_CLOEXEC, 50);
        const int inherited = ::fcntl(0, F_DUPFD, 60);
        close_inherited_descriptors();
        const bool right = ::fcntl(own, F_GETFD) >= 0 && ::fcntl(inherited, F_GETFD) < 0 &&
                           ::fcntl(0, F_GETFD) >= 0;
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    children.reaper.expect(pid, [&status](const ChildEnd& end) { status = end.status(); });
    CHECK(children.wait_until([&status] { return status >= 0; }));
    CHECK(status == 0);
}

TEST_CASE("a closed stdin is occupied by something that cannot be read") {
    test::Children children;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(0);
        occupy_closed_stdio();
        char byte = 0;
        const bool right =
            (::fcntl(0, F_GETFD) & FD_CLOEXEC) != 0 && ::read(0, &byte, 1) == -1 && errno == EBADF;
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    children.reaper.expect(pid, [&status](const ChildEnd& end) { status = end.status(); });
    CHECK(children.wait_until([&status] { return status >= 0; }));
    CHECK(status == 0);
}
}  // TEST_SUITE("platform")
