// SPDX-License-Identifier: Apache-2.0
#include "platform/random.h"

#include <sys/random.h>

#include <chrono>

namespace kaigara::platform {

std::uint32_t random_number() noexcept {
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    return static_cast<std::uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace kaigara::platform
