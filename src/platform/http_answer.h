// SPDX-License-Identifier: Apache-2.0
#pragma once

// The little of HTTP that a waiter needs: one request, and the first line of its answer. Pure.
//
// Nothing behind the status line is read, so no header, length or encoding is ever understood.

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/wait_target.h"

namespace kaigara::platform {

// A status line is shorter than this, or it is none.
inline constexpr std::size_t longest_status_line = 1'024;

struct StatusLine {
    enum class State : std::uint8_t { incomplete, garbage, whole };
    State state = State::incomplete;
    int status = 0;  // 100 to 999, of a whole one

    bool is_success() const noexcept {
        return state == State::whole && status >= 200 && status <= 399;
    }
};

// What was received so far. It is garbage as soon as no further byte could make a status line of
// it.
StatusLine read_status_line(std::string_view received) noexcept;

// The request, with its end.
std::string http_request(const WaitTarget& target);

}  // namespace kaigara::platform
