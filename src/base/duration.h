// SPDX-License-Identifier: Apache-2.0
#pragma once

// Durations as users write them: "90s", "10m", "1h30m", "250ms", "1d", or a bare number of seconds
// ("0", "10", "2.5" is not accepted: write "2500ms"). No sign, no blanks, at most 10 years.

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kaigara {

using Milliseconds = std::chrono::milliseconds;

// Fault::usage with a message that shows the form, when `text` is no duration.
Result<Milliseconds> parse_duration(std::string_view text);

// The shortest exact form that parse_duration() reads back: "1h30m", "250ms", "0s".
std::string format_duration(Milliseconds duration);

}  // namespace kaigara
