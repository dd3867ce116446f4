// SPDX-License-Identifier: Apache-2.0
#include "support/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "support/descriptor.h"
#include "support/entry.h"
#include "support/pids_group.h"
#include "support/streams.h"
#include "support/world.h"

namespace kaigara::test {

using Clock = std::chrono::steady_clock;

namespace {

// Long, for a loaded machine: only a test that fails ever waits for it.
constexpr std::chrono::seconds patience{30};

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string describe(int status) {
    if (WIFEXITED(status)) return fmt::format("exit {}", WEXITSTATUS(status));
    if (WIFSTOPPED(status)) return fmt::format("stopped {}", WSTOPSIG(status));
    return fmt::format("signal {}", WTERMSIG(status));
}

// Whether the process is a zombie, without waiting for it.
bool has_ended(const Descriptor& pidfd) {
    pollfd source{pidfd.number(), POLLIN, 0};
    return ::poll(&source, 1, 0) > 0;
}

}  // namespace

struct Program::Parts {
    Setup setup;
    std::optional<PidsGroup> group;
    pid_t first = -1;  // PID 1 of the namespace: the program, or the guardian
    pid_t program = -1;
    Descriptor first_pidfd;
    Descriptor program_pidfd;
    Descriptor socket;    // to the guardian
    Descriptor terminal;  // the master
    Descriptor input;
    Descriptor streams[2];  // what the program writes, but on a terminal
    bool reading[2] = {false, false};
    std::string texts[2];
    std::size_t seen[2] = {0, 0};
    std::optional<std::string> ending;
    std::optional<std::string> stop;

    void start();
    void open_streams(std::array<Descriptor, 3>& ours);
    void confirm_exec(const Descriptor& failure);
    void find_program();
    void order(Order what) const;
    void pump(std::chrono::milliseconds longest);
    bool take(const Descriptor& source, std::string& text);
    void look_for_end();
    void hear_guardian();
    void drain();
    [[noreturn]] void give_up(std::string_view what) const;
    template <class Condition>
    void until(std::string_view what, Condition is_so);
    void wait_for(int stream, std::string_view text);
};

// `ours` are the ends that the program gets, to be closed here once it has them.
void Program::Parts::open_streams(std::array<Descriptor, 3>& ours) {
    if (setup.input == Input::null) {
        ours[0] = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    } else if (setup.input == Input::pipe) {
        Pipe made = make_pipe();
        ours[0] = std::move(made.read);
        input = std::move(made.write);
    }
    const Output kinds[2] = {setup.output, setup.errors};
    for (std::size_t at = 0; at < 2; ++at) {
        if (kinds[at] == Output::closed) continue;
        Pipe made = make_pipe();
        if (kinds[at] == Output::full) fill(made.write);
        streams[at] = std::move(made.read);
        ours[at + 1] = std::move(made.write);
        reading[at] = kinds[at] == Output::captured;
    }
}

void Program::Parts::start() {
    std::array<Descriptor, 3> ours;
    Entry entry{setup, {-1, -1, -1}, -1, -1, -1};
    if (setup.terminal) {
        Terminal made = open_terminal();
        terminal = std::move(made.master);
        ours[0] = std::move(made.slave);
    } else {
        open_streams(ours);
    }
    for (std::size_t at = 0; at < 3; ++at) {
        entry.streams[at] = ours[setup.terminal ? 0 : at].number();
    }
    const Pipe go = make_pipe();
    Pipe failure = make_pipe();
    Descriptor guardian_end;
    if (setup.place != Place::first) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
        socket = Descriptor(ends[0]);
        guardian_end = Descriptor(ends[1]);
    }
    entry.go = go.read.number();
    entry.failure = failure.write.number();
    entry.socket = guardian_end.number();

    const bool user_namespace = mode() != Mode::root;
    const unsigned long flags = SIGCHLD | CLONE_NEWPID | CLONE_NEWNS |
                                (user_namespace ? static_cast<unsigned long>(CLONE_NEWUSER) : 0UL);
    // As fork, glibc's own having no such flags; this process has no other threads.
    first = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
    if (first < 0) fail("clone");
    if (first == 0) {
        terminal.close();
        input.close();
        socket.close();
        enter(entry);
    }
    first_pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, first, 0)));
    if (user_namespace) map_ids(first);
    if (setup.process_limit != 0 && mode() == Mode::root) {
        if (auto made = PidsGroup::make(setup.process_limit)) group.emplace(std::move(*made));
        if (!group || !group->add(first)) fail("limit the number of processes");
    }
    if (::write(go.write.number(), "g", 1) != 1) fail("let it go");
    failure.write.close();
    guardian_end.close();
    for (Descriptor& each : ours) each.close();
    confirm_exec(failure.read);
    find_program();
}

