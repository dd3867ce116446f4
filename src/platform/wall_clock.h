// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace kaigara::platform {

// Milliseconds since 1970, as log::format_time() takes them. For people alone: it may jump.
std::int64_t wall_clock() noexcept;

}  // namespace kaigara::platform
