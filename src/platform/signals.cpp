// SPDX-License-Identifier: Apache-2.0
#include "platform/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"

constinit std::uint64_t kaigara_inherited_mask = 0;
constinit std::uint64_t kaigara_signals_taken = 0;

namespace kaigara::platform {

namespace {

void change_mask(int how, SignalSet set, SignalSet* before) noexcept {
    ::syscall(SYS_rt_sigprocmask, how, &set.bits, before == nullptr ? nullptr : &before->bits,
              sizeof set.bits);
}

// Names as bash's `kill -l` and sigaction(7) have them, indexed by number.
constexpr std::array<std::string_view, 32> names = {
    "",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
    "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
    "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};

constexpr int realtime_first = 34;  // SIGRTMIN as users know it; 32 and 33 are the C library's

Fd make_signalfd(SignalSet set) {
    return Fd(static_cast<int>(
        ::syscall(SYS_signalfd4, -1, &set.bits, sizeof set.bits, SFD_CLOEXEC | SFD_NONBLOCK)));
}

}  // namespace

const SignalInheritance& take_signals() noexcept {
    static constinit SignalInheritance inheritance;
    static constinit bool taken = false;
    if (taken) return inheritance;
    taken = true;
    if (kaigara_signals_taken != 0) {
        inheritance.mask.bits = kaigara_inherited_mask;
    } else {
        change_mask(SIG_BLOCK, SignalSet::all(), &inheritance.mask);
    }
    struct sigaction defaults = {};
    struct sigaction before = {};
    defaults.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &defaults, &before);
    inheritance.child_ignored = before.sa_handler == SIG_IGN;
    return inheritance;
}

void set_signal_mask(SignalSet mask) noexcept { change_mask(SIG_SETMASK, mask, nullptr); }

SignalReader::SignalReader(Loop& loop, std::function<void(const Signal&)> on_signal,
                           std::function<void()> on_child, SignalSet set)
    : on_signal_(std::move(on_signal)), on_child_(std::move(on_child)), fd_(make_signalfd(set)),
      poll_(loop, fd_.get(), Poll::Readiness::readable, [this] { read_batch(); }) {}

void SignalReader::read_batch() {
    // One read a round: what does not fit makes the descriptor readable again.
    std::array<signalfd_siginfo, 16> batch;
    const ssize_t size = ::read(fd_.get(), batch.data(), sizeof batch);
    if (size <= 0) return;
    const auto count = static_cast<std::size_t>(size) / sizeof batch[0];
    // Dead children first: a signal must never go to a pid that another process may have by now.
    for (std::size_t i = 0; i < count; ++i) {
        if (batch[i].ssi_signo != SIGCHLD) continue;
        on_child_();
        break;
    }
    const auto self = static_cast<std::uint32_t>(::getpid());
    for (std::size_t i = 0; i < count; ++i) {
        const signalfd_siginfo& info = batch[i];
        if (info.ssi_signo == SIGCHLD) continue;
        // Our own write to a closed pipe. The kernel marks it as sent by ourselves.
        if (info.ssi_signo == SIGPIPE && info.ssi_pid == self) continue;
        on_signal_(Signal{static_cast<int>(info.ssi_signo), static_cast<pid_t>(info.ssi_pid),
                          info.ssi_code, static_cast<std::int64_t>(info.ssi_ptr)});
    }
}

std::optional<Signal>
wait_for_signal(SignalSet set,
                std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    using namespace std::chrono;
    timespec timeout = {};
    if (deadline) {
        const auto left = duration_cast<nanoseconds>(*deadline - steady_clock::now());
        const auto seconds_left = duration_cast<seconds>(left);
        if (left.count() > 0) {
            timeout.tv_sec = seconds_left.count();
            timeout.tv_nsec = static_cast<long>((left - seconds_left).count());
        }
    }
    siginfo_t info = {};
    // Raw: the C library's sigtimedwait(3) leaves 32 and 33 out.
    const long number = ::syscall(SYS_rt_sigtimedwait, &set.bits, &info,
                                  deadline ? &timeout : nullptr, sizeof set.bits);
    if (number <= 0) return std::nullopt;
    if (number == SIGPIPE && info.si_pid == ::getpid()) return std::nullopt;
    return Signal{static_cast<int>(number), info.si_pid, info.si_code,
                  reinterpret_cast<std::intptr_t>(info.si_value.sival_ptr)};
}

std::optional<int> parse_signal(std::string_view given) {
    if (const auto number = text::parse_number(given, last_signal)) {
        return *number == 0 ? std::nullopt : std::optional<int>(static_cast<int>(*number));
    }
    const std::string upper = text::upper(given);
    std::string_view name = upper;
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (std::size_t number = 1; number < names.size(); ++number) {
        if (names[number] == name) return static_cast<int>(number);
    }
    if (name == "IOT") return SIGABRT;
    if (name == "POLL") return SIGIO;
    if (name == "CLD") return SIGCHLD;
    const bool from_first = name.starts_with("RTMIN");
    if (!from_first && !name.starts_with("RTMAX")) return std::nullopt;
    name.remove_prefix(5);
    if (name.empty()) return from_first ? realtime_first : last_signal;
    if (name[0] != (from_first ? '+' : '-')) return std::nullopt;
    const auto offset = text::parse_number(name.substr(1), last_signal - realtime_first);
    if (!offset) return std::nullopt;
    return from_first ? realtime_first + static_cast<int>(*offset)
                      : last_signal - static_cast<int>(*offset);
}

std::string signal_name(int signal) {
    if (signal > 0 && signal < static_cast<int>(names.size())) return std::string(names[signal]);
    if (signal < realtime_first) return std::to_string(signal);
    if (signal == realtime_first) return "RTMIN";
    return "RTMIN+" + std::to_string(signal - realtime_first);
}

}  // namespace kaigara::platform
