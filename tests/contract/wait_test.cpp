// SPDX-License-Identifier: Apache-2.0

// `kaigara wait`: what it waits for, what it says, and how it ends.

#include <csignal>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/descriptor.h"
#include "support/expect.h"
#include "support/scratch.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// A socket on loopback that connections go to, or, before listen(), are refused by.
class Port {
public:
    Port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* place = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        if (::bind(socket_.number(), place, size) != 0 ||
            ::getsockname(socket_.number(), place, &size) != 0)
            throw std::runtime_error("no port on loopback");
        number_ = ntohs(address.sin_port);
    }

    Port& listen() {
        if (::listen(socket_.number(), 8) != 0) throw std::runtime_error("cannot listen");
        return *this;
    }

    // Accepts one connection, reads what comes first and gives an answer to it; what was read.
    std::string serve(std::string_view answer) const {
        pollfd asked{socket_.number(), POLLIN, 0};
        if (::poll(&asked, 1, 10'000) != 1) throw std::runtime_error("nobody has connected");
        const Descriptor client(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
        asked.fd = client.number();
        if (::poll(&asked, 1, 10'000) != 1) throw std::runtime_error("nothing was asked");
        std::string request(4'096, '\0');
        const ssize_t got = ::recv(client.number(), request.data(), request.size(), 0);
        request.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (::send(client.number(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
            throw std::runtime_error("nobody reads the answer");
        return request;
    }

    std::string tcp(std::string_view host = "127.0.0.1") const {
        return fmt::format("tcp:{}:{}", host, number_);
    }
    std::string http(std::string_view path) const {
        return fmt::format("http://127.0.0.1:{}{}", number_, path);
    }

private:
    Descriptor socket_;
    std::uint16_t number_ = 0;
};

Strings wait_words(Strings arguments) {
    arguments.insert(arguments.begin(), "wait");
    return command(std::move(arguments));
}

Outcome wait_for(Strings arguments) { return run({.words = wait_words(std::move(arguments))}); }

// Waits for what never comes, and has begun to.
Strings endless(const ScratchDir& scratch) {
    return wait_words({"file:" + (scratch / "never"), "tcp:127.0.0.1:1", "--log-level", "info"});
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("wait ends without a word when all of its targets answer") {
    const ScratchDir scratch;
    Port port;
    port.listen();
    CHECK(quiet_success(wait_for({port.tcp()})) == "");
    CHECK(quiet_success(wait_for({port.tcp("localhost"), "file:" + scratch.path(), port.tcp(),
                                  "--timeout", "10s"})) == "");
}

TEST_CASE("wait goes on until the last of its targets answers") {
    const ScratchDir scratch;
    Port first;
    Port second;
    first.listen();
    Program waiting({.words = wait_words({first.tcp(), second.tcp(), "file:" + (scratch / "ready"),
                                          "--log-level", "info"})});
    waiting.wait_for_error("waiting up to 1m for " + first.tcp() + ", " + second.tcp());
    CHECK(waiting.stays(std::chrono::milliseconds(150)));
    scratch.write("ready", "");
    CHECK(waiting.stays(std::chrono::milliseconds(150)));
    second.listen();
    CHECK(waiting.wait() == "exit 0");
    CHECK(waiting.output() == "");
}

TEST_CASE(
    "wait is 69 when not all have answered in time, and one line names those with the reason") {
    const ScratchDir scratch;
    const Port closed;
    Port open;
    open.listen();
    const std::string absent = "file:" + (scratch / "absent");
    const Outcome outcome = wait_for({open.tcp(), closed.tcp(), absent, "--timeout=250ms"});
    check_refused(outcome, "exit 69",
                  {"not all answered within 250ms: " + closed.tcp() + ": connection refused; " +
                   absent + ": no such file or directory\n"});
    CHECK(lines_of(outcome.errors).size() == 1);
    CHECK_FALSE(has(outcome.errors, open.tcp()));
}

TEST_CASE("wait asks by HTTP until a status from 200 to 399 comes") {
    Port port;
    port.listen();
    Program waiting({.words = wait_words({port.http("/health?token=secret")})});
    const std::string request = port.serve("HTTP/1.1 500 Internal Server Error\r\n\r\n");
    CHECK_MESSAGE(request.starts_with("GET /health?token=secret HTTP/1.1\r\nHost: 127.0.0.1:"),
                  request);
    CHECK(has(request, "\r\nConnection: close\r\n"));
    CHECK(has(request, "\r\nUser-Agent: kaigara/"));
    port.serve("nothing of that kind\r\n");
    port.serve("HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(waiting.wait() == "exit 0");
    CHECK(waiting.errors() == "");

    Program late({.words = wait_words({port.http("/?token=secret"), "--timeout", "1s"})});
    port.serve("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    CHECK(late.wait() == "exit 69");
    CHECK_MESSAGE(has(late.errors(), port.http("/?***: ")), late.errors());
    CHECK_FALSE(has(late.errors(), "secret"));
}

TEST_CASE("what is no target is 64, all of it in one go, and nothing is waited for") {
    const Outcome outcome = wait_for({"file:/", "tcp:db", "htp://web", "https:web",
                                      "http://me:secret@web", "unix:" + std::string(108, 'a')});
    check_refused(outcome, "exit 64",
                  {"'tcp:db'", "a port is needed", "did you mean 'http'?", "a URL is needed",
                   "no user name", "at most 107 bytes"});
    CHECK(lines_of(outcome.errors).size() == 5);
    CHECK_FALSE(has(outcome.errors, "secret"));
    check_refused(wait_for({}), "exit 64", {"'wait' needs an argument", "TARGET..."});
    check_refused(wait_for({"file:/", "--timeout", "0"}), "exit 64", {"--timeout", "'0'"});
    check_refused(wait_for({"file:/", "--timeout", "soon"}), "exit 64", {"--timeout", "soon"});
    check_refused(wait_for({"file:/", "--timout", "1s"}), "exit 64", {"--timout", "--timeout"});
}

TEST_CASE("TERM, INT, QUIT and HUP end wait at once") {
    for (const Place place : {Place::first, Place::later}) {
        for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) {
            CAPTURE(signal);
            const ScratchDir scratch;
            Program waiting({.words = endless(scratch), .place = place});
            waiting.wait_for_error("waiting up to");
            waiting.send(signal);
            CHECK(waiting.wait() == fmt::format("exit {}", 128 + signal));
            CHECK_FALSE(has(waiting.errors(), "error"));
        }
    }
}

TEST_CASE("other signals mean nothing to wait") {
    const ScratchDir scratch;
    Program waiting({.words = wait_words({"file:" + (scratch / "ready"), "--log-level", "info"})});
    waiting.wait_for_error("waiting up to");
    for (const int signal : {SIGUSR1, SIGCHLD, SIGALRM, SIGPIPE, SIGWINCH}) waiting.send(signal);
    CHECK(waiting.stays(std::chrono::milliseconds(150)));
    scratch.write("ready", "");
    CHECK(waiting.wait() == "exit 0");
}

TEST_CASE("names come from /etc/hosts, and one that nobody knows is named with the reason") {
    const ScratchDir scratch;
    Port port;
    port.listen();
    const std::string hosts = scratch.write("hosts", "127.0.0.9 other.test\n"
                                                     "127.0.0.1 database.test db # the one\n");
    // A name server that nobody is, on loopback.
    const std::string servers = scratch.write("resolv.conf", "nameserver 127.0.0.253\n");
    const auto wait_here = [&](Strings arguments) {
        return run({.words = wait_words(std::move(arguments)),
                    .binds = {{hosts, "/etc/hosts"}, {servers, "/etc/resolv.conf"}}});
    };
    CHECK(quiet_success(
              wait_here({port.tcp("database.test"), port.tcp("DB"), port.tcp("localhost")})) == "");
    check_refused(wait_here({"tcp:no.such.test:80", port.tcp("db"), "--timeout", "300ms"}),
                  "exit 69", {"tcp:no.such.test:80: no name server can be reached"});
    check_refused(wait_here({port.tcp("other.test"), "--timeout", "300ms"}), "exit 69",
                  {port.tcp("other.test") + ": connection refused"});
}

TEST_CASE("localhost is this host, where no file says so") {
    const ScratchDir scratch;
    Port port;
    port.listen();
    const std::string empty = scratch.write("empty", "");
    const Outcome outcome =
        run({.words = wait_words({port.tcp("localhost"), port.tcp("db.localhost.")}),
             .binds = {{empty, "/etc/hosts"}, {empty, "/etc/resolv.conf"}}});
    CHECK(quiet_success(outcome) == "");
}

}  // TEST_SUITE("contract")
