// SPDX-License-Identifier: Apache-2.0
#pragma once

// The time in which this process holds secrets: the values of metadata.
//
//     hide_memory() ──► not dumpable; what is freed is wiped
//          │                 resolve, render, run operations
//          ▼
//     show_memory() ──► the unused stack is wiped, and the process is as dumpable as it was born
//
// A process that is not dumpable (PR_SET_DUMPABLE of prctl(2)) leaves no core file, and no other
// process of its user may trace it or read /proc/PID/mem, environ, fd and root; only CAP_SYS_PTRACE
// may. Children are as dumpable as ever, since execve(2) sets that anew.
//
// PID 1 does not stay so for good, because programs of a container write to /proc/1/fd/1, the log
// of the container, and as root without CAP_SYS_PTRACE, which engines do not give, they then could
// not. So before the application runs nothing secret may be left: the heap is wiped as it is freed
// (hidden_heap.cpp, in kaigara alone; libcurl's, by the functions below), and the stack at the end.

#include <cstddef>

namespace kaigara::platform {

// Before the first byte is read that may be secret. More than once is no harm.
void hide_memory() noexcept;

// When everything that was secret has been destroyed. Nothing where hide_memory() has not been.
void show_memory() noexcept;

// Between the two.
bool memory_is_hidden() noexcept;

// free(3) and realloc(3) that leave nothing behind while memory is hidden. Who knows how many bytes
// were asked for says so: to ask malloc takes as long as to free.
void wipe_and_free(void* memory) noexcept;
void wipe_and_free(void* memory, std::size_t size) noexcept;
void* wiping_realloc(void* memory, std::size_t size) noexcept;

}  // namespace kaigara::platform
