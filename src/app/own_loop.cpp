// SPDX-License-Identifier: Apache-2.0
#include "app/own_loop.h"

#include <signal.h>

#include <utility>

namespace kaigara::app {

OwnLoop::OwnLoop(std::function<void()> on_child)
    : signals_(
          loop_, [this](const platform::Signal& signal) { on_signal(signal.number); },
          std::move(on_child)) {}

int OwnLoop::run() {
    while (!is_stopped_ && stop_signal_ == 0) loop_.run();
    return std::exchange(is_stopped_, false) ? 0 : stop_signal_;
}

void OwnLoop::stop() noexcept {
    is_stopped_ = true;
    loop_.stop();
}

void OwnLoop::on_signal(int signal) {
    if (signal != SIGTERM && signal != SIGINT && signal != SIGQUIT && signal != SIGHUP) return;
    stop_signal_ = signal;
    loop_.stop();
}

}  // namespace kaigara::app
