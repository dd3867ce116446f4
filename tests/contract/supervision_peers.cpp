// SPDX-License-Identifier: Apache-2.0
#include "supervision_peers.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "support/proc.h"
#include "support/scenes.h"
#include "support/world.h"

extern char** environ;

namespace kaigara::test {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int patience_ms = 20'000;

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

bool is_readable(int descriptor, int longest_ms) {
    pollfd source{descriptor, POLLIN, 0};
    return ::poll(&source, 1, longest_ms) == 1;
}

struct UnixAddress {
    sockaddr_un place{};
    socklen_t size = 0;

    explicit UnixAddress(const std::string& path) {
        place.sun_family = AF_UNIX;
        if (path.size() >= sizeof place.sun_path) throw std::runtime_error("a long path");
        std::memcpy(place.sun_path, path.data(), path.size());
        if (path.starts_with('@')) place.sun_path[0] = '\0';
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&place); }
};

}  // namespace

Port::Port(std::string_view address) {
    const bool is_six = address.find(':') != std::string_view::npos;
    socket_ = Descriptor(::socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 six{};
    sockaddr_in four{};
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    void* const bytes = is_six ? static_cast<void*>(&six.sin6_addr) : &four.sin_addr;
    if (::inet_pton(is_six ? AF_INET6 : AF_INET, std::string(address).c_str(), bytes) != 1)
        throw std::runtime_error("no address");
    auto* const place =
        is_six ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    socklen_t size = is_six ? sizeof six : sizeof four;
    if (!socket_ || ::bind(socket_.number(), place, size) != 0 ||
        ::getsockname(socket_.number(), place, &size) != 0)
        return;
    number_ = ntohs(is_six ? six.sin6_port : four.sin_port);
}

Port& Port::listen() {
    if (::listen(socket_.number(), 64) != 0) fail("listen");
    return *this;
}

Descriptor Port::accept() const {
    if (!is_readable(socket_.number(), 0)) return {};
    Descriptor client(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    // Who has connected asks at once; or has given up, and then this is the end of it.
    char request[4'096];
    if (client && is_readable(client.number(), patience_ms) &&
        ::recv(client.number(), request, sizeof request, 0) > 0)
        return client;
    return {};
}

void Port::serve(std::string_view answer) {
    for (Descriptor client = accept(); client; client = accept()) {
        if (::send(client.number(), answer.data(), answer.size(), MSG_NOSIGNAL) > 0) ++served_;
    }
}

void Port::drip(std::string_view answer) {
    for (Descriptor client = accept(); client; client = accept()) {
        visitors_.push_back({std::move(client), 0});
        ++served_;
    }
    for (Visitor& visitor : visitors_) {
        if (visitor.sent == answer.size()) continue;
        if (::send(visitor.connection.number(), answer.data() + visitor.sent, 1, MSG_NOSIGNAL) == 1)
            ++visitor.sent;
    }
}

std::string Port::tcp() const { return fmt::format("tcp:{}", number_); }

std::string Port::http(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", number_, path);
}

std::string http_answer(std::string_view status, std::string_view more) {
    return fmt::format("HTTP/1.1 {}\r\n{}Content-Length: 2\r\nConnection: close\r\n\r\nok", status,
                       more);
}

Manager::Manager(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const UnixAddress address(path);
    if (::bind(socket_.number(), address.get(), address.size) != 0) fail("bind " + path);
}

const std::string& Manager::heard() {
    char text[8'192];
    for (;;) {
        const ssize_t size = ::recv(socket_.number(), text, sizeof text, 0);
        if (size < 0) return heard_;
        std::string line(text, static_cast<std::size_t>(size));
        for (char& each : line) each = each == '\n' ? '|' : each;
        heard_ += line + "\n";
    }
}

bool tell(const std::string& path, std::string_view text) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const UnixAddress address(path);
    return ::sendto(socket.number(), text.data(), text.size(), MSG_NOSIGNAL, address.get(),
                    address.size) == static_cast<ssize_t>(text.size());
}

Visitor::Visitor(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{patience_ms / 1'000, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const UnixAddress address(path);
    if (::connect(socket_.number(), address.get(), address.size) != 0) fail("connect " + path);
}

bool Visitor::say(std::string_view text) const {
    while (!text.empty()) {
        const ssize_t size = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
        if (size < 0 && errno != EPIPE && errno != ECONNRESET) fail("say");
        if (size < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

std::string Visitor::hear() const {
    std::string all;
    const auto deadline = Clock::now() + std::chrono::milliseconds(patience_ms);
    while (Clock::now() < deadline) {
        if (!is_readable(socket_.number(), patience_ms)) break;
        char part[4'096];
        const ssize_t size = ::recv(socket_.number(), part, sizeof part, 0);
        // What was said and never read is a reset.
        if (size <= 0) return all;
        all.append(part, static_cast<std::size_t>(size));
    }
    throw std::runtime_error("the control socket is not closed; it said: " + all);
}

bool Visitor::is_closed() const {
    char byte = 0;
    const ssize_t size = ::recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

Entrant::Entrant(pid_t program, const std::string& up) {
    Strings words = {"/usr/bin/nsenter", "-t", std::to_string(program), "-p", "-m"};
    if (mode() != Mode::root) words.insert(words.end(), {"-U", "--preserve-credentials"});
    words.push_back("--");
    words = with_actor(std::move(words), {"touch", up, "pause"});
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const int failed =
        ::posix_spawn(&enterer_, words[0].c_str(), nullptr, nullptr, pointers.data(), environ);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), words[0]);
    const auto deadline = Clock::now() + std::chrono::milliseconds(patience_ms);
    while (::access(up.c_str(), F_OK) != 0) {
        if (Clock::now() > deadline || ::waitpid(enterer_, nullptr, WNOHANG) == enterer_)
            throw std::runtime_error("the namespace cannot be entered");
        ::poll(nullptr, 0, 1);
    }
    inner_ = children_of(enterer_).at(0);
}

Entrant::~Entrant() {
    // The inner one is the enterer's child, which waits for it, or has been gone with the
    // namespace.
    for (const pid_t child : children_of(enterer_)) ::kill(child, SIGKILL);
    ::waitpid(enterer_, nullptr, 0);
}

bool Entrant::is_there() const {
    const char state = state_of(inner_);
    return state != ' ' && state != 'Z';
}

}  // namespace kaigara::test
