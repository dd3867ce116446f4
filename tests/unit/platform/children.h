// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of spawn and reaper share: a loop that reaps, and a deadline for what is awaited.

#include <functional>
#include <string>
#include <vector>

#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/signals.h"
#include "platform/spawn.h"

namespace kaigara::test {

class Children {
public:
    Children()
        : born(platform::take_signals()),
          signals_(loop, [](const platform::Signal&) {}, [this] { reaper.reap(); }) {}

    // Serves the loop until `done` says so; false when ten seconds have passed.
    bool wait_until(const std::function<bool()>& done) {
        bool late = false;
        platform::Timer deadline(loop, [this, &late] {
            late = true;
            loop.stop();
        });
        deadline.start(Milliseconds(10'000));
        platform::Timer round(loop, [] {});
        while (!done() && !late) {
            round.start(Milliseconds(20));
            loop.run_ready();
        }
        return !late;
    }

    platform::SpawnRequest request(std::vector<std::string> words) {
        words_ = std::move(words);
        argv_.clear();
        for (std::string& word : words_) argv_.push_back(word.data());
        argv_.push_back(nullptr);
        platform::SpawnRequest request;
        request.argv = argv_.data();
        request.environment = environ;
        request.mask = born.mask;
        return request;
    }

    // Spawns, waits for the end and returns it; fails with a status of -1.
    platform::ChildEnd run(const platform::SpawnRequest& request) {
        platform::ChildEnd result;
        result.number = -1;
        const auto pid = platform::spawn(request);
        if (!pid) return result;
        bool ended = false;
        reaper.expect(*pid, [&](const platform::ChildEnd& end) {
            result = end;
            ended = true;
        });
        wait_until([&ended] { return ended; });
        return result;
    }

    platform::SignalInheritance born;
    platform::Loop loop;
    platform::Reaper reaper;

private:
    platform::SignalReader signals_;
    std::vector<std::string> words_;
    std::vector<char*> argv_;
};

}  // namespace kaigara::test
