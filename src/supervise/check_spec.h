// SPDX-License-Identifier: Apache-2.0
#pragma once

// What --ready and --live say, pure:
//
//     notify               the application tells it itself (sd_notify(3))
//     tcp:PORT             a connection is accepted at 127.0.0.1, else at ::1
//     http://..., https:// answered with 200 to 399
//     exec:CMD             `/bin/sh -c CMD` ends with 0
//
// and, as `kaigara wait` has them, tcp:HOST:PORT, unix:PATH, file:PATH. Everything but notify is a
// child process: PID 1 itself reads nothing that a server answers.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kaigara::supervise {

struct CheckSpec {
    enum class Kind : std::uint8_t { none, notify, command, targets };
    Kind kind = Kind::none;
    std::string text{};                // as it was given, without secrets
    std::string command{};             // of exec
    std::vector<std::string> targets;  // as `kaigara wait` takes them; one that answers is enough
};

// Fault::usage with the accepted forms.
Result<CheckSpec> parse_check_spec(std::string_view text);

}  // namespace kaigara::supervise
