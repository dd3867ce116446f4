// SPDX-License-Identifier: Apache-2.0
#pragma once

// The standard streams, started when they are needed.
//
// kaigara itself uses none, but yaml-cpp and ctemplate include <iostream>, and with it comes a
// static constructor that sets up eight streams and a locale: 60,000 instructions, more than all of
// tini. So the linker hands the calls of that constructor (std::ios_base::Init) to streams.cpp,
// which does nothing, and the commands that reach those libraries start the streams first. `exec`
// never does.

namespace kaigara::platform {

// Linked into kaigara alone; tests have the ordinary start.
[[gnu::weak]] void initialise_streams();

inline void initialise_streams_once() {
    if (initialise_streams != nullptr) initialise_streams();
}

}  // namespace kaigara::platform
