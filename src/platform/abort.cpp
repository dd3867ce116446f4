// SPDX-License-Identifier: Apache-2.0

// abort(3) of kaigara, instead of the C library's: see giving_up.h. Linked into kaigara alone,
// never into the tests. The sanitizers report by way of abort(3), so nothing is replaced for them.
//
// A library that calls it has mostly just seen a system call fail, whose errno is told. assert(3)
// and std::terminate have had their own words before.

#ifndef __SANITIZE_ADDRESS__

#include <cerrno>

#include "platform/giving_up.h"

extern "C" [[noreturn]] void __wrap_abort() noexcept {
    kaigara::platform::give_up("cannot go on, a library calls abort(3)", errno);
}

#endif
