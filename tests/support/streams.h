// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a program under observation reads from and writes to, each as {our end, its end}. All are
// close-on-exec.

#include <utility>

#include "support/descriptor.h"

namespace kaigara::test {

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Pipe make_pipe();

// Makes the pipe so full that not one byte more goes in; whoever writes to it is blocked.
void fill(const Descriptor& end);

struct Terminal {
    Descriptor master;
    Descriptor slave;
};

// Text comes out as it was written and is not echoed; control characters are signals.
Terminal open_terminal();

}  // namespace kaigara::test
