// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tini says, and the status that it ends with.

#include <unistd.h>

#include <fmt/core.h>

#include "app/supervise_only.h"
#include "app/tini.h"

namespace kaigara::app {

inline constexpr std::string_view tini_version = "tini version 0.19.0";
// Of tini, for that is what `tini -l` is asked for.
extern const std::string_view tini_licence;

// `name` is the last part of argv[0].
std::string tini_usage(std::string_view name);

// Fatal errors and warnings go to stderr, the rest to stdout, each as "[LEVEL tini (pid)] text".
class TiniWords : public supervise::Observer, public ChildWatcher {
public:
    enum class Level : unsigned { fatal, warning, information, debugging, tracing };

    explicit TiniWords(const TiniOptions& options)
        : verbosity_(options.verbosity), warn_on_reap_(options.warn_on_reap) {}

    // To be called before the first event.
    void about(const supervise::Launch& launch) { launch_ = &launch; }

    template <class... Args>
    void say(Level level, fmt::format_string<Args...> format, Args&&... args) {
        if (is_said(level))
            write(::getpid(), level, fmt::format(format, std::forward<Args>(args)...));
    }

    int status_of(const supervise::Outcome& outcome);

    void spawned(pid_t application) override;
    void deferred(const platform::SpawnFailure& failure) override;
    void forwarded(int received, int target, int code) override;
    void application_ended(pid_t application, const platform::ChildEnd& end) override;
    void child_signal() override;
    void stranger_ended(pid_t pid, const platform::ChildEnd& end) override;
    void reaped(bool children_are_left) override;

private:
    // In the name of a child that could not say it itself.
    template <class... Args>
    void say_as(pid_t pid, Level level, fmt::format_string<Args...> format, Args&&... args) {
        if (is_said(level)) write(pid, level, fmt::format(format, std::forward<Args>(args)...));
    }
    bool is_said(Level level) const { return static_cast<unsigned>(level) <= verbosity_; }
    void write(pid_t pid, Level level, std::string_view text);

    void tell_terminal(pid_t child);
    int refused(const platform::SpawnFailure& failure);
    int remapped(int status);

    unsigned verbosity_;
    bool warn_on_reap_;
    const supervise::Launch* launch_ = nullptr;
    platform::Output output_{1};
    platform::Output errors_{2};
};

}  // namespace kaigara::app
