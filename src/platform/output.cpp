// SPDX-License-Identifier: Apache-2.0
#include "platform/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/terminal.h"
#include "platform/wall_clock.h"

namespace kaigara::platform {

void Output::find_way() noexcept {
    struct stat status;
    way_ = Way::plain;
    if (::fstat(fd_, &status) != 0) return;  // the write will say so
    if (S_ISSOCK(status.st_mode)) way_ = Way::socket;
    if (!S_ISFIFO(status.st_mode) && !is_terminal(fd_)) return;
    char path[32];
    *fmt::format_to_n(path, sizeof path - 1, "/proc/self/fd/{}", fd_).out = '\0';
    own_.reset(::open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    way_ = own_.is_open() ? Way::own_description : Way::ask_first;
}

std::int64_t Output::write_some(std::string_view data) noexcept {
    switch (way_) {
    case Way::own_description: return ::write(own_.get(), data.data(), data.size());
    case Way::socket: return ::send(fd_, data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Way::ask_first: {
        pollfd room{fd_, POLLOUT, 0};
        if (::poll(&room, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
        return ::write(fd_, data.data(), std::min<std::size_t>(data.size(), PIPE_BUF));
    }
    default: return ::write(fd_, data.data(), data.size());
    }
}

Output::Written Output::write(std::string_view data) noexcept {
    if (way_ == Way::unknown) find_way();
    Written result;
    while (result.bytes < data.size()) {
        const std::int64_t written = write_some(data.substr(result.bytes));
        if (written >= 0) {
            result.bytes += static_cast<std::size_t>(written);
        } else if (errno == EAGAIN) {
            result.state = State::full;
            return result;
        } else if (errno != EINTR) {
            result.state = State::closed;
            return result;
        }
    }
    return result;
}

RoomWatch::RoomWatch(Loop& loop, int fd, std::function<void()> on_room)
    : watched_(fd), on_room_(std::move(on_room)), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      always_(loop, [this] { on_room_(); }) {
    epoll_event event = {};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return;
    poll_ = std::make_unique<Poll>(loop, epoll_.get(), Poll::Readiness::readable,
                                   [this] { on_ready(); });
    poll_->pause();
}

void RoomWatch::ask() {
    if (!poll_) {
        always_.start(Milliseconds(0));
        return;
    }
    epoll_event event = {};
    event.events = EPOLLOUT | EPOLLONESHOT;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, watched_, &event);
    poll_->resume();
}

void RoomWatch::on_ready() {
    poll_->pause();
    // Takes the event, so that the epoll instance is quiet until it is armed again.
    epoll_event event = {};
    ::epoll_wait(epoll_.get(), &event, 1, 0);
    on_room_();
}

namespace {

void write_log_line(std::string_view line) noexcept {
    static Output output(2);
    static std::uint64_t lost = 0;
    if (lost > 0) {
        char notice[96];
        const auto end = fmt::format_to_n(
            notice, sizeof notice, "kaigara: warn: {} messages lost: stderr was full\n", lost);
        if (output.write({notice, static_cast<std::size_t>(end.out - notice)}).bytes == 0) {
            ++lost;
            return;
        }
        lost = 0;
    }
    if (output.write(line).bytes == 0) ++lost;
}

}  // namespace

void install_log_sink() noexcept {
    log::settings().sink = write_log_line;
    log::settings().now = wall_clock;
}

}  // namespace kaigara::platform
