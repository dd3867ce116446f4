// SPDX-License-Identifier: Apache-2.0
#pragma once

// Signals: every one of them is blocked from the first instruction on and read from one signalfd
// on the loop, so none is lost and each is acted on in order, with its sender known (law 2).
//
// Before the mask is set, the kernel drops a signal that PID 1 has no handler for. So the mask is
// set by platform/entry.cpp, before even the C library has started: a static glibc runs for some
// 0.4 ms before its first constructor, and a TERM in that time would be lost.
//
// Nothing here ever changes a disposition, but for SIGCHLD where it was inherited as ignored: the
// kernel would then reap our children behind our back. What kaigara was born with is kept, and
// children get exactly that back.
//
// Signals 32 and 33, which the C library keeps for itself, are treated like all others; so masks
// are the kernel's 64 bits and not a sigset_t.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/fd.h"
#include "platform/loop.h"

namespace kaigara::platform {

inline constexpr int last_signal = 64;

// A set of signals in the kernel's layout: bit n-1 is signal n.
struct SignalSet {
    std::uint64_t bits = 0;

    static constexpr SignalSet all() { return {~std::uint64_t{0}}; }
    constexpr bool has(int signal) const { return ((bits >> (signal - 1)) & 1U) != 0; }
    constexpr SignalSet with(int signal) const {
        return {bits | (std::uint64_t{1} << (signal - 1))};
    }
    constexpr SignalSet without(int signal) const {
        return {bits & ~(std::uint64_t{1} << (signal - 1))};
    }
    constexpr bool operator==(const SignalSet&) const = default;
};

// What the process was started with.
struct SignalInheritance {
    SignalSet mask;
    bool child_ignored = false;  // SIGCHLD was SIG_IGN
};

// Blocks every signal and makes SIGCHLD default again; answers what was there before, also on
// later calls. The mask of before is known from the entry code where that has run.
const SignalInheritance& take_signals() noexcept;

// Replaces the mask of this process; raw, so that 32 and 33 count.
void set_signal_mask(SignalSet mask) noexcept;

// One signal that arrived.
struct Signal {
    int number = 0;
    pid_t sender = 0;        // 0: the kernel, or a process outside of this PID namespace
    int code = 0;            // si_code of sigaction(2): SI_USER, SI_QUEUE, SI_KERNEL...
    std::int64_t value = 0;  // with SI_QUEUE: what sigqueue(3) was given
};

// Delivers signals on the loop. A SIGPIPE that kaigara caused itself is swallowed; SIGCHLD goes to
// `on_child`, once a batch and before the batch's other signals.
class SignalReader {
public:
    // Signals that are not in `set` are not read here; the caller unblocks them if it wants to.
    SignalReader(Loop& loop, std::function<void(const Signal&)> on_signal,
                 std::function<void()> on_child, SignalSet set = SignalSet::all());

private:
    void read_batch();

    std::function<void(const Signal&)> on_signal_;
    std::function<void()> on_child_;
    Fd fd_;
    Poll poll_;
};

// Waits for the next signal of `set`, all of which are blocked, or until `deadline`: nothing then,
// and also where the wait was interrupted. This is a whole event loop in one system call, for a
// process that has signals to wait for and nothing else. A SIGPIPE of our own making is passed
// over.
std::optional<Signal>
wait_for_signal(SignalSet set,
                std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;

// "TERM", "SIGTERM", "term", "15", "RTMIN+3", "RTMAX-1" -> 1..64; nothing when it is none of these.
std::optional<int> parse_signal(std::string_view text);

// "TERM" for 15, "RTMIN+3" for 37.
std::string signal_name(int signal);

}  // namespace kaigara::platform

// Written by the entry code, in C linkage because assembly writes them.
extern "C" {
extern std::uint64_t kaigara_inherited_mask;
extern std::uint64_t kaigara_signals_taken;
}
