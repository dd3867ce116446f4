// SPDX-License-Identifier: Apache-2.0
#pragma once

// What may be asked over the control socket, and the answers: one line each way. Pure but for the
// actions, which are the caller's.
//
//     status                                the object of `kaigara status --json`
//     health ready | live | startup         {"ok":true,"state":"running","reason":""}
//     reload, restart                       {"ok":true}, or why not now:
//                                           {"ok":false,"error":"the operations are running"}
//
// Whatever else comes gets an answer of the last form.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/status.h"
#include "base/result.h"

namespace kaigara::app {

enum class ControlRequest : std::uint8_t {
    status,
    health_ready,
    health_live,
    health_startup,
    reload,
    restart,
};

// To the letter; nothing for all else.
std::optional<ControlRequest> parse_control_request(std::string_view line) noexcept;
std::string_view word_of(ControlRequest request) noexcept;

struct ControlActions {
    std::function<Status()> status;
    // Accept it, or say by the error's message why it is not possible now.
    std::function<Result<void>()> reload;
    std::function<Result<void>()> restart;
};

// What platform::ControlServer is given to answer with.
std::string answer_control(std::string_view line, const ControlActions& actions);

std::string health_json(const Status& status, HealthKind kind);

}  // namespace kaigara::app
