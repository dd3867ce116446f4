// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be asked of a running application, by whoever it is: a changed file, the control socket,
// a signal.

namespace kaigara::app {

class Steering {
public:
    virtual ~Steering() = default;
    // What --on-reload says.
    virtual void reload() = 0;
    // It is stopped in order and started again.
    virtual void restart() = 0;
    // A signal of our own; one that is being stopped or started has no use for it.
    virtual void send(int signal) = 0;
};

}  // namespace kaigara::app
