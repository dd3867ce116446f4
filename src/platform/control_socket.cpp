// SPDX-License-Identifier: Apache-2.0
#include "platform/control_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::platform {

namespace {

constexpr std::size_t most_accepted_at_once = 64;
constexpr Milliseconds pause_without_descriptors{100};

std::string refusal(std::string_view why) {
    return fmt::format(R"({{"ok":false,"error":{}}})", text::json_string(why));
}

bool is_for_later(int code) { return code == EAGAIN || code == EINTR; }

}  // namespace

ControlServer::ControlServer(Loop& loop, std::function<std::string(std::string_view)> answer)
    : loop_(loop), answer_(std::move(answer)), pause_(loop, [this] { poll_->resume(); }) {}

Result<void> ControlServer::open(const std::string& path) {
    auto listener = SocketFile::listen(path);
    if (!listener) {
        Error error = std::move(listener).error();
        error.message = fmt::format(
            "the control socket '{}': {} (--socket PATH for another place, --socket off for none)",
            text::printable(path), error.message);
        return error;
    }
    listener_.emplace(std::move(*listener));
    poll_.emplace(loop_, listener_->fd(), Poll::Readiness::readable, [this] { on_connections(); });
    return {};
}

void ControlServer::on_connections() {
    for (std::size_t i = 0; i < most_accepted_at_once; ++i) {
        Fd socket(::accept4(listener_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket.is_open()) {
            accept(std::move(socket));
            continue;
        }
        if (errno == EAGAIN) return;
        if (errno == EINTR || errno == ECONNABORTED) continue;
        // No descriptor or no memory is left: the connection stays in the queue, and the listener
        // would be ready again at once.
        poll_->pause();
        pause_.start(pause_without_descriptors);
        return;
    }
}

void ControlServer::accept(Fd socket) {
    if (clients_.size() == most_clients) close(clients_.begin());
    clients_.emplace_back(std::move(socket));
    const Place client = std::prev(clients_.end());
    client->timer.emplace(loop_, [this, client] { close(client); });
    client->timer->start(patience);
    watch(client, Poll::Readiness::readable, &ControlServer::on_readable);
    on_readable(client);
}

void ControlServer::watch(Place client, Poll::Readiness readiness,
                          void (ControlServer::*on_ready)(Place)) {
    // libuv watches a descriptor only once.
    client->poll.reset();
    client->poll.emplace(loop_, client->socket.get(), readiness,
                         [this, client, on_ready] { (this->*on_ready)(client); });
}

void ControlServer::on_readable(Place client) {
    std::array<char, longest_line> buffer;
    std::string& received = client->received;
    const std::size_t room = longest_line - received.size();
    const ssize_t got = ::recv(client->socket.get(), buffer.data(), room, 0);
    if (got < 0 && is_for_later(errno)) return;
    if (got < 0) return close(client);
    received.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t end = received.find('\n');
    if (end == std::string::npos) {
        if (received.size() == longest_line)
            return reply(client,
                         refusal(fmt::format("a request has at most {} bytes", longest_line)));
        if (got != 0) return;
        // The last line of a client that has shut its side down needs no end.
        if (received.empty()) return close(client);
    }
    std::string_view line = std::string_view(received).substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string answer = answer_(line);
    if (answer.size() >= longest_answer) answer = refusal("the answer is too long");
    reply(client, std::move(answer));
}

void ControlServer::reply(Place client, std::string answer) {
    client->unsent = std::move(answer);
    client->unsent += '\n';
    client->timer->start(patience);
    watch(client, Poll::Readiness::writable, &ControlServer::on_writable);
    on_writable(client);
}

void ControlServer::on_writable(Place client) {
    std::string_view rest = std::string_view(client->unsent).substr(client->sent);
    const ssize_t sent = ::send(client->socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && is_for_later(errno)) return;
    if (sent < 0 || static_cast<std::size_t>(sent) == rest.size()) return close(client);
    client->sent += static_cast<std::size_t>(sent);
    client->timer->start(patience);
}

}  // namespace kaigara::platform
