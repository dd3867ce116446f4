// SPDX-License-Identifier: Apache-2.0
#include "support/tracer.h"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kaigara::test {

namespace {

[[noreturn]] void be_traced(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execv(arguments[0], arguments.data());
    _exit(127);
}

std::uint64_t set_at(pid_t process, std::uint64_t address) {
    std::uint64_t set = 0;
    iovec here{&set, sizeof set};
    iovec there{reinterpret_cast<void*>(address), sizeof set};
    if (::process_vm_readv(process, &here, 1, &there, 1, 0) != sizeof set) return 0;
    return set;
}

// A call stops the process at its entry and at its end; only the first is of interest.
void note_call(pid_t process, std::vector<SystemCall>& calls) {
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    SystemCall call{static_cast<long>(info.entry.nr), 0};
    const auto how = static_cast<int>(info.entry.args[0]);
    if (call.number == SYS_rt_sigprocmask && how != SIG_UNBLOCK && info.entry.args[1] != 0) {
        call.blocked = set_at(process, info.entry.args[1]);
    }
    calls.push_back(call);
}

}  // namespace

std::vector<SystemCall> first_calls(const std::vector<std::string>& words, std::size_t most) {
    const pid_t process = ::fork();
    if (process < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (process == 0) be_traced(words);

    // The first stop is execve's.
    std::vector<SystemCall> calls;
    int status = 0;
    bool is_stopped = ::waitpid(process, &status, 0) == process && WIFSTOPPED(status);
    if (is_stopped) {
        ::ptrace(PTRACE_SETOPTIONS, process, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    }
    while (is_stopped && calls.size() < most) {
        ::ptrace(PTRACE_SYSCALL, process, nullptr, nullptr);
        is_stopped = ::waitpid(process, &status, 0) == process && WIFSTOPPED(status);
        if (is_stopped && WSTOPSIG(status) == (SIGTRAP | 0x80)) note_call(process, calls);
    }
    if (is_stopped) {
        ::kill(process, SIGKILL);
        ::waitpid(process, nullptr, 0);
    }
    return calls;
}

}  // namespace kaigara::test
