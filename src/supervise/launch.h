// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is to be run, and by which rules: the value that the earlier stages hand to stage 3.

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "platform/signals.h"
#include "platform/spawn.h"
#include "supervise/restart_policy.h"

namespace kaigara::supervise {

// What becomes of a signal that arrives: 1..64 is delivered in its place, `drop` vanishes.
class SignalMap {
public:
    static constexpr int drop = 0;

    constexpr SignalMap() {
        for (int signal = 0; signal <= platform::last_signal; ++signal)
            target_[static_cast<std::size_t>(signal)] = static_cast<std::uint8_t>(signal);
    }
    constexpr int operator[](int signal) const { return target_[static_cast<std::size_t>(signal)]; }
    constexpr void rewrite(int from, int to) {
        target_[static_cast<std::size_t>(from)] = static_cast<std::uint8_t>(to);
    }

private:
    std::array<std::uint8_t, platform::last_signal + 1> target_{};
};

// Whether we stop together with the application, so that the shell that started us gets its prompt
// back: see job.h.
enum class JobControl : std::uint8_t {
    none,         // never
    on_terminal,  // when the application has our terminal
    always,
};

struct Launch {
    // Null-terminated pointers into memory that outlives the supervisor.
    std::vector<char*> argv;
    std::vector<char*> environment;

    platform::ProcessGroup group = platform::ProcessGroup::own_group;
    // Make the application the foreground process group of the terminal on descriptor `terminal`,
    // if we are that now.
    bool use_terminal = true;
    int terminal = 0;
    JobControl job_control = JobControl::always;
    // dumb-init's way: the new session takes the terminal on descriptor 0 over, or leaves the
    // errno.
    bool take_terminal = false;
    int* terminal_error = nullptr;
    // Signals go to the application's process group instead of to its process alone.
    bool signal_group = false;
    SignalMap signals;
    // Signals that are never read, and keep the disposition that they have.
    platform::SignalSet not_ours;

    std::optional<platform::Credentials> user;
    bool no_new_privileges = false;
    std::optional<mode_t> umask;
    std::optional<std::string> directory;

    // It may be started again: the working directory is kept for that, and when its run began is
    // noted.
    bool may_restart = false;

    // How a stop is asked for, beside TERM: see policy.h. 0 for none.
    int stop_signal = 0;
    Milliseconds stop_timeout{0};  // 0: never
    Milliseconds grace{0};         // 0: none

    RestartRules restart;

    // Statuses 0..255 that become 0.
    std::bitset<256> success;

    // The application gets every signal unblocked and default, whatever was inherited.
    bool default_signals = false;
    // Leave the working directory, and once the application runs the inherited descriptors: another
    // run would not have them.
    bool leave_directory = true;
    bool close_inherited = true;
    // Into `environment`: see SpawnRequest.
    char* listen_pid = nullptr;
};

}  // namespace kaigara::supervise
