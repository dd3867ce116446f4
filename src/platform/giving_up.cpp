// SPDX-License-Identifier: Apache-2.0
#include "platform/giving_up.h"

#include <sysexits.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <initializer_list>

#include "base/error.h"
#include "base/log.h"
#include "platform/processes.h"
#include "platform/reaper.h"

namespace kaigara::platform {

namespace {

using namespace std::chrono_literals;

void send_to_all(int signal) {
    if (::getpid() == 1) {
        ::kill(-1, signal);
        return;
    }
    for (const pid_t pid : descendants_of(::getpid(), list_processes())) ::kill(pid, signal);
}

// False when children are left after this time.
bool all_end_within(std::chrono::milliseconds limit) {
    const auto latest = std::chrono::steady_clock::now() + limit;
    Reaper reaper;
    for (;;) {
        reaper.reap();
        if (!reaper.has_children()) return true;
        if (std::chrono::steady_clock::now() >= latest) return false;
        ::usleep(10'000);
    }
}

// Before main, where a library's constructor has no memory, the log has nowhere to write to.
void tell(std::string_view what, std::string_view reason) {
    if (log::settings().sink != nullptr) return log::error("{}: {}", what, reason);
    for (const std::string_view part :
         std::initializer_list<std::string_view>{"kaigara: error: ", what, ": ", reason, "\n"}) {
        if (::write(STDERR_FILENO, part.data(), part.size()) < 0) return;
    }
}

}  // namespace

void stop_all_children() noexcept {
    if (all_end_within(0ms)) return;
    send_to_all(SIGTERM);
    send_to_all(SIGCONT);
    if (all_end_within(10s)) return;
    send_to_all(SIGKILL);
    all_end_within(1s);  // what the kernel cannot end now, it ends later
}

void give_up(std::string_view what, int error) noexcept {
    static bool is_giving_up = false;
    if (!is_giving_up) {
        is_giving_up = true;
        tell(what, errno_text(error));
        stop_all_children();
    }
    ::_exit(EX_IOERR);
}

}  // namespace kaigara::platform
