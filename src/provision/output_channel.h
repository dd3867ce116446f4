// SPDX-License-Identifier: Apache-2.0
#pragma once

// One of the two streams of operation_output.h: a pipe that is read, and the descriptor that its
// lines are written to. The memory serves one operation after the other.

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "platform/fd.h"
#include "platform/output.h"
#include "provision/operation_lines.h"

namespace kaigara::provision {

class OutputChannel {
public:
    // `on_room` is called after a stalled reader has taken more.
    OutputChannel(platform::Loop& loop, int target, LastLines& last_lines,
                  std::function<void()> on_room);

    // Makes the pipe and answers the end that the operation gets. Fault::operation_failed.
    Result<int> open(LineFormat format);
    void close_end() noexcept { end_.reset(); }

    // Reads what the pipe holds at this moment, as far as there is room for it, and closes it.
    void finish();
    // The pipe is closed and everything is written.
    bool is_flushed() const noexcept;
    // Closes the pipe and drops everything.
    void abandon() noexcept;

private:
    static constexpr std::size_t capacity = 65'536;  // a pipe's own, see pipe(7)

    enum class Read : std::uint8_t { some, nothing, end };

    void on_readable();
    void widen();
    void on_room();
    Read read(std::size_t limit);
    void drain();
    void pass_on();
    bool write_block();
    void close_pipe();
    std::string_view unread() const noexcept { return {raw_.get() + begin_, size_ - begin_}; }

    platform::Loop& loop_;
    platform::Output output_;
    LastLines& last_lines_;
    std::function<void()> on_room_;

    platform::Fd pipe_;
    platform::Fd end_;
    std::optional<platform::Poll> poll_;
    std::optional<platform::RoomWatch> room_;  // made when it is first needed

    LineFormat format_;
    std::unique_ptr<char[]> raw_;  // bytes begin_ to size_ are not in the block yet
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
    OutputBlock block_;
    std::size_t left_ = 0;  // when draining: what the pipe held at the operation's end
    bool is_draining_ = false;
    bool is_widened_ = false;     // the pipe
    bool is_stalled_ = false;     // waits for room
    bool is_discarding_ = false;  // nobody reads any more
};

}  // namespace kaigara::provision