void Program::Parts::confirm_exec(const Descriptor& failure) {
    std::string text;
    const auto deadline = Clock::now() + patience;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd source{failure.number(), POLLIN, 0};
        if (left <= 0) give_up("the program to be executed");
        if (::poll(&source, 1, static_cast<int>(left)) <= 0) continue;
        char part[512];
        const ssize_t size = ::read(failure.number(), part, sizeof part);
        if (size <= 0) break;
        text.append(part, static_cast<std::size_t>(size));
    }
    if (!text.empty()) throw std::runtime_error("start the program: " + text);
}

// The guardian has one child and does not wait for it before it is told to, so the number is there
// and means the program.
void Program::Parts::find_program() {
    if (setup.place == Place::first) {
        program = first;
        program_pidfd = Descriptor(::dup(first_pidfd.number()));
        return;
    }
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", first));
    if (!(children >> program)) throw std::runtime_error("the guardian has no child");
    program_pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, program, 0)));
    if (!program_pidfd) fail("pidfd_open");
    order(Order::begin);
}

void Program::Parts::order(Order what) const {
    if (::send(socket.number(), &what, sizeof what, MSG_NOSIGNAL) < 0) fail("tell the guardian");
}

// Reads what is there; false at the end of it. A terminal whose users have gone gives EIO.
bool Program::Parts::take(const Descriptor& source, std::string& text) {
    char part[65536];
    const ssize_t size = ::read(source.number(), part, sizeof part);
    if (size > 0) text.append(part, static_cast<std::size_t>(size));
    return size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN));
}

void Program::Parts::hear_guardian() {
    Report report{};
    if (::recv(socket.number(), &report, sizeof report, MSG_DONTWAIT) != sizeof report) {
        socket.close();
        return;
    }
    (report.kind == Report::stopped ? stop : ending) = describe(report.status);
}

// One look at everything that may tell something, or the end of the wait for it.
void Program::Parts::pump(std::chrono::milliseconds longest) {
    enum { out, err, master, guardian, process, count };
    pollfd sources[count];
    sources[out] = {reading[0] ? streams[0].number() : -1, POLLIN, 0};
    sources[err] = {reading[1] ? streams[1].number() : -1, POLLIN, 0};
    sources[master] = {terminal.number(), POLLIN, 0};
    sources[guardian] = {ending ? -1 : socket.number(), POLLIN, 0};
    const bool ends_itself = setup.place == Place::first && !ending;
    sources[process] = {ends_itself ? first_pidfd.number() : -1, POLLIN, 0};
    const int found = ::poll(sources, count, static_cast<int>(longest.count()));
    if (found <= 0) return;
    for (std::size_t at = 0; at < 2; ++at) {
        if (sources[at].revents != 0) reading[at] = take(streams[at], texts[at]);
    }
    if (sources[master].revents != 0 && !take(terminal, texts[0])) {
        // Before the program has opened it, or after all have closed it: the end tells which.
        if (ending || (program_pidfd && has_ended(program_pidfd)))
            terminal.close();
        else
            ::poll(nullptr, 0, 1);
    }
    if (sources[guardian].revents != 0) hear_guardian();
    if (sources[process].revents != 0) look_for_end();
}

void Program::Parts::look_for_end() {
    int status = 0;
    if (::waitpid(first, &status, WNOHANG) == first) ending = describe(status);
}

// With PID 1 all are dead, so their pipes end; otherwise what the program wrote is in the pipe.
void Program::Parts::drain() {
    if (setup.place == Place::first) {
        until("its output to end", [this] { return !reading[0] && !reading[1] && !terminal; });
        return;
    }
    for (const std::string before = texts[0] + texts[1];;) {
        const std::size_t size = texts[0].size() + texts[1].size();
        pump(std::chrono::milliseconds(0));
        if (texts[0].size() + texts[1].size() == size) return;
    }
}

void Program::Parts::give_up(std::string_view what) const {
    throw std::runtime_error(
        fmt::format("waited in vain for {}\n{}\n--- output\n{}\n--- errors\n{}", what,
                    ending ? *ending : "it has not ended", texts[0], texts[1]));
}

