// SPDX-License-Identifier: Apache-2.0
#include "platform/streams.h"

#include <ios>

// std::ios_base::Init::Init(), as the linker's --wrap names it and its replacement.
extern "C" {
void __real__ZNSt8ios_base4InitC1Ev(std::ios_base::Init* self);
void __wrap__ZNSt8ios_base4InitC1Ev(std::ios_base::Init* self);
void __wrap__ZNSt8ios_base4InitC1Ev(std::ios_base::Init*) {}
}

namespace kaigara::platform {

void initialise_streams() {
    static constinit bool started = false;
    if (started) return;
    started = true;
    // Init counts its calls and has no members: any storage will do, and it is never destroyed.
    alignas(std::ios_base::Init) static char storage[sizeof(std::ios_base::Init)];
    __real__ZNSt8ios_base4InitC1Ev(reinterpret_cast<std::ios_base::Init*>(storage));
}

}  // namespace kaigara::platform
