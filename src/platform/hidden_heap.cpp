// SPDX-License-Identifier: Apache-2.0

// What is freed while the process holds secrets is wiped: see hidden_memory.h. Linked into kaigara
// alone, never into the tests. The sanitizers have an allocator of their own, which has to see who
// frees what, so nothing is replaced for them.

#ifndef __SANITIZE_ADDRESS__

#include <cstddef>
#include <new>

#include "platform/hidden_memory.h"

// The library's operator new is malloc(3), and its delete[] calls these.
void operator delete(void* memory) noexcept { kaigara::platform::wipe_and_free(memory); }

void operator delete(void* memory, std::size_t size) noexcept {
    kaigara::platform::wipe_and_free(memory, size);
}

#endif
