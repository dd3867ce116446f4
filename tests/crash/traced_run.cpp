// SPDX-License-Identifier: Apache-2.0
#include "crash/traced_run.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/descriptor.h"
#include "support/streams.h"
#include "support/world.h"

namespace kaigara::test {

namespace {

using Clock = std::chrono::steady_clock;

// Only a test that fails ever waits for it.
constexpr std::chrono::seconds patience{30};

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// How a call names what it is about.
enum class Names { nothing, path, second_path, descriptor };

struct Kind {
    long number;
    std::string_view name;
    Names names;
};

constexpr Kind kinds[] = {
    {SYS_openat, "open", Names::second_path},
    {SYS_mkdirat, "mkdir", Names::second_path},
    {SYS_unlinkat, "unlink", Names::second_path},
    {SYS_renameat, "rename", Names::second_path},
    {SYS_renameat2, "rename", Names::second_path},
    {SYS_linkat, "link", Names::second_path},
    {SYS_read, "read", Names::descriptor},
    {SYS_pread64, "read", Names::descriptor},
    {SYS_write, "write", Names::descriptor},
    {SYS_pwrite64, "pwrite", Names::descriptor},
    {SYS_newfstatat, "stat", Names::descriptor},
    {SYS_fstat, "stat", Names::descriptor},
    {SYS_ftruncate, "ftruncate", Names::descriptor},
    {SYS_fdatasync, "fdatasync", Names::descriptor},
    {SYS_fsync, "fsync", Names::descriptor},
    {SYS_flock, "flock", Names::descriptor},
    {SYS_close, "close", Names::descriptor},
    {SYS_clone, "fork", Names::nothing},
    {SYS_clone3, "fork", Names::nothing},
#ifdef SYS_open  // architectures that have had them from the beginning
    {SYS_open, "open", Names::path},
    {SYS_mkdir, "mkdir", Names::path},
    {SYS_unlink, "unlink", Names::path},
    {SYS_rename, "rename", Names::path},
    {SYS_link, "link", Names::path},
    {SYS_fork, "fork", Names::nothing},
    {SYS_vfork, "fork", Names::nothing},
#endif
};

const Kind* kind_of(std::uint64_t number) {
    const auto* const found =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& kind) {
            return static_cast<std::uint64_t>(kind.number) == number;
        });
    return found == std::end(kinds) ? nullptr : found;
}

bool changes_a_disk(std::string_view name) {
    constexpr std::string_view names[] = {"write", "pwrite", "ftruncate", "fdatasync", "fsync"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// ---- the program

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& each : strings) result.push_back(each.data());
    result.push_back(nullptr);
    return result;
}

