// SPDX-License-Identifier: Apache-2.0
#include "platform/hidden_memory.h"

#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace kaigara::platform {

namespace {

// Deeper than anything of stages 1 and 2 has ever been; no kernel maps anything else so near below
// the stack.
constexpr std::uintptr_t deepest_stack = 1U << 20U;
// What the call of the kernel needs itself.
constexpr std::size_t call_depth = 1024;

constexpr int dumpable = 1;

bool is_hidden = false;
int was_dumpable = 0;

// What is too near to be given back as whole pages is wiped by hand.
[[gnu::noinline]] void wipe_near_stack(std::size_t page) noexcept {
    const std::size_t near = page + 2 * call_depth;
    ::explicit_bzero(__builtin_alloca(near), near);
}

// The pages of the stack that are not in use go back to the kernel, which gives empty ones later:
// to write zeros over them would only make them ours for good. Where the stack has never been so
// deep, madvise(2) says ENOMEM for the rest and has done its work.
[[gnu::noinline]] void wipe_stack() noexcept {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    wipe_near_stack(page);
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const std::uintptr_t end = (here - call_depth) & ~(page - 1);
    ::madvise(reinterpret_cast<void*>(end - deepest_stack), deepest_stack, MADV_DONTNEED);
}

}  // namespace

void hide_memory() noexcept {
    if (is_hidden) return;
    is_hidden = true;
    was_dumpable = ::prctl(PR_GET_DUMPABLE);
    ::prctl(PR_SET_DUMPABLE, 0);
}

// A binary that may be executed but not read is never dumpable, and so it stays.
void show_memory() noexcept {
    if (!is_hidden) return;
    wipe_stack();
    is_hidden = false;
    if (was_dumpable == dumpable) ::prctl(PR_SET_DUMPABLE, dumpable);
}

bool memory_is_hidden() noexcept { return is_hidden; }

void wipe_and_free(void* memory) noexcept {
    wipe_and_free(memory, is_hidden && memory != nullptr ? ::malloc_usable_size(memory) : 0);
}

void wipe_and_free(void* memory, std::size_t size) noexcept {
    if (is_hidden && memory != nullptr) ::explicit_bzero(memory, size);
    std::free(memory);
}

// realloc(3) would free the old place as it is.
void* wiping_realloc(void* memory, std::size_t size) noexcept {
    if (!is_hidden || memory == nullptr) return std::realloc(memory, size);
    void* moved = std::malloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, memory, std::min(size, ::malloc_usable_size(memory)));
    wipe_and_free(memory);
    return moved;
}

}  // namespace kaigara::platform
