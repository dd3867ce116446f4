// SPDX-License-Identifier: Apache-2.0
#pragma once

// Passes the output of one operation after the other on to kaigara's own stdout and stderr, in the
// form of operation_lines.h. Raw output needs none of this: the operation writes to them itself.
//
//     operation --pipe--> raw bytes (64 KiB) --lines--> block (128 KiB) --> descriptor 1 or 2
//
// PID 1 never waits for a reader. When there is no room at the end, the pipe at the beginning is
// not read any further, so the operation waits in its own write(2), as it would without us; memory
// stays what it is. A reader that is gone costs the operation nothing: what it writes is dropped.
//
// An operation is over when its process is, not when its pipes report their end: a daemon that it
// left may hold them for years. finish() takes what is in them at that moment and closes them.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/loop.h"
#include "provision/operation_lines.h"

namespace kaigara::provision {

class OutputChannel;

class OperationOutput {
public:
    // Where the lines go. The descriptors stay the caller's and are never made non-blocking.
    struct Targets {
        int out = 1;
        int err = 2;
    };
    // What the operation gets as its descriptors 1 and 2.
    struct Ends {
        int out = -1;
        int err = -1;
    };

    // `mode` is prefix or json. `on_flushed` is called when a finish() that answered no has come to
    // its end; this object may be destroyed in it.
    OperationOutput(platform::Loop& loop, OutputMode mode, Targets targets,
                    std::function<void()> on_flushed);
    ~OperationOutput();
    OperationOutput(const OperationOutput&) = delete;
    OperationOutput& operator=(const OperationOutput&) = delete;

    // Makes the pipes of the next operation. Fault::operation_failed without descriptors.
    Result<Ends> open(std::string_view operation);
    // Closes our copies of the ends, once the operation has its own (or has not come to be).
    void close_ends() noexcept;

    // The operation is over: passes on what its pipes hold and closes them. Whether all of it is
    // out; if not, on_flushed is called as soon as the reader has made room for it.
    bool finish();
    // Drops what is still to be passed on.
    void abandon() noexcept;

    // What the operation said last, in both of its streams.
    const LastLines& last_lines() const noexcept { return last_lines_; }

private:
    void on_room();
    bool is_flushed() const noexcept;

    OutputMode mode_;
    std::function<void()> on_flushed_;
    LastLines last_lines_;
    std::unique_ptr<OutputChannel> out_;
    std::unique_ptr<OutputChannel> err_;
    bool is_finishing_ = false;
};

}  // namespace kaigara::provision
