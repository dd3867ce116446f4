// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tables of functions, what a program of a static link starts with and never changes: the linker
// puts them into one segment, PT_GNU_RELRO of elf(5), which is to be read-only once the addresses
// in it are right. glibc's start code sees to that in static programs too; musl's does not, since
// there it is the dynamic linker's task. Overwritten, such a table would let an attacker choose
// what is called next.

namespace kaigara::platform {

// At the begin of main(). One mprotect(2); nothing where the C library has done it.
void protect_relocated() noexcept;

}  // namespace kaigara::platform
