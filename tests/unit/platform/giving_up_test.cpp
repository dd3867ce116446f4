// SPDX-License-Identifier: Apache-2.0
#include "platform/giving_up.h"

#include <doctest/doctest.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/log.h"
#include "children.h"
#include "platform/processes.h"

using namespace kaigara;
using namespace kaigara::platform;

namespace {

// In a process of its own, for it is not only the children of the test that are asked to end.
int status_of(void (*act)()) {
    test::Children children;
    const pid_t pid = ::fork();
    if (pid == 0) {
        act();
        ::_exit(1);
    }
    int status = -1;
    children.reaper.expect(pid, [&status](const ChildEnd& end) { status = end.status(); });
    CHECK(children.wait_until([&status] { return status >= 0; }));
    return status;
}

void leave_a_sleeping_child() {
    if (::fork() != 0) return;
    ::signal(SIGTERM, SIG_DFL);  // doctest has a handler
    set_signal_mask(SignalSet{});
    for (;;) ::pause();
}

bool has_children() { return !descendants_of(::getpid(), list_processes()).empty(); }

}  // namespace

TEST_SUITE("platform") {
TEST_CASE("whoever gives up asks the children to end, and waits for them") {
    CHECK(status_of([] {
              leave_a_sleeping_child();
              const bool had = has_children();
              stop_all_children();
              ::_exit(had && !has_children() ? 0 : 1);
          }) == 0);
}

TEST_CASE("a stopped child is woken for its end") {
    CHECK(status_of([] {
              leave_a_sleeping_child();
              for (const pid_t pid : descendants_of(::getpid(), list_processes()))
                  ::kill(pid, SIGSTOP);
              stop_all_children();
              ::_exit(has_children() ? 1 : 0);
          }) == 0);
}

TEST_CASE("giving up says why, and ends with the status of an input/output error") {
    CHECK(status_of([] {
              log::settings().sink = [](std::string_view line) noexcept {
                  if (line != "kaigara: error: cannot go on: No space left on device\n") ::_exit(1);
              };
              give_up("cannot go on", ENOSPC);
          }) == EX_IOERR);
}

TEST_CASE("a second reason while giving up ends it at once") {
    CHECK(status_of([] {
              log::settings().sink = [](std::string_view) noexcept { give_up("again", EIO); };
              give_up("cannot go on", ENOSPC);
          }) == EX_IOERR);
}
}  // TEST_SUITE("platform")
