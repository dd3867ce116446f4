// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an application says about itself in one datagram of sd_notify(3). Pure.
//
//     READY=1                   it has started, or has reloaded
//     RELOADING=1               it reads its configuration anew; READY=1 follows
//     STOPPING=1                it is about to end
//     STATUS=loading the index  for a person
//     WATCHDOG=1                it is alive; WATCHDOG=trigger: it is not, and says so itself
//     WATCHDOG_USEC=20000000    from now on it wants to be alive at least this often
//     EXTEND_TIMEOUT_USEC=...   what it is doing now may take this much longer
//     MAINPID=123               the process that counts
//     BARRIER=1                 whoever sent this waits until the descriptor with it is closed
//
// One a line; of one that stands there twice the first counts. What else systemd knows (FDSTORE,
// ERRNO, MONOTONIC_USEC, X_...) means nothing here and is passed over in silence, so that whatever
// was written for systemd runs. What cannot be right is told in words: somebody waits for an effect
// that it will not have.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kaigara::supervise {

// What is longer is cut off by who receives it; systemd takes as much.
inline constexpr std::size_t longest_notify_datagram = 4'096;
inline constexpr std::size_t longest_notify_status = 1'024;

struct NotifyMessage {
    bool ready = false;
    bool reloading = false;
    bool stopping = false;
    bool watchdog = false;
    bool watchdog_trigger = false;
    bool barrier = false;
    std::optional<std::string> status;  // printable; empty: the former one is taken back
    std::optional<pid_t> main_pid;      // above 0; nobody has asked yet whose it is
    std::optional<std::chrono::microseconds> watchdog_interval;  // 100 ms to a day
    std::optional<std::chrono::microseconds> extend_timeout;     // above 0, an hour at most
    // The first of what is malformed, and how much more there is; one line, behind "it".
    std::string complaint;
};

// Lines that are malformed do not spoil the others. A datagram that is longer than
// longest_notify_datagram says nothing but its complaint, because its end is missing.
NotifyMessage parse_notify_message(std::string_view datagram);

// What of it an outer service manager is to know, as a datagram; empty where that is nothing. The
// pids, times and descriptors in it are between the application and us. With RELOADING=1 goes
// `now`, of CLOCK_MONOTONIC, which a manager wants that has asked for the reload
// (Type=notify-reload).
std::string relayed_text(const NotifyMessage& message, std::chrono::microseconds now);

}  // namespace kaigara::supervise
