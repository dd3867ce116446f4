// SPDX-License-Identifier: Apache-2.0
#pragma once

// PID 1's side of the watcher: the child that follows the sources while the application runs,
// writes the files that change, and tells by which number what the application needs then
// (watch_record.h).
//
//     start() ─► hello ─► will N, will M, done ─► on_changed(N, M)
//                  │
//                  └─ it ends, or says what is none ─► delay (1 s .. 60 s) ─► start()
//
// It is this very program, found at /proc/self/exe, in a session of its own, with the signal state
// that kaigara was born with, the working directory of the start, and of our descriptors the three
// standard ones and the channel. What becomes of it never touches the application. While nothing
// changes there is no timer.

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "platform/fd.h"
#include "platform/loop.h"
#include "platform/reaper.h"
#include "supervise/change_action.h"
#include "supervise/watch_record.h"

namespace kaigara::supervise {

struct WatcherRequest {
    std::vector<std::string> words;      // argv; the first is the program's path
    char* const* environment = nullptr;  // outlives the watcher
    std::size_t rows = 0;                // of the table of actions
    std::uint32_t digest = 0;            // of that table
    Milliseconds first_delay{1'000};     // before it is started again
    Milliseconds longest_delay{60'000};
};

class Watcher {
public:
    // Loop and reaper outlive it. `on_changed` gets the rows of actions that are to happen now.
    Watcher(platform::Loop& loop, platform::Reaper& reaper, WatcherRequest request,
            std::function<void(const std::vector<std::size_t>& rows)> on_changed);
    // Ends it by KILL.
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    void start();
    // It is asked to end, by TERM, and is not started again.
    void end();
    // The same by KILL, and so is whatever it has started.
    void kill();
    // 0 while there is none.
    pid_t pid() const noexcept { return pid_; }

private:
    using Clock = std::chrono::steady_clock;

    Result<void> spawn();
    void on_readable();
    bool read_records();
    bool take(const WatchRecord& record);
    void settle();
    void give_up_on(const char* reason);
    void on_end(const platform::ChildEnd& end);
    void start_later(const std::string& reason);

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    WatcherRequest request_;
    std::function<void(const std::vector<std::size_t>&)> on_changed_;
    std::string directory_;  // that kaigara was started in
    platform::Timer timer_;
    Backoff backoff_;
    platform::Fd channel_;
    std::optional<platform::Poll> poll_;
    std::vector<std::size_t> announced_;
    Clock::time_point started_;
    pid_t pid_ = 0;
    bool has_greeted_ = false;
    bool is_ending_ = false;
    bool is_outdated_ = false;  // kaigara.yml is another one by now
    // The reaper's promise may outlive this object.
    std::shared_ptr<Watcher*> self_ = std::make_shared<Watcher*>(this);
};

}  // namespace kaigara::supervise
