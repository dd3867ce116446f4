// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writing to the container's stdout and stderr, which are not ours: other processes write to the
// same open file description, so it must never be made non-blocking (law 12), and yet PID 1 must
// never wait for a reader that has stopped.
//
// A write that cannot block is had in one of these ways, the first that the descriptor allows:
//   - a pipe or terminal is opened a second time through /proc/self/fd, which gives a description
//     of our own, and that one is non-blocking;
//   - a socket is written with MSG_DONTWAIT;
//   - a regular file is just written;
//   - otherwise poll(2) is asked first and no more than PIPE_BUF bytes are written at a time.
//   Another
//     writer could still fill the pipe in between; there is no better way left.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "platform/fd.h"
#include "platform/loop.h"

namespace kaigara::platform {

class Output {
public:
    // `fd` stays the caller's. Nothing is opened before the first write.
    explicit Output(int fd) noexcept : fd_(fd) {}

    enum class State : std::uint8_t { open, full, closed };
    struct Written {
        std::size_t bytes = 0;
        // full: no room now. closed: nobody reads any more, or there is no such descriptor; what is
        // written is lost from now on.
        State state = State::open;
    };

    // Writes what there is room for.
    Written write(std::string_view data) noexcept;

    int fd() const noexcept { return fd_; }

private:
    enum class Way : std::uint8_t { unknown, own_description, socket, plain, ask_first };

    void find_way() noexcept;
    std::int64_t write_some(std::string_view data) noexcept;

    int fd_;
    Way way_ = Way::unknown;
    Fd own_;
};

// Calls back when an inherited descriptor has room again. It is watched by an epoll instance of our
// own that the loop watches in turn, because libuv would make the descriptor itself non-blocking.
class RoomWatch {
public:
    RoomWatch(Loop& loop, int fd, std::function<void()> on_room);

    // One call of on_room for each call of ask().
    void ask();

private:
    void on_ready();

    int watched_;
    std::function<void()> on_room_;
    Fd epoll_;
    std::unique_ptr<Poll> poll_;  // none where the descriptor always has room (a regular file)
    Timer always_;
};

// Sends log lines to stderr and gives them the wall clock. A line that there is no room for is
// counted, and the next one that fits is preceded by the number of those lost.
void install_log_sink() noexcept;

}  // namespace kaigara::platform
