// SPDX-License-Identifier: Apache-2.0
#include "platform/wall_clock.h"

#include <time.h>

namespace kaigara::platform {

std::int64_t wall_clock() noexcept {
    timespec now = {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace kaigara::platform
