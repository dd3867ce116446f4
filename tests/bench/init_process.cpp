// SPDX-License-Identifier: Apache-2.0
#include "init_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kaigara::bench {

namespace {

constexpr unsigned wait_limit_seconds = 60;

// Written by the child just before execve and read by us after its end.
std::uint64_t* execution_time() {
    static void* const page =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) give_up_errno("cannot map a page");
    return static_cast<std::uint64_t*>(page);
}

// Time is up, or somebody wants the benchmark to end: the wait in progress comes to its end.
volatile pid_t awaited = -1;
void kill_awaited(int number) {
    if (number != SIGALRM) interrupted = 1;
    if (awaited > 0) ::kill(awaited, SIGKILL);
}

// The environment of a small image, and what an orchestrator adds to it for each service it knows.
// Nothing of the benchmark's own, KAIGARA_* above all.
Words environment_with(int service_variables) {
    Words all{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
              "HOSTNAME=bench"};
    for (int number = 0; number < service_variables; ++number) {
        all.push_back(
            fmt::format("SERVICE_{:02}_PORT_8080_TCP=tcp://10.0.0.{}:8080", number, number));
    }
    return all;
}

// As execve wants it: pointers into `words`, which have to outlive it.
std::vector<char*> pointers_to(const Words& words) {
    std::vector<char*> pointers;
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

void mount_own_proc() {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("proc", "/proc", "proc", 0, nullptr) != 0) {
        _exit(126);
    }
}

[[noreturn]] void become(const std::vector<char*>& words, const std::vector<char*>& environment,
                         const Surroundings& surroundings, std::uint64_t* executed_at) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    if (surroundings.own_proc) mount_own_proc();
    const int null = open("/dev/null", O_RDWR);
    for (const int number : {0, 1, 2}) dup2(null, number);
    if (null > 2) close(null);
    if (surroundings.channel != nullptr) surroundings.channel->place_for_child();
    *executed_at = monotonic_nanoseconds();
    execve(words[0], words.data(), environment.data());
    _exit(127);
}

std::string describe_status(int status) {
    if (WIFEXITED(status)) return fmt::format("exited with {}", WEXITSTATUS(status));
    return fmt::format("was ended by signal {}", WTERMSIG(status));
}

}  // namespace

Words join(const Words& first, const Words& rest) {
    Words all = first;
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

Channel::Channel()
    : to_child_(eventfd(0, EFD_CLOEXEC)), from_child_(eventfd(0, EFD_CLOEXEC)),
      memory_(memfd_create("channel", MFD_CLOEXEC)) {
    if (to_child_.get() < 0 || from_child_.get() < 0 ||
        ftruncate(memory_.get(), sizeof(ChannelMemory)) != 0) {
        give_up_errno("cannot make a channel to a child");
    }
    void* area =
        mmap(nullptr, sizeof(ChannelMemory), PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (area == MAP_FAILED) give_up_errno("cannot map a channel");
    area_ = static_cast<ChannelMemory*>(area);  // kept until the benchmark ends
}

bool Channel::wait_for_child(std::chrono::milliseconds deadline) const {
    pollfd entry{from_child_.get(), POLLIN, 0};
    const int ready = poll(&entry, 1, static_cast<int>(deadline.count()));
    leave_if_interrupted();
    if (ready <= 0) return false;
    std::uint64_t count = 0;
    return read(from_child_.get(), &count, sizeof count) == sizeof count;
}

void Channel::let_go_on() const {
    const std::uint64_t one = 1;
    if (write(to_child_.get(), &one, sizeof one) < 0) give_up_errno("cannot reach a child");
}

std::uint64_t Channel::arrivals() const { return __atomic_load_n(&area_->count, __ATOMIC_ACQUIRE); }

const ChannelArrival& Channel::arrival(std::uint64_t index) const {
    return area_->arrivals[index % CHANNEL_ARRIVALS];
}

void Channel::place_for_child() const {
    // Copies above the three numbers first: an original may lie on one of them.
    const int to_child = fcntl(to_child_.get(), F_DUPFD_CLOEXEC, 20);
    const int from_child = fcntl(from_child_.get(), F_DUPFD_CLOEXEC, 20);
    const int memory = fcntl(memory_.get(), F_DUPFD_CLOEXEC, 20);
    dup2(to_child, CHANNEL_TO_CHILD);
    dup2(from_child, CHANNEL_FROM_CHILD);
    dup2(memory, CHANNEL_MEMORY);
}

InitProcess::InitProcess(const Words& words, const Surroundings& surroundings) {
    const Words environment = environment_with(surroundings.service_variables);
    const std::vector<char*> word_pointers = pointers_to(words);
    const std::vector<char*> environment_pointers = pointers_to(environment);
    std::uint64_t* const executed_at = execution_time();
    // The raw call, since fork(2) takes no flags. The program has one thread.
    pid_ = static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0));
    if (pid_ < 0) give_up_errno("cannot make a PID namespace");
    if (pid_ == 0) become(word_pointers, environment_pointers, surroundings, executed_at);
}

InitProcess::InitProcess(InitProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }

InitProcess::~InitProcess() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void InitProcess::kill(int signal) const {
    if (::kill(pid_, signal) != 0) give_up_errno("cannot send a signal to an init");
}

InitEnd InitProcess::wait() {
    awaited = pid_;
    alarm(wait_limit_seconds);
    InitEnd end;
    if (waitpid(pid_, &end.status, 0) != pid_) give_up_errno("cannot wait for an init");
    end.ended_at = monotonic_nanoseconds();
    end.executed_at = *execution_time();
    alarm(0);
    awaited = -1;
    pid_ = -1;
    leave_if_interrupted();
    return end;
}

void watch_for_interruption() {
    struct sigaction action{};
    action.sa_handler = kill_awaited;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGALRM, SIGINT, SIGTERM, SIGHUP}) {
        sigaction(number, &action, nullptr);
    }
}

InitEnd run_to_success(const Words& words) {
    InitProcess process(words);
    const InitEnd end = process.wait();
    if (end.status != 0) {
        give_up(fmt::format("{} {}", listed(words, " "), describe_status(end.status)));
    }
    return end;
}

void enter_user_namespace_unless_root() {
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (user == 0) return;
    if (unshare(CLONE_NEWUSER) != 0) give_up_errno("neither root nor allowed a user namespace");
    const auto map = [](const char* path, const std::string& text) {
        const Descriptor file(open(path, O_WRONLY | O_CLOEXEC));
        if (file.get() < 0 || ::write(file.get(), text.data(), text.size()) < 0) {
            give_up_errno(fmt::format("cannot write {}", path));
        }
    };
    map("/proc/self/setgroups", "deny");
    map("/proc/self/uid_map", fmt::format("0 {} 1", user));
    map("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

}  // namespace kaigara::bench
