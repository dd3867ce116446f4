// SPDX-License-Identifier: Apache-2.0
#include "platform/waiter.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <memory>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "sockets.h"
#include "support/scratch.h"
#include "support/skip.h"

using namespace kaigara;
using namespace kaigara::platform;
using test::Listener;
using test::run_until;
using test::Server;

namespace {

std::vector<WaitTarget> targets_of(const std::vector<std::string>& texts) {
    std::vector<WaitTarget> targets;
    for (const std::string& text : texts) {
        auto target = parse_wait_target(text);
        REQUIRE_MESSAGE(target, text);
        targets.push_back(std::move(*target));
    }
    return targets;
}

// A waiter, and what it ended with.
struct Wait {
    Wait(Loop& its_loop, const std::vector<std::string>& texts, int milliseconds = 9'000)
        : loop(its_loop), waiter(loop, targets_of(texts), Milliseconds(milliseconds),
                                 [this](Result<void> result) { done = std::move(result); }) {
        waiter.start();
        CHECK_FALSE(done);
    }

    // "answered", or the error's message.
    std::string end() {
        REQUIRE(run_until(loop, [this] { return done.has_value(); }));
        if (*done) return "answered";
        CHECK(done->error().fault == Fault::unavailable);
        return done->error().message;
    }

    // Until the first attempts have failed; `missing` is what it says then.
    void check_missing(std::string_view text) {
        CHECK(run_until(loop, [&] { return waiter.missing() == text; }));
        CHECK(waiter.missing() == text);
        CHECK_FALSE(done);
    }

    Loop& loop;
    std::optional<Result<void>> done;
    Waiter waiter;
};

std::string tcp(const Listener& listener) {
    return fmt::format("tcp:127.0.0.1:{}", listener.port());
}
std::string http(const Listener& listener) {
    return fmt::format("http://127.0.0.1:{}/", listener.port());
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// What a server that speaks so is found to be, when there is this much time.
std::string verdict(const std::string& answer, Server::Manner manner, int milliseconds = 300) {
    Loop loop;
    const Listener listener;
    const Server server(loop, listener, {answer}, manner);
    return Wait(loop, {http(listener)}, milliseconds).end();
}

}  // namespace

TEST_SUITE("platform") {

TEST_CASE("a listener answers at once, by its address, its name and its IPv6 address") {
    Loop loop;
    const Listener four;
    CHECK(Wait(loop, {tcp(four)}).end() == "answered");
    CHECK(Wait(loop, {fmt::format("tcp:localhost:{}", four.port())}).end() == "answered");
    if (!test::has_ipv6_loopback()) KG_SKIP("there is no IPv6 loopback");
    const Listener six("::1");
    CHECK(Wait(loop, {fmt::format("tcp:[::1]:{}", six.port())}).end() == "answered");
    CHECK(Wait(loop, {fmt::format("tcp:[::1]:{}", six.port()), tcp(four)}).end() == "answered");
}

TEST_CASE("a listener that starts later answers") {
    Loop loop;
    Listener listener("127.0.0.1", false);
    Wait wait(loop, {tcp(listener)});
    wait.check_missing(tcp(listener) + ": connection refused");
    listener.listen();
    CHECK(wait.end() == "answered");
    CHECK(wait.waiter.missing().empty());
}

TEST_CASE("all have to answer, and those that did not are named with their last reason") {
    Loop loop;
    const test::ScratchDir scratch;
    const Listener silent("127.0.0.1", false);
    const Listener good;
    const std::string file = "file:" + (scratch / "ready");
    CHECK(Wait(loop, {tcp(silent), tcp(good), file}, 150).end() ==
          fmt::format("not all answered within 150ms: {}: connection refused; {}: no such file or "
                      "directory",
                      tcp(silent), file));
}

TEST_CASE("nothing to wait for has answered") {
    Loop loop;
    CHECK(Wait(loop, {}).end() == "answered");
}

TEST_CASE("a file that appears answers, and so does a directory") {
    Loop loop;
    const test::ScratchDir scratch;
    const std::string file = "file:" + (scratch / "ready");
    Wait wait(loop, {file});
    wait.check_missing(file + ": no such file or directory");
    scratch.write("ready", "");
    CHECK(wait.end() == "answered");
    CHECK(Wait(loop, {"file:" + scratch.path()}).end() == "answered");
}

TEST_CASE("a unix socket answers once something listens there") {
    Loop loop;
    const test::ScratchDir scratch;
    const std::string path = scratch / "socket";
    Wait wait(loop, {"unix:" + path});
    wait.check_missing("unix:" + path + ": no such file or directory");
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = unix_address(path);
    REQUIRE(::bind(socket.get(), address->get(), address->size) == 0);
    wait.check_missing("unix:" + path + ": connection refused");
    REQUIRE(::listen(socket.get(), 1) == 0);
    CHECK(wait.end() == "answered");
}

TEST_CASE("a path that is too long for a socket, or empty, is no address") {
    CHECK_FALSE(unix_address(std::string(108, 'a')));
    CHECK_FALSE(unix_address(""));
    CHECK(unix_address(std::string(107, 'a')));
    Loop loop;
    WaitTarget target{.kind = WaitTarget::Kind::unix_socket, .path = std::string(200, 'a')};
    std::optional<std::string> reason;
    HttpClient client(loop);
    WaitAttempt attempt(loop, client, target, Milliseconds(1'000),
                        [&reason](const std::string& why) { reason = why; });
    attempt.start();
    REQUIRE(run_until(loop, [&reason] { return reason.has_value(); }));
    CHECK(*reason == "the path is too long for a socket");
}

TEST_CASE("any status from 200 to 399 answers a GET, and the request is a whole one") {
    for (const std::string_view status : {"200 OK", "204", "302 Found", "399 x"}) {
        CAPTURE(status);
        Loop loop;
        const Listener listener;
        const Server server(loop, listener, {fmt::format("HTTP/1.1 {}\r\n\r\n", status)});
        CHECK(Wait(loop, {fmt::format("http://localhost:{}/a?b=c", listener.port())}).end() ==
              "answered");
        CHECK(server.request().starts_with("GET /a?b=c HTTP/1.1\r\n"));
        CHECK(has(server.request(), fmt::format("\r\nHost: localhost:{}\r\n", listener.port())));
    }
}

TEST_CASE("a server that is not ready yet is asked again") {
    Loop loop;
    const Listener listener;
    const Server server(loop, listener,
                        {"HTTP/1.1 500 Internal Server Error\r\n\r\n", "HTTP/1.1 503 \r\n\r\n",
                         "HTTP/1.1 200 OK\r\n\r\n"});
    Wait wait(loop, {http(listener)});
    wait.check_missing(http(listener) + ": status 500");
    CHECK(wait.end() == "answered");
    CHECK(server.connections() == 3);
}

TEST_CASE("one that has answered is not asked again") {
    Loop loop;
    const Listener listener;
    const Server server(loop, listener, {"HTTP/1.1 200 OK\r\n\r\n"});
    const Listener silent("127.0.0.1", false);
    CHECK(has(Wait(loop, {http(listener), tcp(silent)}, 500).end(), tcp(silent)));
    CHECK(server.connections() == 1);
}

TEST_CASE("a status line may come a byte at a time") {
    CHECK(verdict("HTTP/1.1 200 OK\r\n", {.piece = 1}, 9'000) == "answered");
}

TEST_CASE("what speaks no HTTP is no answer") {
    CHECK(has(verdict("220 mail.test ESMTP\r\n", {.piece = 1}), ": no HTTP answer"));
    CHECK(has(verdict("SSH-2.0-x\r\n", {.waits_for_request = false}), ": no HTTP answer"));
    CHECK(has(verdict("HTTP/1.1 200 " + std::string(100'000, 'x'), {}), ": no HTTP answer"));
    CHECK(has(verdict("", {}), ": no HTTP answer: the connection was closed"));
    CHECK(has(verdict("HTTP/1.1 20", {}), ": no HTTP answer: the connection was closed"));
}

TEST_CASE("a server that accepts and says nothing, or too slowly, is cut by the time") {
    CHECK(has(verdict("HTTP/1.1 2", {.closes = false}), ": no HTTP answer in time"));
    Loop loop;
    const Listener listener;
    Wait wait(loop, {http(listener)}, 200);
    CHECK(has(wait.waiter.missing(), ": no answer in time"));
    CHECK(has(wait.end(), ": no HTTP answer in time"));
    // To be connected to the kernel's queue is enough for tcp.
    CHECK(Wait(loop, {tcp(listener)}).end() == "answered");
}

TEST_CASE("a connection that is neither made nor refused is cut by the time") {
    Loop loop;
    // With no room in its queue the kernel answers no further request for a connection.
    Listener full("127.0.0.1", false);
    REQUIRE(::listen(full.fd(), 0) == 0);
    const auto address = literal_address("127.0.0.1", full.port());
    std::vector<Fd> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        static_cast<void>(::connect(waiting.back().get(), address->get(), address->size));
    }
    CHECK(Wait(loop, {tcp(full)}, 200).end() ==
          fmt::format("not all answered within 200ms: {}: no answer in time", tcp(full)));
}

TEST_CASE("a unix socket whose queue is full does not answer") {
    Loop loop;
    const test::ScratchDir scratch;
    const auto address = unix_address(scratch / "socket");
    const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener.get(), address->get(), address->size) == 0);
    REQUIRE(::listen(listener.get(), 0) == 0);
    std::vector<Fd> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        static_cast<void>(::connect(waiting.back().get(), address->get(), address->size));
    }
    Wait wait(loop, {"unix:" + (scratch / "socket")});
    wait.check_missing("unix:" + (scratch / "socket") + ": its queue of connections is full");
    const Fd first(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(wait.end() == "answered");
}

TEST_CASE("a limit cuts one attempt, and names how far it came") {
    Loop loop;
    const Listener listener;
    const auto targets = targets_of({http(listener)});
    std::optional<std::string> reason;
    HttpClient client(loop);
    WaitAttempt attempt(loop, client, targets[0], Milliseconds(50),
                        [&reason](const std::string& why) { reason = why; });
    attempt.start();
    REQUIRE(run_until(loop, [&reason] { return reason.has_value(); }));
    CHECK(*reason == "no HTTP answer in time");
}

TEST_CASE("a waiter may be dropped at any time, and leaves nothing") {
    const std::size_t descriptors = test::open_descriptors();
    {
        Loop loop;
        const Listener listener;
        const Listener closed("127.0.0.1", false);
        for (int rounds = 0; rounds < 8; ++rounds) {
            const Wait wait(loop, {http(listener), tcp(closed), "tcp:localhost:1", "file:/absent"});
            for (int round = 0; round < rounds; ++round) loop.run_ready();
            CHECK_FALSE(wait.done);
        }
        const Waiter never_started(loop, targets_of({tcp(listener)}), Milliseconds(1), {});
    }
    CHECK(test::open_descriptors() == descriptors);
}

TEST_CASE("a waiter may be destroyed in its own callback, for better and for worse") {
    Loop loop;
    const Listener listener;
    const Listener closed("127.0.0.1", false);
    for (const std::string& target : {tcp(listener), tcp(closed), http(listener)}) {
        std::unique_ptr<Waiter> waiter;
        waiter = std::make_unique<Waiter>(loop, targets_of({target}), Milliseconds(100),
                                          [&waiter](const Result<void>&) { waiter.reset(); });
        waiter->start();
        CHECK(run_until(loop, [&waiter] { return waiter == nullptr; }));
    }
}

TEST_CASE("its sockets are not inherited by children") {
    Loop loop;
    const Listener listener;
    const Wait wait(loop, {http(listener)});
    loop.run_ready();
    const std::size_t descriptors = test::open_descriptors();
    bool all_close = true;
    for (int fd = 3; fd < static_cast<int>(descriptors) + 32; ++fd) {
        const int flags = ::fcntl(fd, F_GETFD);
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        if (flags < 0 || ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            continue;
        all_close = all_close && (flags & FD_CLOEXEC) != 0;
    }
    CHECK(all_close);
}

}  // TEST_SUITE("platform")
