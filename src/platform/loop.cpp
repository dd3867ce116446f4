// SPDX-License-Identifier: Apache-2.0
#include "platform/loop.h"

#include <uv.h>

#include <cstdlib>

#include "base/log.h"
#include "platform/giving_up.h"

namespace kaigara::platform {

namespace {

template <class Handle>
void close_and_free(Handle* handle) {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
}

// The init functions fail only when there is no memory or no descriptor left; there is nothing to
// go on with then.
void must(int result, const char* what) {
    if (result != 0) give_up(what, -result);
}

}  // namespace

Loop::Loop() : loop_(std::make_unique<uv_loop_t>()) {
    must(uv_loop_init(loop_.get()), "cannot make an event loop");
}

Loop::~Loop() {
    // The close callbacks.
    uv_run(loop_.get(), UV_RUN_NOWAIT);
    if (uv_loop_close(loop_.get()) == 0) return;
    uv_walk(
        loop_.get(),
        [](uv_handle_t* handle, void*) {
            log::error("a {} handle outlives the event loop",
                       uv_handle_type_name(uv_handle_get_type(handle)));
        },
        nullptr);
    std::abort();
}

void Loop::run() {
    is_running_ = true;
    uv_run(loop_.get(), UV_RUN_DEFAULT);
    is_running_ = false;
}

void Loop::run_ready() { uv_run(loop_.get(), UV_RUN_NOWAIT); }

void Loop::stop() noexcept {
    if (is_running_) uv_stop(loop_.get());
}

Timer::Timer(Loop& loop, std::function<void()> on_time)
    : on_time_(std::move(on_time)), handle_(new uv_timer_t) {
    must(uv_timer_init(loop.get(), handle_), "cannot make a timer");
    handle_->data = this;
}

Timer::~Timer() { close_and_free(handle_); }

void Timer::start(Milliseconds delay) {
    uv_update_time(handle_->loop);
    const auto milliseconds = delay.count() < 0 ? 0 : static_cast<std::uint64_t>(delay.count());
    uv_timer_start(
        handle_, [](uv_timer_t* timer) { static_cast<Timer*>(timer->data)->on_time_(); },
        milliseconds, 0);
}

void Timer::stop() noexcept { uv_timer_stop(handle_); }

bool Timer::is_active() const noexcept {
    return uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_)) != 0;
}

namespace {

int events_of(Poll::Readiness readiness) {
    switch (readiness) {
    case Poll::Readiness::readable: return UV_READABLE;
    case Poll::Readiness::writable: return UV_WRITABLE;
    case Poll::Readiness::either: break;
    }
    return UV_READABLE | UV_WRITABLE;
}

}  // namespace

Poll::Poll(Loop& loop, int fd, Readiness readiness, std::function<void()> on_ready)
    : on_ready_(std::move(on_ready)), events_(events_of(readiness)), handle_(new uv_poll_t) {
    must(uv_poll_init(loop.get(), handle_, fd), "cannot watch a descriptor");
    handle_->data = this;
    resume();
}

Poll::~Poll() { close_and_free(handle_); }

void Poll::pause() noexcept { uv_poll_stop(handle_); }

void Poll::resume() {
    // An error or a hang-up is handed on as readiness: the read or write that follows names it.
    must(uv_poll_start(
             handle_, events_,
             [](uv_poll_t* poll, int, int) { static_cast<Poll*>(poll->data)->on_ready_(); }),
         "cannot watch a descriptor");
}

}  // namespace kaigara::platform
