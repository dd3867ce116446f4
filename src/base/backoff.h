// SPDX-License-Identifier: Apache-2.0
#pragma once

// The delays between attempts: each may be twice as long as the one before, up to a limit, and how
// long it is within its second half is left to chance, so that many who began at the same moment do
// not come back at the same moment. Pure.

#include <cstdint>

#include "base/duration.h"

namespace kaigara {

class Backoff {
public:
    // 0 < first <= longest.
    constexpr Backoff(Milliseconds first, Milliseconds longest) noexcept
        : first_(first), longest_(longest), next_(first) {}

    // The delay before the next attempt: from half of its limit to all of it, by `chance`, which is
    // any number, such as platform::random_number().
    constexpr Milliseconds next(std::uint32_t chance) noexcept {
        const auto half = next_.count() / 2;
        const auto spread = static_cast<std::uint64_t>(next_.count() - half) + 1;
        const auto delay = half + static_cast<Milliseconds::rep>(chance % spread);
        next_ = next_ * 2 > longest_ ? longest_ : next_ * 2;
        return Milliseconds(delay);
    }

    // After a success.
    constexpr void reset() noexcept { next_ = first_; }

private:
    Milliseconds first_;
    Milliseconds longest_;
    Milliseconds next_;
};

}  // namespace kaigara
