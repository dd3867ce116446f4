// SPDX-License-Identifier: Apache-2.0
#include "provision/output_channel.h"

#include "platform/wall_clock.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kaigara::provision {

namespace {

constexpr int most_reads_a_round = 4;
constexpr int wide_pipe = 256 * 1024;

}  // namespace

OutputChannel::OutputChannel(platform::Loop& loop, int target, LastLines& last_lines,
                             std::function<void()> on_room)
    : loop_(loop), output_(target), last_lines_(last_lines), on_room_(std::move(on_room)) {}

Result<int> OutputChannel::open(LineFormat format) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return system_error(Fault::operation_failed, errno, "no pipe can be made for its output");
    close_pipe();
    pipe_.reset(ends[0]);
    end_.reset(ends[1]);
    format_ = std::move(format);
    // Not make_unique: it would touch all of the memory, of which little is used most of the time.
    if (!raw_) raw_.reset(new char[capacity]);
    begin_ = size_ = 0;
    block_.prepare();
    is_draining_ = is_widened_ = false;
    // Makes our end of the pipe non-blocking; the other one is a description of its own and stays.
    poll_.emplace(loop_, pipe_.get(), platform::Poll::Readiness::readable,
                  [this] { on_readable(); });
    return end_.get();
}

void OutputChannel::on_readable() {
    // A few reads a round, so that signals and dead children are never far behind.
    for (int reads = 0; reads < most_reads_a_round; ++reads) {
        const Read result = read(capacity - size_);
        if (result == Read::nothing) return;
        if (result == Read::end) close_pipe();
        const bool is_more_likely = result == Read::some && size_ == capacity;
        pass_on();
        if (is_stalled_ || !is_more_likely) return;
        if (!is_widened_) widen();
    }
}

// An operation that writes more than a pipe holds is given a wider one: it goes on writing while
// its lines are passed on. Where the user's share of pipe memory is used up, this fails; so be it.
void OutputChannel::widen() {
    is_widened_ = true;
    ::fcntl(pipe_.get(), F_SETPIPE_SZ, wide_pipe);
}

OutputChannel::Read OutputChannel::read(std::size_t limit) {
    const std::size_t most = std::min(limit, capacity - size_);
    ssize_t got = 0;
    do {
        got = ::read(pipe_.get(), raw_.get() + size_, most);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return Read::nothing;
    if (got <= 0) return Read::end;
    size_ += static_cast<std::size_t>(got);
    left_ -= std::min(left_, static_cast<std::size_t>(got));
    return Read::some;
}

// There is always room for a read: a line that has no end yet takes a quarter of it at most.
void OutputChannel::pass_on() {
    while (write_block()) {
        const std::string_view text = unread();
        const std::size_t used =
            format_.format(text, !pipe_.is_open(), platform::wall_clock(), block_);
        if (used == 0) break;
        last_lines_.remember(text.substr(0, used));
        begin_ += used;
    }
    std::memmove(raw_.get(), raw_.get() + begin_, size_ - begin_);
    size_ -= begin_;
    begin_ = 0;
}

// False when the reader has stalled.
bool OutputChannel::write_block() {
    if (block_.is_empty()) return true;
    if (!is_discarding_) {
        const platform::Output::Written written = output_.write(block_.content());
        block_.drop(written.bytes);
        if (written.state == platform::Output::State::full) {
            is_stalled_ = true;
            if (poll_) poll_->pause();
            if (!room_) room_.emplace(loop_, output_.fd(), [this] { on_room(); });
            room_->ask();
            return false;
        }
        is_discarding_ = written.state == platform::Output::State::closed;
    }
    block_.clear();
    return true;
}

void OutputChannel::on_room() {
    if (!is_stalled_) return;
    is_stalled_ = false;
    pass_on();
    if (is_draining_)
        drain();
    else if (poll_ && !is_stalled_)
        poll_->resume();
    on_room_();  // we may be gone when this returns
}

void OutputChannel::finish() {
    if (!pipe_.is_open()) return;
    poll_.reset();
    int held = 0;
    left_ = ::ioctl(pipe_.get(), FIONREAD, &held) == 0 ? static_cast<std::size_t>(held) : 0;
    is_draining_ = true;
    if (!is_stalled_) drain();
}

// What a daemon that holds the pipe writes from now on is not waited for, however fast it is.
void OutputChannel::drain() {
    while (pipe_.is_open() && !is_stalled_) {
        if (left_ == 0 || read(left_) != Read::some) close_pipe();
        pass_on();
    }
}

void OutputChannel::close_pipe() {
    poll_.reset();  // before the descriptor that it watches
    pipe_.reset();
}

bool OutputChannel::is_flushed() const noexcept {
    return !pipe_.is_open() && block_.is_empty() && begin_ == size_;
}

void OutputChannel::abandon() noexcept {
    close_pipe();
    end_.reset();
    block_.clear();
    begin_ = size_ = 0;
    is_stalled_ = false;
}

}  // namespace kaigara::provision
