// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which of many warnings of one kind are written: the first, and then at most one in a while, so
// that whoever causes them cannot fill the log. Pure.

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace kaigara::supervise {

class WarningLimit {
public:
    using Clock = std::chrono::steady_clock;

    explicit WarningLimit(Clock::duration pause) noexcept : pause_(pause) {}

    // For one that wants to be written now: how many were left out since the last one that was;
    // nothing when this one is left out, too.
    std::optional<std::size_t> pass(Clock::time_point now) noexcept {
        if (last_ && now - *last_ < pause_) {
            ++left_out_;
            return std::nullopt;
        }
        last_ = now;
        return std::exchange(left_out_, 0);
    }

    // Those that nobody has been told of.
    std::size_t left_out() const noexcept { return left_out_; }

private:
    Clock::duration pause_;
    std::optional<Clock::time_point> last_;
    std::size_t left_out_ = 0;
};

}  // namespace kaigara::supervise
