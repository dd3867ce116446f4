// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

namespace kaigara::platform {

// Gives freed memory back to the kernel: PID 1 is to be small for the years that it runs. glibc
// keeps what was freed until it is told, malloc_trim(3); musl's allocator gives it back by itself.
inline void return_freed_memory() noexcept {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace kaigara::platform