template <class Condition>
void Program::Parts::until(std::string_view what, Condition is_so) {
    const auto deadline = Clock::now() + patience;
    while (!is_so()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) give_up(what);
        pump(left);
    }
}

void Program::Parts::wait_for(int stream, std::string_view text) {
    const auto at = static_cast<std::size_t>(stream);
    std::size_t found = std::string::npos;
    until(fmt::format("\"{}\"", text), [&] {
        found = texts[at].find(text, seen[at]);
        if (found != std::string::npos) return true;
        if (ending && !reading[at] && !terminal) give_up(fmt::format("\"{}\"", text));
        return false;
    });
    seen[at] = found + text.size();
}

Program::Program(Setup setup) : parts_(std::make_unique<Parts>()) {
    parts_->setup = std::move(setup);
    std::vector<std::string>& environment = parts_->setup.environment;
    const auto is_path = [](const std::string& entry) { return entry.starts_with("PATH="); };
    if (std::ranges::none_of(environment, is_path)) {
        environment.push_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    // The leak checker works in a process of its own, for which a limit may leave no room.
    const bool finds_leaks = parts_->setup.process_limit == 0 && !parts_->setup.traced;
    for (const std::string& entry : sanitizer_environment(finds_leaks)) {
        environment.push_back(entry);
    }
    try {
        parts_->start();
    } catch (...) {
        end_namespace();
        throw;
    }
}

Program::~Program() { end_namespace(); }

// PID 1 takes all of its namespace with it.
void Program::end_namespace() noexcept {
    const Parts& parts = *parts_;
    if (parts.first <= 0) return;
    if (parts.setup.place == Place::first && parts.ending) return;  // has been waited for
    ::kill(parts.first, SIGKILL);
    ::waitpid(parts.first, nullptr, 0);
}

pid_t Program::pid() const noexcept { return parts_->program; }

void Program::send(int signal) const {
    // One that has ended, perhaps by the signal before, tells so by its status.
    if (::syscall(SYS_pidfd_send_signal, parts_->program_pidfd.number(), signal, nullptr, 0) != 0 &&
        errno != ESRCH) {
        fail(fmt::format("send signal {}", signal));
    }
}

void Program::type(std::string_view text) {
    const Descriptor& target = parts_->terminal ? parts_->terminal : parts_->input;
    if (::write(target.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        fail("type");
    }
}

void Program::close_input() { parts_->input.close(); }

void Program::hang_up() { parts_->terminal.close(); }

void Program::resize(unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    if (::ioctl(parts_->terminal.number(), TIOCSWINSZ, &size) != 0) fail("resize");
}

void Program::read_on() {
    for (std::size_t at = 0; at < 2; ++at) parts_->reading[at] = bool{parts_->streams[at]};
}

void Program::wait_for(std::string_view text) { parts_->wait_for(0, text); }

void Program::wait_for_error(std::string_view text) { parts_->wait_for(1, text); }

std::string Program::wait() {
    parts_->until("its end", [this] { return parts_->ending.has_value(); });
    parts_->drain();
    return *parts_->ending;
}

bool Program::stays(std::chrono::milliseconds time) {
    const auto end = Clock::now() + time;
    for (auto now = Clock::now(); now < end && !parts_->ending; now = Clock::now()) {
        parts_->pump(std::chrono::duration_cast<std::chrono::milliseconds>(end - now) +
                     std::chrono::milliseconds(1));
    }
    return !parts_->ending;
}

std::string Program::wait_for_stop() {
    parts_->until("it to stop", [this] { return parts_->stop || parts_->ending; });
    if (!parts_->stop) parts_->give_up("it to stop");
    return *std::exchange(parts_->stop, std::nullopt);
}

void Program::foreground() { parts_->order(Order::foreground); }

void Program::background() { parts_->order(Order::background); }

bool Program::terminal_is_back() const {
    pid_t group = 0;
    return ::ioctl(parts_->terminal.number(), TIOCGPGRP, &group) == 0 && group == parts_->first;
}

const std::string& Program::output() const noexcept { return parts_->texts[0]; }

const std::string& Program::errors() const noexcept { return parts_->texts[1]; }

void Program::eventually(std::string_view what, const std::function<bool()>& is_so) {
    const auto deadline = Clock::now() + patience;
    while (!is_so()) {
        if (Clock::now() > deadline) parts_->give_up(what);
        parts_->pump(std::chrono::milliseconds(1));
    }
}

}  // namespace kaigara::test
