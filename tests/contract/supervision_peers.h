// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who has to do with a supervised application from outside: servers that checks ask, the service
// manager that it tells how it is, whoever talks to the control socket without being kaigara, and
// whoever enters the container.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "support/descriptor.h"

namespace kaigara::test {

// A port on loopback; before listen() connections are refused.
class Port {
public:
    explicit Port(std::string_view address = "127.0.0.1");
    // False where this machine has no such address.
    bool works() const noexcept { return number_ != 0; }
    Port& listen();
    // Takes those who have asked and gives each the answer: "HTTP/1.1 200 OK...".
    void serve(std::string_view answer);
    // The same, a byte for each of them at a call, and never the end.
    void drip(std::string_view answer);

    std::string tcp() const;
    std::string http(std::string_view path) const;
    std::size_t served() const noexcept { return served_; }

private:
    Descriptor accept() const;

    Descriptor socket_;
    std::uint16_t number_ = 0;
    std::size_t served_ = 0;
    struct Visitor {
        Descriptor connection;
        std::size_t sent = 0;
    };
    std::vector<Visitor> visitors_;
};

// Whole, with a length.
std::string http_answer(std::string_view status, std::string_view more = "");

// The service manager's side: a datagram socket in a file.
class Manager {
public:
    explicit Manager(const std::string& path);
    // What has come since: one datagram a line, LF of them as '|'.
    const std::string& heard();

private:
    Descriptor socket_;
    std::string heard_;
};

// One datagram from outside the container; false where nobody takes it.
bool tell(const std::string& address, std::string_view text);

// A client of the control socket that says what it likes.
class Visitor {
public:
    // Throws when nobody accepts within the patience of tests.
    explicit Visitor(const std::string& path);
    // False when the other side has closed.
    bool say(std::string_view text) const;
    // All, until the other side closes; throws when it does not.
    std::string hear() const;
    // Whether it has closed by now.
    bool is_closed() const;

private:
    Descriptor socket_;
};

// A process in a program's namespace whose parent is outside, as that of `docker exec`.
class Entrant {
public:
    // PLAY of the actor, which has to say that it is `up`, a file's path, by touching it.
    Entrant(pid_t program, const std::string& up);
    ~Entrant();
    Entrant(const Entrant&) = delete;
    Entrant& operator=(const Entrant&) = delete;
    bool is_there() const;

private:
    pid_t enterer_ = -1;
    pid_t inner_ = -1;
};

}  // namespace kaigara::test