[[noreturn]] void become(const std::vector<std::string>& words, int go, int output) {
    std::vector<std::string> arguments = words;
    std::vector<std::string> environment = sanitizer_environment(false);
    environment.emplace_back("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    sigset_t none;
    sigemptyset(&none);
    char byte = 0;
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const bool is_ready =
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("proc", "/proc", "proc", 0, nullptr) == 0 && ::setsid() >= 0 &&
        ::dup2(null, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2 &&
        ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0 && ::read(go, &byte, 1) == 1;
    if (is_ready) {
        ::execve(arguments[0].c_str(), pointers(arguments).data(), pointers(environment).data());
    }
    ::_exit(127);
}

// ---- its system calls

// -1 where there is no such file.
std::int64_t size_of(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

class Trace {
public:
    Trace(pid_t process, const std::string& directory, const Trouble& trouble,
          const std::function<void(std::size_t)>& on_call)
        : process_(process), directory_(directory), ledger_(directory + "/ledger"),
          trouble_(trouble), on_call_(on_call), deadline_(Clock::now() + patience) {}

    TracedEnd follow();

private:
    TracedEnd ended();
    int next_stop();
    void go_on(int signal = 0) const;
    void enter(const __ptrace_syscall_info& info);
    void leave(const __ptrace_syscall_info& info);
    void note_disk(std::int64_t returned);
    std::string text_at(std::uint64_t address) const;
    std::string subject_of(const Kind& kind, const std::uint64_t* arguments) const;
    void enter_ledger_call(std::size_t index, const std::uint64_t* arguments);
    void prevent();
    void pretend(std::int64_t result);
    void set_size(std::uint64_t size);
    void kill();

    pid_t process_;
    const std::string& directory_;
    const std::string ledger_;
    const Trouble& trouble_;
    const std::function<void(std::size_t)>& on_call_;
    const Clock::time_point deadline_;
    TracedEnd end_;
    bool has_begun_ = false;  // the ledger was named
    bool is_prevented_ = false;
    bool is_gone_ = false;  // the disk
    // Of the ledger: its name is on disk, all of it is, and how much of it is.
    bool is_named_ = false;
    bool is_written_ = true;
    std::size_t written_ = 0;
    TracedCall call_;  // that it is in
};

// The status of the next stop, or of the end.
int Trace::next_stop() {
    sigset_t changes;
    sigemptyset(&changes);
    sigaddset(&changes, SIGCHLD);
    for (;;) {
        int status = 0;
        if (::waitpid(process_, &status, WNOHANG | __WALL) == process_) return status;
        const auto left = deadline_ - Clock::now();
        if (left.count() <= 0) {
            kill();
            ::waitpid(process_, nullptr, __WALL);
            throw std::runtime_error(fmt::format("the program hangs behind call {}", end_.calls));
        }
        const timespec time{std::chrono::ceil<std::chrono::seconds>(left).count(), 0};
        ::sigtimedwait(&changes, nullptr, &time);
    }
}

void Trace::go_on(int signal) const {
    // The one error is that it has been killed: then its end is the next that is heard of it.
    ::ptrace(PTRACE_SYSCALL, process_, nullptr, signal);
}

void Trace::kill() { ::kill(process_, SIGKILL); }

TracedEnd Trace::follow() {
    is_named_ = size_of(ledger_) >= 0;
    if (is_named_) written_ = static_cast<std::size_t>(size_of(ledger_));
    for (;;) {
        const int status = next_stop();
        if (WIFEXITED(status)) {
            end_.ending = fmt::format("exit {}", WEXITSTATUS(status));
            return ended();
        }
        if (WIFSIGNALED(status)) {
            end_.ending = fmt::format("signal {}", WTERMSIG(status));
            return ended();
        }
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            __ptrace_syscall_info info{};
            ::ptrace(PTRACE_GET_SYSCALL_INFO, process_, sizeof info, &info);
            if (info.op == PTRACE_SYSCALL_INFO_ENTRY) enter(info);
            if (info.op == PTRACE_SYSCALL_INFO_EXIT) leave(info);
            go_on();
        } else {
            // A stop of ptrace's own, as that of exec, or a signal that is to reach the program.
            go_on(status >> 16 != 0 ? 0 : WSTOPSIG(status));
        }
    }
}

TracedEnd Trace::ended() {
    end_.synced = written_;
    end_.is_named = is_named_;
    return std::move(end_);
}

void Trace::enter(const __ptrace_syscall_info& info) {
    is_prevented_ = false;
    const Kind* const kind = kind_of(info.entry.nr);
    call_ = {};
    if (kind != nullptr) call_ = {kind->name, subject_of(*kind, info.entry.args)};
    const bool is_of_ledger = call_.subject.starts_with(directory_);
    has_begun_ = has_begun_ || is_of_ledger;
    if (!has_begun_) return;
    const std::size_t index = end_.calls++;
    if (on_call_) on_call_(index);
    if (call_.name == "fork") end_.ran_ahead = end_.ran_ahead || !(is_named_ && is_written_);
    if (index == trouble_.kill_at) kill();
    if (!is_of_ledger) return;
    end_.ledger_calls.push_back(call_);
    enter_ledger_call(end_.ledger_calls.size() - 1, info.entry.args);
}

void Trace::enter_ledger_call(std::size_t index, const std::uint64_t* arguments) {
    if (index == trouble_.kill_at_ledger_call) kill();
    if (index == trouble_.shorten_at) set_size(arguments[2] / 2);
    if (index == trouble_.fail_at) is_gone_ = trouble_.disk_is_gone;
    if (index == trouble_.fail_at || (is_gone_ && changes_a_disk(call_.name))) prevent();
}

void Trace::leave(const __ptrace_syscall_info& info) {
    if (is_prevented_) pretend(-trouble_.error);
    if (call_.subject.starts_with(directory_)) note_disk(is_prevented_ ? -1 : info.exit.rval);
}

// What is of use after a loss of power: what was synchronised of a file whose name was, too.
void Trace::note_disk(std::int64_t returned) {
    if (returned < 0) return;
    if (call_.name == "fsync" && call_.subject == directory_) is_named_ = size_of(ledger_) >= 0;
    const std::string made_as = ledger_ + ".new";
    if (call_.subject != ledger_ && call_.subject != made_as) return;
    if (call_.name == "rename") is_named_ = false;
    if (call_.name == "write") is_written_ = false;
    if (call_.name != "fdatasync") return;
    is_written_ = true;
    written_ = static_cast<std::size_t>(size_of(call_.subject));
}

std::string Trace::text_at(std::uint64_t address) const {
    char text[512] = {};
    iovec here{text, sizeof text - 1};
    iovec there{reinterpret_cast<void*>(address), sizeof text - 1};
    // A text near the end of a page: what follows may not be there.
    while (there.iov_len > 0 && ::process_vm_readv(process_, &here, 1, &there, 1, 0) < 0)
        there.iov_len /= 2;
    return text;
}

std::string Trace::subject_of(const Kind& kind, const std::uint64_t* arguments) const {
    std::error_code ignored;
    switch (kind.names) {
    case Names::path: return text_at(arguments[0]);
    case Names::second_path: return text_at(arguments[1]);
    case Names::descriptor:
        return std::filesystem::read_symlink(
            fmt::format("/proc/{}/fd/{}", process_, static_cast<int>(arguments[0])), ignored);
    case Names::nothing: break;
    }
    return {};
}

#ifdef __x86_64__

user_regs_struct registers_of(pid_t process) {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, process, nullptr, &registers);
    return registers;
}

void Trace::prevent() {
    user_regs_struct registers = registers_of(process_);
    registers.orig_rax = ~0ULL;  // there is no such call
    ::ptrace(PTRACE_SETREGS, process_, nullptr, &registers);
    is_prevented_ = true;
}

void Trace::pretend(std::int64_t result) {
    user_regs_struct registers = registers_of(process_);
    registers.rax = static_cast<unsigned long long>(result);
    ::ptrace(PTRACE_SETREGS, process_, nullptr, &registers);
}

void Trace::set_size(std::uint64_t size) {
    user_regs_struct registers = registers_of(process_);
    registers.rdx = size;
    ::ptrace(PTRACE_SETREGS, process_, nullptr, &registers);
}

#else

void Trace::prevent() { throw std::runtime_error("no call can be made to fail here"); }
void Trace::pretend(std::int64_t /*result*/) { prevent(); }
void Trace::set_size(std::uint64_t /*size*/) { prevent(); }

#endif

std::string everything_in(const Descriptor& source) {
    std::string text;
    char part[4096];
    for (ssize_t size = 0; (size = ::read(source.number(), part, sizeof part)) > 0;)
        text.append(part, static_cast<std::size_t>(size));
    return text;
}

}  // namespace

bool calls_can_fail() {
#ifdef __x86_64__
    return true;
#else
    return false;
#endif
}

TracedEnd traced_run(const std::vector<std::string>& words, const std::string& directory,
                     const Trouble& trouble, const std::function<void(std::size_t)>& on_call) {
    sigset_t changes;
    sigemptyset(&changes);
    sigaddset(&changes, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &changes, nullptr);  // to wait for it

    const Pipe go = make_pipe();
    Pipe output = make_pipe();
    const auto process = static_cast<pid_t>(
        ::syscall(SYS_clone, SIGCHLD | CLONE_NEWPID | CLONE_NEWNS, nullptr, nullptr, nullptr, 0));
    if (process < 0) fail("clone");
    if (process == 0) become(words, go.read.number(), output.write.number());
    output.write.close();
    constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
    if (::ptrace(PTRACE_SEIZE, process, nullptr, options) != 0) fail("trace the program");
    if (::write(go.write.number(), "g", 1) != 1) fail("let it go");
    TracedEnd end = Trace(process, directory, trouble, on_call).follow();
    // All who could write to it have gone with PID 1.
    end.output = everything_in(output.read);
    return end;
}

}  // namespace kaigara::test
