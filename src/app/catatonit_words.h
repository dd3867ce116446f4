// SPDX-License-Identifier: Apache-2.0
#pragma once

// What catatonit says, and the status that it ends with.

#include <unistd.h>

#include <fmt/format.h>

#include "app/supervise_only.h"
#include "platform/output.h"

namespace kaigara::app {

// "LEVEL (catatonit:pid): text" to stderr; without debugging, errors alone.
class CatatonitWords : public supervise::Observer, public ChildWatcher {
public:
    enum class Level { error, warning, information, debugging };

    explicit CatatonitWords(bool debug) : loudest_(debug ? Level::debugging : Level::error) {}

    // To be called before the first event. `terminal_error` is the errno of /dev/tty, 0 where that
    // could be opened.
    void about(const supervise::Launch& launch, int terminal_error) {
        launch_ = &launch;
        terminal_error_ = terminal_error;
    }

    static std::string line(pid_t pid, Level level, std::string_view text);

    template <class... Args>
    void say(Level level, fmt::format_string<Args...> format, Args&&... args) {
        if (level <= loudest_) say_as(::getpid(), level, format, std::forward<Args>(args)...);
    }

    int status_of(const supervise::Outcome& outcome);

    void spawned(pid_t application) override;
    void deferred(const platform::SpawnFailure& failure) override;
    void forwarded(int received, int target, int code) override;
    void dropped(int received) override;
    void stranger_ended(pid_t pid, const platform::ChildEnd& end) override;
    void reaped(bool children_are_left) override;

private:
    // In the name of a child that could not say it itself.
    template <class... Args>
    void say_as(pid_t pid, Level level, fmt::format_string<Args...> format, Args&&... args) {
        if (level <= loudest_)
            errors_.write(line(pid, level, fmt::format(format, std::forward<Args>(args)...)));
    }
    void tell_terminal(pid_t application);
    int refused(const platform::SpawnFailure& failure);

    Level loudest_;
    const supervise::Launch* launch_ = nullptr;
    int terminal_error_ = 0;
    pid_t application_ = 0;
    platform::Output errors_{2};
};

}  // namespace kaigara::app
