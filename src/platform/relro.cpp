// SPDX-License-Identifier: Apache-2.0
#include "platform/relro.h"

#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <span>

namespace kaigara::platform {

// The program is at the addresses that the linker gave it: a release is not position-independent
// (docs/security.md). Where it is, and where it is dynamic, a loader has seen to it.
void protect_relocated() noexcept {
#ifndef __GLIBC__
    const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR));
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (const auto& header : std::span(headers, ::getauxval(AT_PHNUM))) {
        if (header.p_type == PT_DYNAMIC || header.p_type == PT_INTERP) return;
        if (header.p_type != PT_GNU_RELRO) continue;
        const std::uintptr_t begin = header.p_vaddr & ~(page - 1);
        const std::uintptr_t end = (header.p_vaddr + header.p_memsz) & ~(page - 1);
        ::mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ);
    }
#endif
}

}  // namespace kaigara::platform
