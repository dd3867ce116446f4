// SPDX-License-Identifier: Apache-2.0
#include "platform/giving_up.h"

#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "platform/processes.h"

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
    for (;;) {
        const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
        if (ended < 0 && errno == ECHILD) return true;
        if (ended > 0) continue;
        if (std::chrono::steady_clock::now() >= latest) return false;
        std::this_thread::sleep_for(10ms);
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
        log::error("{}: {}", what, errno_text(error));
        stop_all_children();
    }
    ::_exit(EX_IOERR);
}

}  // namespace kaigara::platform
