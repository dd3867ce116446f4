// SPDX-License-Identifier: Apache-2.0
#include "sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>

namespace kaigara::test {

namespace {

using platform::Fd;
using platform::Poll;

std::uint16_t bind_to(int socket, const std::string& host) {
    const auto address = platform::literal_address(host, 0);
    platform::SocketAddress bound;
    bound.size = sizeof bound.storage;
    auto* place = reinterpret_cast<sockaddr*>(&bound.storage);
    if (socket < 0 || !address || ::bind(socket, address->get(), address->size) != 0 ||
        ::getsockname(socket, place, &bound.size) != 0)
        throw std::runtime_error("cannot bind to " + host);
    // The port has the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in*>(place)->sin_port);
}

// The name of a question, and what stands behind it.
std::string read_name(std::string_view& rest) {
    std::string name;
    while (!rest.empty() && rest[0] != '\0') {
        const auto size = static_cast<std::size_t>(rest[0]);
        if (!name.empty()) name += '.';
        name += rest.substr(1, size);
        rest.remove_prefix(std::min(size + 1, rest.size()));
    }
    rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    return name;
}

// One answer's record, for the name of the question, or nothing when it is of another family.
std::string record(const std::string& literal, bool wants_six) {
    std::array<char, 16> bytes{};
    const bool is_six = literal.find(':') != std::string::npos;
    if (is_six != wants_six) return {};
    ::inet_pton(is_six ? AF_INET6 : AF_INET, literal.c_str(), bytes.data());
    const std::size_t size = is_six ? 16 : 4;
    std::string out("\xC0\x0C\x00", 3);  // the name: the one at offset 12
    out += is_six ? '\x1C' : '\x01';
    out += std::string("\x00\x01\x00\x00\x00\x3C\x00", 7);  // IN, 60 seconds
    out += static_cast<char>(size);
    return out + std::string(bytes.data(), size);
}

}  // namespace

bool run_until(platform::Loop& loop, const std::function<bool()>& done) {
    bool late = false;
    platform::Timer deadline(loop, [&late] { late = true; });
    deadline.start(Milliseconds(10'000));
    while (!done() && !late) {
        // One round, which ends at the latest when this timer does.
        platform::Timer round(loop, [&loop] { loop.stop(); });
        round.start(Milliseconds(5));
        loop.run();
    }
    return !late;
}

Listener::Listener(const std::string& host, bool listens) {
    const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    socket_.reset(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    port_ = bind_to(socket_.get(), host);
    if (listens) listen();
}

void Listener::listen() {
    if (::listen(socket_.get(), 16) != 0) throw std::runtime_error("cannot listen");
}

bool has_ipv6_loopback() {
    const Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = platform::literal_address("::1", 0);
    return socket.is_open() && ::bind(socket.get(), address->get(), address->size) == 0;
}

Server::Server(platform::Loop& loop, const Listener& listener, std::vector<std::string> answers,
               Manner manner)
    : loop_(loop), listener_(listener.fd()), answers_(std::move(answers)), manner_(manner),
      poll_(loop, listener_, Poll::Readiness::readable, [this] { on_connection(); }) {}

void Server::on_connection() {
    Fd socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) return;
    const std::size_t answer = std::min(connections_++, answers_.size() - 1);
    Client& client = clients_.emplace_back();
    client.socket = std::move(socket);
    client.answer = answers_[answer];
    client.sends = !manner_.waits_for_request;
    const auto first = client.sends ? Poll::Readiness::writable : Poll::Readiness::readable;
    client.poll.emplace(loop_, client.socket.get(), first, [this, &client] { on_client(client); });
}

void Server::on_client(Client& client) {
    if (client.sends) return send_piece(client);
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(client.socket.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return client.poll->pause();
    request_.append(buffer.data(), static_cast<std::size_t>(got));
    client.received.append(buffer.data(), static_cast<std::size_t>(got));
    if (client.received.find("\r\n\r\n") == std::string::npos) return;
    client.sends = true;
    const int socket = client.socket.get();
    client.poll.reset();
    client.poll.emplace(loop_, socket, Poll::Readiness::writable,
                        [this, &client] { on_client(client); });
}

void Server::send_piece(Client& client) {
    const std::size_t size = std::min(manner_.piece, client.answer.size());
    const ssize_t sent = ::send(client.socket.get(), client.answer.data(), size, MSG_NOSIGNAL);
    if (sent < 0) return client.poll->pause();
    client.answer.erase(0, static_cast<std::size_t>(sent));
    if (!client.answer.empty()) return;
    client.poll->pause();
    if (manner_.closes) ::shutdown(client.socket.get(), SHUT_WR);
}

NameServer::NameServer(platform::Loop& loop,
                       std::map<std::string, std::vector<std::string>> addresses)
    : addresses_(std::move(addresses)),
      socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      port_(bind_to(socket_.get(), "127.0.0.1")) {
    poll_.emplace(loop, socket_.get(), Poll::Readiness::readable, [this] { on_question(); });
}

void NameServer::on_question() {
    std::array<char, 512> buffer;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* place = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, place, &size);
    if (got < 17) return;
    ++questions_;
    const std::string_view question(buffer.data(), static_cast<std::size_t>(got));
    std::string_view rest = question.substr(12);
    const auto found = addresses_.find(read_name(rest));
    const bool wants_six = rest.substr(0, 2) == std::string_view("\x00\x1C", 2);
    std::string records;
    char count = 0;
    if (found != addresses_.end()) {
        for (const std::string& literal : found->second) {
            if (literal == "silent") return;
            const std::string one = record(literal, wants_six);
            count = static_cast<char>(count + (one.empty() ? 0 : 1));
            records += one;
        }
    }
    std::string answer(question.substr(0, 2));
    answer += '\x81';
    answer += found == addresses_.end() ? '\x83' : '\x80';
    answer += std::string("\x00\x01\x00", 3) + count + std::string(4, '\0');
    answer += question.substr(12, question.size() - 12 - rest.size() + 4);
    answer += records;
    ::sendto(socket_.get(), answer.data(), answer.size(), 0, place, size);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

}  // namespace kaigara::test
