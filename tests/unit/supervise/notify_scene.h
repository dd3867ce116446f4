// SPDX-License-Identifier: Apache-2.0
#pragma once

// Both ends of a NotifySocket in one process: it on a loop of its own, and the application that
// sends.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "platform/files.h"
#include "platform/socket_address.h"
#include "supervise/notify_socket.h"
#include "support/scratch.h"

namespace kaigara::test {

inline std::string logged;

inline std::vector<std::string> names_in(const std::string& directory) {
    auto names = platform::list_directory(directory);
    REQUIRE(names);
    return *names;
}

inline platform::SocketAddress address_of(const std::string& text) {
    const auto address = text.starts_with('@') ? platform::abstract_address(text.substr(1))
                                               : platform::unix_address(text);
    REQUIRE(address);
    return *address;
}

// The application's side of the socket.
class Application {
public:
    explicit Application(const std::string& address)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        const auto to = address_of(address);
        REQUIRE(::connect(fd_.get(), to.get(), to.size) == 0);
    }

    // 0, or an errno.
    int say(std::string_view text, const std::vector<int>& descriptors = {}) const {
        return send(text, SCM_RIGHTS, descriptors.data(), descriptors.size() * sizeof(int));
    }
    // What the kernel takes only from root.
    int say_as(uid_t user, std::string_view text) const {
        const ucred sender = {::getpid(), user, user};
        return send(text, SCM_CREDENTIALS, &sender, sizeof sender);
    }

private:
    int send(std::string_view text, int kind, const void* extra, std::size_t size) const {
        iovec piece = {const_cast<char*>(text.data()), text.size()};
        std::vector<unsigned char> control(CMSG_SPACE(size));
        msghdr header = {};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        if (size > 0) {
            header.msg_control = control.data();
            header.msg_controllen = control.size();
            cmsghdr* const one = CMSG_FIRSTHDR(&header);
            one->cmsg_level = SOL_SOCKET;
            one->cmsg_type = kind;
            one->cmsg_len = CMSG_LEN(size);
            std::memcpy(CMSG_DATA(one), extra, size);
        }
        return ::sendmsg(fd_.get(), &header, MSG_NOSIGNAL) < 0 ? errno : 0;
    }

    platform::Fd fd_;
};

struct WatchedPipe {
    WatchedPipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
        reading = platform::Fd(ends[0]);
        writing = platform::Fd(ends[1]);
    }
    // Nobody has the writing end any more.
    bool is_closed() const {
        char byte;
        return ::read(reading.get(), &byte, 1) == 0;
    }
    platform::Fd reading;
    platform::Fd writing;
};

// An open socket on a loop of its own, with what it hears.
class Scene {
public:
    explicit Scene(std::optional<uid_t> user = {}) : Scene("", user) {}
    explicit Scene(const std::string& where, std::optional<uid_t> user = {})
        : directory(where.empty() ? scratch / "run/kaigara" : where) {
        logged.clear();
        log::settings().sink = [](std::string_view line) noexcept { logged += line; };
        open(user);
    }
    ~Scene() {
        socket.reset();
        log::settings() = before_;
    }

    void open(std::optional<uid_t> user = {}) {
        // What is captured would be read after its end, if who calls did not hold it.
        socket = std::make_unique<supervise::NotifySocket>(
            loop, supervise::NotifySocketRequest{directory, user},
            [this, handled = std::make_shared<int>(0)](const supervise::NotifyMessage& message) {
                heard.push_back(message);
                if (on_message) on_message();
                ++*handled;
            });
        REQUIRE(socket->open());
    }
    // Its name in the scratch directory.
    std::string file() const { return socket->address().substr(scratch.path().size() + 1); }
    // What was sent before is there by now: a datagram is in the queue when send(2) returns.
    void serve() {
        for (int round = 0; round < 4; ++round) loop.run_ready();
    }

    const ScratchDir scratch;
    const std::string directory;
    platform::Loop loop;
    std::unique_ptr<supervise::NotifySocket> socket;
    std::vector<supervise::NotifyMessage> heard;
    std::function<void()> on_message;

private:
    log::Settings before_ = log::settings();
};

}  // namespace kaigara::test
