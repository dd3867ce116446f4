// SPDX-License-Identifier: Apache-2.0
#pragma once

// Chance, from the kernel: for delays that are to differ between machines.

#include <cstdint>

namespace kaigara::platform {

// Any number. Where the kernel has none yet (it never waits for entropy) the clock's low bits
// serve.
std::uint32_t random_number() noexcept;

}  // namespace kaigara::platform
