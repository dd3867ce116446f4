// SPDX-License-Identifier: Apache-2.0
#pragma once

// What dumb-init says, and what it does beside forwarding: the two belong together, for its
// debugging messages tell each step.
//
// It stops itself whenever a stop signal of the terminal comes, so that a shell sees its job stop,
// and sends TERM to the program's process group when the program has ended.

#include <unistd.h>

#include <fmt/format.h>

#include "app/dumb_init.h"
#include "app/supervise_only.h"

namespace kaigara::app {

class DumbInitWords : public supervise::Observer, public ChildWatcher {
public:
    explicit DumbInitWords(const DumbInitOptions& options)
        : debug_(options.debug), session_(options.session), signals_(options.signals),
          rewritten_(options.rewritten) {}

    // A terminal signal that leaving our own terminal caused, and that was taken away already.
    void took_over(int signal) { taken_over_ = taken_over_.with(signal); }
    // Where the new session leaves the errno of a terminal that it did not get.
    int* terminal_error() noexcept { return &terminal_error_; }

    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        write(fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) {
        if (debug_) write(fmt::format(format, std::forward<Args>(args)...));
    }

    int status_of(const supervise::Outcome& outcome, const char* program);

    void spawned(pid_t application) override;
    void deferred(const platform::SpawnFailure& failure) override;
    void received(const platform::Signal& signal) override;
    void forwarded(int received, int target, int code) override;
    void dropped(int received) override;
    void application_ended(pid_t application, const platform::ChildEnd& end) override;
    void child_signal() override;
    void stranger_ended(pid_t pid, const platform::ChildEnd& end) override;

private:
    void write(std::string_view text);
    void tell_session();
    void tell_translation(int signal);
    void tell_forwarding(int target);
    void tell_end(pid_t application, const platform::ChildEnd& end);
    void suspend_if_asked(int received);
    int refused(const platform::SpawnFailure& failure, const char* program);

    bool debug_;
    bool session_;
    const supervise::SignalMap signals_;
    std::bitset<32> rewritten_;
    platform::SignalSet taken_over_;
    int terminal_error_ = 0;
    bool ended_ = false;
    platform::Output errors_{2};
};

}  // namespace kaigara::app
