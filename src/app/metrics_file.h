// SPDX-License-Identifier: Apache-2.0
#pragma once

// --metrics-file: a file that a collector reads, written anew when something has changed.
//
//     changed() ─► written now, or, when the last write is less than a second old, a second after
//     it
//
// Each write is a temporary file beside it and a rename, so a reader finds the old text or the new
// one. Nothing is put on disk on purpose: after a crash of the machine the text means nothing. A
// failure is one warning until it works again, leaves nothing behind, and is tried again at the
// next change. A timer runs only while a write is due.

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"
#include "platform/loop.h"

namespace kaigara::app {

class MetricsFile {
public:
    static constexpr Milliseconds interval{1'000};

    // The loop outlives it. `text` is asked when it is to be written; without `is_up` for the text
    // that is left when kaigara has ended. A path without a slash in front belongs to the present
    // working directory.
    MetricsFile(platform::Loop& loop, std::string path,
                std::function<std::string(bool is_up)> text);

    void changed();
    // Writes the last text, now; nothing is written after that.
    void finish();

private:
    using Clock = std::chrono::steady_clock;

    void write(bool is_up);
    Result<void> replace(const std::string& text) const;

    std::string path_;
    std::string temporary_;
    std::function<std::string(bool)> text_;
    platform::Timer timer_;
    Clock::time_point next_{};  // no write before
    std::string written_;
    bool has_failed_ = false;
    bool is_finished_ = false;
};

}  // namespace kaigara::app
