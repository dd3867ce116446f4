// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one event loop, and the two kinds of handle that kaigara uses on it.
//
// libuv frees nothing before a handle's close callback has run, so the uv structures live on the
// heap: the owner's destructor asks for the close, the close callback frees (law 7). The owner may
// therefore be destroyed inside its own callback. ~Loop runs the closers and demands that nothing
// is left; a leaked handle ends the program with the names of the handles, in every build type.
//
// A loop without active timers has no wake-ups of its own.

#include <functional>
#include <memory>

#include "base/duration.h"

struct uv_loop_s;
struct uv_timer_s;
struct uv_poll_s;

namespace kaigara::platform {

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Serves events until stop(), or until no handle is active.
    void run();
    // Makes run() return after the callbacks of the present round. Outside of run() it does
    // nothing: there is nothing to stop, and nothing may be left over for a later run().
    void stop() noexcept;
    // Serves what is ready now, without waiting.
    void run_ready();

    uv_loop_s* get() noexcept { return loop_.get(); }

private:
    std::unique_ptr<uv_loop_s> loop_;
    bool is_running_ = false;
};

// Runs a callback once, after a time on the monotonic clock.
class Timer {
public:
    Timer(Loop& loop, std::function<void()> on_time);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    // Arms or re-arms. The time counts from this call, not from the loop's cached clock.
    void start(Milliseconds delay);
    void stop() noexcept;
    bool is_active() const noexcept;

private:
    std::function<void()> on_time_;
    uv_timer_s* handle_;
};

// Calls back while a descriptor is ready. Level-triggered.
//
// libuv makes the descriptor non-blocking, which is a property of the open file description: only
// descriptors that kaigara made may be watched, never the container's stdio (law 12). The
// descriptor stays the caller's, and must outlive the watcher.
class Poll {
public:
    enum class Readiness { readable, writable, either };

    Poll(Loop& loop, int fd, Readiness readiness, std::function<void()> on_ready);
    ~Poll();
    Poll(const Poll&) = delete;
    Poll& operator=(const Poll&) = delete;

    void pause() noexcept;
    void resume();

private:
    std::function<void()> on_ready_;
    int events_;
    uv_poll_s* handle_;
};

}  // namespace kaigara::platform
