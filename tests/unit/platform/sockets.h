// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of name_lookup and waiter share: listeners on loopback, servers with a script, a
// name server, and a loop with a deadline.

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/fd.h"
#include "platform/loop.h"
#include "platform/socket_address.h"

namespace kaigara::test {

// Runs the loop until `done` says so; false when ten seconds have passed.
bool run_until(platform::Loop& loop, const std::function<bool()>& done);

// A stream socket that is bound to a port that was free, and, unless told otherwise, listens.
class Listener {
public:
    explicit Listener(const std::string& host = "127.0.0.1", bool listens = true);
    std::uint16_t port() const noexcept { return port_; }
    int fd() const noexcept { return socket_.get(); }
    void listen();

private:
    platform::Fd socket_;
    std::uint16_t port_ = 0;
};

bool has_ipv6_loopback();

// Accepts on `listener` and gives each connection the next of the answers, the last one again and
// again, in pieces of `piece` bytes; then it closes it, unless the answer is to be held.
class Server {
public:
    struct Manner {
        std::size_t piece = 100'000;
        bool waits_for_request = true;
        bool closes = true;
    };

    Server(platform::Loop& loop, const Listener& listener, std::vector<std::string> answers,
           Manner manner);
    Server(platform::Loop& loop, const Listener& listener, std::vector<std::string> answers)
        : Server(loop, listener, std::move(answers), Manner{}) {}

    std::size_t connections() const noexcept { return connections_; }
    const std::string& request() const noexcept { return request_; }

private:
    struct Client {
        platform::Fd socket;
        std::optional<platform::Poll> poll;
        std::string answer;
        std::string received;
        bool sends = false;
    };

    void on_connection();
    void on_client(Client& client);
    void send_piece(Client& client);

    platform::Loop& loop_;
    int listener_;
    std::vector<std::string> answers_;
    Manner manner_;
    std::size_t connections_ = 0;
    std::string request_;
    std::list<Client> clients_;
    platform::Poll poll_;
};

// A name server on loopback. A name that it does not know does not exist; to one with the address
// "silent" it never answers.
class NameServer {
public:
    NameServer(platform::Loop& loop, std::map<std::string, std::vector<std::string>> addresses);
    std::uint16_t port() const noexcept { return port_; }
    std::size_t questions() const noexcept { return questions_; }

private:
    void on_question();

    std::map<std::string, std::vector<std::string>> addresses_;
    platform::Fd socket_;
    std::uint16_t port_ = 0;
    std::size_t questions_ = 0;
    std::optional<platform::Poll> poll_;
};

// How many descriptors this process has.
std::size_t open_descriptors();

}  // namespace kaigara::test
