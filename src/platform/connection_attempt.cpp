// SPDX-License-Identifier: Apache-2.0
#include "platform/connection_attempt.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "platform/http_answer.h"

namespace kaigara::platform {

std::string reason_of(int code) {
    std::string text(errno_text(code));
    return text.empty() ? text : text::lower(text.substr(0, 1)) + text.substr(1);
}

ConnectionAttempt::ConnectionAttempt(Loop& loop, std::string request,
                                     std::function<void(ConnectionEnd)> on_end)
    : loop_(loop), unsent_(std::move(request)), on_end_(std::move(on_end)),
      has_request_(!unsent_.empty()) {}

std::optional<ConnectionEnd> ConnectionAttempt::start(const SocketAddress& address) {
    socket_.reset(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.is_open())
        return ConnectionEnd{false, fmt::format("cannot make a socket: {}", reason_of(errno))};
    const int result = ::connect(socket_.get(), address.get(), address.size);
    // EINTR: the connection is being made all the same, see connect(2). EAGAIN is of unix sockets
    // alone, whose queue is full: they are not being connected.
    if (result != 0 && errno != EINPROGRESS && errno != EINTR) {
        if (errno == EAGAIN) return ConnectionEnd{false, "its queue of connections is full"};
        return ConnectionEnd{false, reason_of(errno)};
    }
    watch(Poll::Readiness::writable, &ConnectionAttempt::on_writable);
    return std::nullopt;
}

ConnectionEnd ConnectionAttempt::so_far() const {
    return {is_connected_, is_connected_ ? "no HTTP answer in time" : "no answer in time"};
}

void ConnectionAttempt::watch(Poll::Readiness readiness, void (ConnectionAttempt::*on_ready)()) {
    // libuv watches a descriptor only once.
    poll_.reset();
    poll_.emplace(loop_, socket_.get(), readiness, [this, on_ready] { (this->*on_ready)(); });
}

std::optional<int> ConnectionAttempt::pending_error() const {
    int code = 0;
    socklen_t size = sizeof code;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
    return code == 0 ? std::nullopt : std::optional(code);
}

// Where nobody listens on a port that the kernel gives to clients, sooner or later it gives this
// client that very port, and TCP connects it to itself (simultaneous open).
bool ConnectionAttempt::is_connected_to_itself() const {
    SocketAddress own;
    SocketAddress peer;
    own.size = peer.size = sizeof own.storage;
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own.storage), &own.size) != 0 ||
        ::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) != 0)
        return false;
    return own.family() != AF_UNIX && own.size == peer.size &&
           std::memcmp(&own.storage, &peer.storage, own.size) == 0;
}

void ConnectionAttempt::on_writable() {
    if (!is_connected_) {
        if (const auto code = pending_error()) return end(reason_of(*code));
        if (is_connected_to_itself()) return end(reason_of(ECONNREFUSED));
        is_connected_ = true;
        if (!has_request_) return end({});
    }
    const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        return end(fmt::format("no HTTP answer: {}", reason_of(errno)));
    }
    unsent_.erase(0, static_cast<std::size_t>(sent));
    if (unsent_.empty()) watch(Poll::Readiness::readable, &ConnectionAttempt::on_readable);
}

void ConnectionAttempt::on_readable() {
    std::array<char, longest_status_line> buffer;
    const ssize_t got =
        ::recv(socket_.get(), buffer.data(), longest_status_line - received_.size(), 0);
    if (got < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        return end(fmt::format("no HTTP answer: {}", reason_of(errno)));
    }
    if (got == 0) return end("no HTTP answer: the connection was closed");
    received_.append(buffer.data(), static_cast<std::size_t>(got));
    const StatusLine line = read_status_line(received_);
    if (line.state == StatusLine::State::incomplete) return;
    if (line.state == StatusLine::State::garbage) return end("no HTTP answer");
    end(line.is_success() ? "" : fmt::format("status {}", line.status));
}

void ConnectionAttempt::end(std::string reason) {
    poll_.reset();
    socket_.reset();
    // The object may be gone when the call returns.
    const auto on_end = std::move(on_end_);
    on_end({is_connected_, std::move(reason)});
}

}  // namespace kaigara::platform
