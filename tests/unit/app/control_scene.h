// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the control socket share: a loop with a deadline and clients of all manners.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <uv.h>

#include "platform/control_socket.h"
#include "platform/fd.h"
#include "platform/loop.h"
#include "platform/socket_address.h"

namespace kaigara::test {

// Serves the loop until `done` says so; false when ten seconds have passed.
inline bool serve_until(platform::Loop& loop, const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    // A timer of its own wakes the loop for what no event of the loop tells.
    platform::Timer tick(loop, [&] { tick.start(Milliseconds(2)); });
    tick.start(Milliseconds(2));
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        uv_run(loop.get(), UV_RUN_ONCE);
    }
    return true;
}

// How many timers run.
inline std::size_t timers(platform::Loop& loop) {
    std::size_t running = 0;
    uv_walk(
        loop.get(),
        [](uv_handle_t* handle, void* count) {
            if (uv_handle_get_type(handle) == UV_TIMER && uv_is_active(handle) != 0)
                ++*static_cast<std::size_t*>(count);
        },
        &running);
    return running;
}

inline int mode_of(const std::string& path) {
    struct stat found{};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return static_cast<int>(found.st_mode & 07777U);
}

// A socket that is bound to a path, and listens when told.
inline platform::Fd bound_socket(const std::string& path, int type, bool listens) {
    platform::Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    const auto address = platform::unix_address(path);
    REQUIRE(::bind(fd.get(), address->get(), address->size) == 0);
    if (listens) REQUIRE(::listen(fd.get(), 0) == 0);
    return fd;
}

// One client, which never waits.
class ControlClient {
public:
    // False where the queue of connections is full.
    bool connect(const std::string& path) {
        socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        REQUIRE(socket_.is_open());
        const auto address = platform::unix_address(path);
        return ::connect(socket_.get(), address->get(), address->size) == 0;
    }

    // How much of it the kernel took.
    std::size_t send(std::string_view text) {
        const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }

    void end_of_sending() { ::shutdown(socket_.get(), SHUT_WR); }

    // Takes what is there; true when the server has closed the connection.
    bool is_over() {
        std::array<char, 65'536> piece;
        for (;;) {
            const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
            if (got > 0) answer_.append(piece.data(), static_cast<std::size_t>(got));
            if (got == 0) return true;
            if (got < 0) return errno != EAGAIN;
        }
    }

    const std::string& answer() const noexcept { return answer_; }

private:
    platform::Fd socket_;
    std::string answer_;
};

}  // namespace kaigara::test
