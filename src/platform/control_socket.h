// SPDX-License-Identifier: Apache-2.0
#pragma once

// The socket over which the commands of the same container talk to the kaigara that runs: a client
// sends one line, gets one answer, and the connection is closed.
//
//     client:  accepted ─► reading ── a line ──► writing ─► closed
//                            │  too long: an answer that says so, closed
//                            └─ 1 s without a whole line, or without taking the answer: closed
//
// Whoever may open the socket may still be careless or hostile, so nothing here waits for a client,
// and each thing that one can make grow has a limit: at most 64 clients, of which the oldest goes
// when one more comes; 256 bytes a line; one second. What was sent before the connection was
// accepted is read at once, so a client that asks gets its answer however many idle ones there are.
// While there is no client, there is no timer.
//
// What becomes of the path is socket_file's.

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/fd.h"
#include "platform/loop.h"
#include "platform/socket_file.h"

namespace kaigara::platform {

class ControlServer {
public:
    static constexpr std::size_t most_clients = 64;
    static constexpr std::size_t longest_line = 256;  // its line end included
    static constexpr std::size_t longest_answer = std::size_t{1} << 20;
    static constexpr Milliseconds patience{1'000};

    // The loop outlives it. `answer` gets a line without its end, which may be any bytes without a
    // line feed, and returns the answer without its line end; it may not destroy the server.
    ControlServer(Loop& loop, std::function<std::string(std::string_view line)> answer);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Once. Makes the last directory of the path where it is absent. Fault::cannot_create, with
    // words that say what may be done; nothing of ours is left then. The socket goes with the
    // object.
    Result<void> open(const std::string& path);

    bool is_open() const noexcept { return listener_.has_value(); }
    std::size_t clients() const noexcept { return clients_.size(); }

private:
    struct Client {
        explicit Client(Fd fd) : socket(std::move(fd)) {}
        Fd socket;
        std::optional<Timer> timer;
        std::optional<Poll> poll;
        std::string received;
        std::string unsent;
        std::size_t sent = 0;  // of `unsent`
    };
    using Place = std::list<Client>::iterator;

    void on_connections();
    void accept(Fd socket);
    void watch(Place client, Poll::Readiness readiness, void (ControlServer::*on_ready)(Place));
    void on_readable(Place client);
    void on_writable(Place client);
    void reply(Place client, std::string answer);
    void close(Place client) { clients_.erase(client); }

    Loop& loop_;
    std::function<std::string(std::string_view)> answer_;
    std::optional<SocketFile> listener_;
    std::optional<Poll> poll_;
    Timer pause_;                // before accepting again, where there was no descriptor left
    std::list<Client> clients_;  // oldest first
};

}  // namespace kaigara::platform
