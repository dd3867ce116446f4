// SPDX-License-Identifier: Apache-2.0

// The edge: arguments in, exit status out. What no one else caught ends here, in words.

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <new>

#include "app/run.h"
#include "base/log.h"
#include "platform/giving_up.h"

namespace {

// _exit(2) skips the destructors of the libraries, of which none has anything to save. The leak
// checker works in an exit handler, so it needs the long way.
[[noreturn]] void leave(int status) {
#ifdef __SANITIZE_ADDRESS__
    std::exit(status);
#else
    ::_exit(status);
#endif
}

constexpr int software_error = 70;  // a bug in kaigara: sysexits(3), CONTRACT section 7

}  // namespace

int main(int argc, char** argv) {
    try {
        leave(kaigara::app::run_program(argc, argv, environ));
    } catch (const std::bad_alloc&) {
        kaigara::platform::give_up("cannot go on", ENOMEM);
    } catch (const std::exception& failure) {
        kaigara::log::error("a bug in kaigara: {}", failure.what());
        kaigara::platform::stop_all_children();
        leave(software_error);
    }
}
