// SPDX-License-Identifier: Apache-2.0
#include "support/entry.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/world.h"

namespace kaigara::test {

namespace fs = std::filesystem;

namespace {

constexpr int last_signal = 64;
// Descriptors that are being put in place are kept above this, out of each other's way.
constexpr int out_of_the_way = 500;

void must(bool went_well, const char* what) {
    if (!went_well) throw std::system_error(errno, std::generic_category(), what);
}

// A target that is not there gets an empty directory around it, over the one that is.
void bind(const std::string& source, const std::string& target) {
    if (!fs::exists(target)) {
        const std::string above = fs::path(target).parent_path();
        must(::mount("tmpfs", above.c_str(), "tmpfs", 0, nullptr) == 0, "mount a tmpfs");
        if (fs::is_directory(source))
            fs::create_directory(target);
        else
            std::ofstream(target).close();
    }
    must(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0, "bind");
}

void furnish(const Setup& setup) {
    must(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make / private");
    must(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0,
         "mount /proc");
    for (const auto& [source, target] : setup.binds) bind(source, target);
}

int move_away(int descriptor) {
    if (descriptor < 0) return -1;
    const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, out_of_the_way);
    must(moved >= 0, "move a descriptor");
    return moved;
}

void place_descriptors(const Entry& entry) {
    int streams[3] = {move_away(entry.streams[0]), move_away(entry.streams[1]),
                      move_away(entry.streams[2])};
    must(::syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) == 0,
         "close_range");
    for (int number = 0; number <= 2; ++number) {
        if (streams[number] < 0)
            ::close(number);
        else
            must(::dup2(streams[number], number) == number, "dup2 a stream");
    }
    if (entry.setup.descriptors.empty()) return;
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const int away = move_away(null);
    ::close(null);
    for (const int number : entry.setup.descriptors) {
        must(::dup2(away, number) == number, "dup2 a descriptor");
    }
}

std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }

void set_mask(std::uint64_t mask) {
    must(::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask) == 0, "sigmask");
}

// Whatever the test program was born with, the program gets what the test says and no more.
void place_signals(const Setup& setup) {
    for (int number = 1; number <= last_signal; ++number) ::signal(number, SIG_DFL);
    for (const int number : setup.ignored) {
        must(::signal(number, SIG_IGN) != SIG_ERR, "ignore a signal");
    }
    std::uint64_t mask = 0;
    for (const int number : setup.blocked) mask |= bit(number);
    set_mask(mask);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& each : strings) result.push_back(each.data());
    result.push_back(nullptr);
    return result;
}

[[noreturn]] void become_program(const Entry& entry) {
    const Setup& setup = entry.setup;
    must(::chdir(setup.directory.c_str()) == 0, "chdir");
    ::umask(setup.umask);
    const rlimit no_core{0, 0};
    must(::setrlimit(RLIMIT_CORE, &no_core) == 0, "setrlimit");
    if (setup.process_limit != 0 && mode() != Mode::root) {
        const auto most = static_cast<rlim_t>(setup.process_limit);
        const rlimit limit{most, most};
        must(::setrlimit(RLIMIT_NPROC, &limit) == 0, "setrlimit");
    }
    place_descriptors(entry);
    std::vector<std::string> words = setup.words;
    std::vector<std::string> environment = setup.environment;
    const std::string file = setup.file.empty() ? words.at(0) : setup.file;
    place_signals(setup);
    ::execve(file.c_str(), pointers(words).data(), pointers(environment).data());
    throw std::system_error(errno, std::generic_category(), "exec " + file);
}

void lead_session(const Entry& entry) {
    must(::setsid() >= 0, "setsid");
    if (entry.setup.terminal) {
        must(::ioctl(entry.streams[0], TIOCSCTTY, 0) == 0, "make it the controlling terminal");
    }
}

// ---- the guardian

class Guardian {
public:
    explicit Guardian(const Entry& entry)
        : job_(entry.setup.place == Place::job), terminal_(-1), socket_(entry.socket) {
        if (entry.setup.terminal) terminal_ = ::fcntl(entry.streams[0], F_DUPFD_CLOEXEC, 3);
    }

    void take_child(pid_t child) {
        child_ = child;
        if (job_) take_group_to_front(child);
    }

    // The program's group is made by both sides, as shells do it: neither has to wait for the
    // other.
    void take_group_to_front(pid_t group) const {
        ::setpgid(group, group);
        if (terminal_ >= 0) ::tcsetpgrp(terminal_, group);
    }

    // What the program was given is not the guardian's to hold: a pipe has to end with its users.
    void let_go_of_streams() const {
        for (int number = 0; number < 1024; ++number) {
            if (number != terminal_ && number != socket_) ::close(number);
        }
    }

    [[noreturn]] void watch() {
        sigset_t changes;
        sigemptyset(&changes);
        sigaddset(&changes, SIGCHLD);
        pollfd sources[2] = {{socket_, POLLIN, 0},
                             {::signalfd(-1, &changes, SFD_CLOEXEC), POLLIN, 0}};
        bool begun = false;
        for (;;) {
            if (::poll(sources, begun ? 2 : 1, -1) < 0) continue;
            if (begun && sources[1].revents != 0) {
                signalfd_siginfo ignored;
                if (::read(sources[1].fd, &ignored, sizeof ignored) > 0) look_at_children();
            }
            if (sources[0].revents == 0) continue;
            Order order{};
            if (::read(socket_, &order, sizeof order) <= 0) _exit(0);  // the test has let go
            follow(order);
            if (order == Order::begin) begun = true;
        }
    }

private:
    void follow(Order order) {
        if (order == Order::begin) look_at_children();
        if (order == Order::foreground && terminal_ >= 0) ::tcsetpgrp(terminal_, child_);
        if (order != Order::begin) ::kill(-child_, SIGCONT);
    }

    void look_at_children() {
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
            if (pid != child_) continue;
            if (job_ && terminal_ >= 0) ::tcsetpgrp(terminal_, ::getpgrp());
            const Report report{WIFSTOPPED(status) ? Report::stopped : Report::ended, status};
            if (::send(socket_, &report, sizeof report, MSG_NOSIGNAL) < 0) _exit(1);
        }
    }

    bool job_;
    int terminal_;
    int socket_;
    pid_t child_ = -1;
};

[[noreturn]] void be_guardian(const Entry& entry) {
    lead_session(entry);
    set_mask(~std::uint64_t{0});
    Guardian guardian(entry);
    const pid_t child = ::fork();
    must(child >= 0, "fork");
    if (child == 0) {
        if (entry.setup.place == Place::job) guardian.take_group_to_front(::getpid());
        become_program(entry);
    }
    guardian.take_child(child);
    guardian.let_go_of_streams();
    guardian.watch();
}

void report(int descriptor, const char* text) {
    if (::write(descriptor, text, std::strlen(text)) < 0) _exit(2);
}

}  // namespace

void enter(const Entry& entry) noexcept {
    try {
        char byte = 0;
        must(::read(entry.go, &byte, 1) == 1, "wait for the maps");
        furnish(entry.setup);
        if (entry.setup.place != Place::first) be_guardian(entry);
        lead_session(entry);
        become_program(entry);
    } catch (const std::exception& error) {
        report(entry.failure, error.what());
    }
    _exit(1);
}

}  // namespace kaigara::test
