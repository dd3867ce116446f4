// SPDX-License-Identifier: Apache-2.0
#pragma once

// The event loop of a command that waits for something and then ends: it runs until the command has
// what it waits for, or until a signal that stops comes. Other signals mean nothing to it.

#include <functional>

#include "platform/loop.h"
#include "platform/signals.h"

namespace kaigara::app {

class OwnLoop {
public:
    // `on_child` is called when a child may have ended.
    explicit OwnLoop(std::function<void()> on_child);

    platform::Loop& get() noexcept { return loop_; }

    // Runs until stop(), also one that came before, or until TERM, INT, QUIT or HUP, whose number
    // is returned; otherwise 0.
    int run();
    void stop() noexcept;

private:
    void on_signal(int signal);

    platform::Loop loop_;
    platform::SignalReader signals_;
    bool is_stopped_ = false;
    int stop_signal_ = 0;
};

}  // namespace kaigara::app
