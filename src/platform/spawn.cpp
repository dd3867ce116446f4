// SPDX-License-Identifier: Apache-2.0
#include "platform/spawn.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "platform/after_fork.h"
#include "platform/executable.h"

namespace kaigara::platform {

namespace {

// after_fork() and what it calls need less than 1 KiB.
constexpr std::size_t child_stack_size = 8 * 1024;

// The report of a child that does not share our memory lies in a page that both see.
class SharedReport {
public:
    SharedReport() {
        void* page = ::mmap(nullptr, sizeof(SpawnFailure), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED) report_ = new (page) SpawnFailure;
    }
    ~SharedReport() {
        if (report_ != nullptr) ::munmap(report_, sizeof(SpawnFailure));
    }
    SharedReport(const SharedReport&) = delete;
    SharedReport& operator=(const SharedReport&) = delete;

    SpawnFailure* get() const noexcept { return report_; }

private:
    SpawnFailure* report_ = nullptr;
};

// What the child needs room for is allocated before it exists.
struct Preparation {
    explicit Preparation(const SpawnRequest& request) {
        std::size_t count = 0;
        while (request.argv[count] != nullptr) ++count;
        if (count + 2 > short_argv.size()) long_argv.resize(count + 2);
        if (std::strchr(request.argv[0], '/') != nullptr) return;
        search_path = path_of(request.environment);
        const std::size_t need = std::strlen(search_path) + std::strlen(request.argv[0]) + 2;
        if (need > short_path.size()) long_path.resize(need);
    }

    char** shell_argv() { return long_argv.empty() ? short_argv.data() : long_argv.data(); }
    char* path_buffer() { return long_path.empty() ? short_path.data() : long_path.data(); }

    const char* search_path = nullptr;
    std::array<char*, 16> short_argv;
    std::vector<char*> long_argv;
    std::array<char, 512> short_path;
    std::vector<char> long_path;
};

// A group of outside the user namespace, which nobody in it can name or leave.
constexpr gid_t unmapped_group = 65534;

// Whether a child may go on in our groups where it may not set its own: a container that runs as
// the wanted user. To be in more groups than were asked for is a right that was not.
bool may_keep_groups(const Credentials& user) {
    if (::getuid() != user.uid || ::geteuid() != user.uid || ::getgid() != user.gid ||
        ::getegid() != user.gid)
        return false;
    const int count = ::getgroups(0, nullptr);
    if (count < 0) return false;
    std::vector<gid_t> present(static_cast<std::size_t>(count));
    if (::getgroups(count, present.data()) != count) return false;
    return std::ranges::all_of(present, [&user](gid_t group) {
        return group == user.gid || group == unmapped_group ||
               std::ranges::find(user.groups, group) != user.groups.end();
    });
}

pid_t clone_child(AfterFork& child, int flags) {
    alignas(64) std::array<char, child_stack_size> stack;
    return ::clone(after_fork, stack.data() + stack.size(), flags | CLONE_VFORK | SIGCHLD, &child);
}

}  // namespace

const char* step_text(SpawnStep step) noexcept {
    switch (step) {
    case SpawnStep::clone: return "starting a process";
    case SpawnStep::session: return "making a process group";
    case SpawnStep::terminal: return "handing over the terminal";
    case SpawnStep::descriptors: return "passing descriptors";
    case SpawnStep::umask: return "setting the umask";
    case SpawnStep::directory: return "entering the working directory";
    case SpawnStep::groups: return "setting the supplementary groups";
    case SpawnStep::group: return "setting the group";
    case SpawnStep::user: return "setting the user";
    case SpawnStep::capabilities: return "dropping the capabilities";
    case SpawnStep::no_new_privileges: return "forbidding new privileges";
    case SpawnStep::execute: return "executing the program";
    }
    return "starting a process";
}

Result<pid_t, SpawnFailure> spawn(const SpawnRequest& request) {
    // execvp(3): an empty name is not searched for; every directory of PATH would match it.
    if (*request.argv[0] == '\0') return SpawnFailure{SpawnStep::execute, ENOENT};
    Preparation room(request);
    const bool copies_memory = request.credentials != nullptr;
    SpawnFailure here;
    std::optional<SharedReport> shared;
    if (copies_memory) shared.emplace();
    AfterFork child;
    child.request = &request;
    child.report = copies_memory ? shared->get() : &here;
    if (child.report == nullptr) return SpawnFailure{SpawnStep::clone, ENOMEM};
    child.search_path = room.search_path;
    child.path_buffer = room.path_buffer();
    child.shell_argv = room.shell_argv();
    child.may_keep_groups = copies_memory && may_keep_groups(*request.credentials);
    const pid_t pid = clone_child(child, copies_memory ? 0 : CLONE_VM);
    if (pid < 0) return SpawnFailure{SpawnStep::clone, errno};
    // The child wrote through another pointer in another context; the kernel's vfork hand-over is
    // a full barrier, but the compiler does not know.
    const volatile SpawnFailure* report = child.report;
    if (report->code == 0) return pid;
    return SpawnFailure{report->step, report->code, pid};
}

bool is_worth_another_try(const SpawnFailure& failure) noexcept {
    if (failure.step == SpawnStep::clone) return failure.code == EAGAIN || failure.code == ENOMEM;
    return failure.step == SpawnStep::execute &&
           (failure.code == ETXTBSY || failure.code == EAGAIN);
}

Error explain(const SpawnFailure& failure, const std::string& argv0, const char* path) {
    if (failure.step == SpawnStep::execute) return explain_execution(failure.code, argv0, path);
    Error error =
        system_error(Fault::not_executable, failure.code,
                     std::string("cannot start '") + argv0 + "': " + step_text(failure.step));
    if (failure.step == SpawnStep::clone && failure.code == EAGAIN)
        error.message += " (the limit of processes is reached: see pids.max, ulimit -u)";
    return error;
}

}  // namespace kaigara::platform
