// SPDX-License-Identifier: Apache-2.0
#include "app/control_request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/status_text.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

struct Word {
    ControlRequest request;
    std::string_view word;
};

constexpr std::array words = {
    Word{ControlRequest::status, "status"},
    Word{ControlRequest::health_ready, "health ready"},
    Word{ControlRequest::health_live, "health live"},
    Word{ControlRequest::health_startup, "health startup"},
    Word{ControlRequest::reload, "reload"},
    Word{ControlRequest::restart, "restart"},
};

std::string refusal(std::string_view why) {
    return fmt::format(R"({{"ok":false,"error":{}}})", text::json_string(why));
}

std::string outcome(const Result<void>& done) {
    return done ? R"({"ok":true})" : refusal(done.error().message);
}

}  // namespace

std::optional<ControlRequest> parse_control_request(std::string_view line) noexcept {
    const auto found = std::ranges::find(words, line, &Word::word);
    return found == words.end() ? std::nullopt : std::optional(found->request);
}

std::string_view word_of(ControlRequest request) noexcept {
    return std::ranges::find(words, request, &Word::request)->word;
}

std::string answer_control(std::string_view line, const ControlActions& actions) {
    const auto request = parse_control_request(line);
    if (!request)
        return refusal(fmt::format("'{}' is no request: status, health ready, health live, health "
                                   "startup, reload, restart",
                                   text::printable(line, 60)));
    switch (*request) {
    case ControlRequest::status: return status_json(actions.status());
    case ControlRequest::health_ready: return health_json(actions.status(), HealthKind::ready);
    case ControlRequest::health_live: return health_json(actions.status(), HealthKind::live);
    case ControlRequest::health_startup: return health_json(actions.status(), HealthKind::startup);
    case ControlRequest::reload: return outcome(actions.reload());
    case ControlRequest::restart: return outcome(actions.restart());
    }
    return refusal("no such request");
}

std::string health_json(const Status& status, HealthKind kind) {
    const Health health = health_of(status, kind);
    return fmt::format(R"({{"ok":{},"state":"{}","reason":{}}})", health.ok ? "true" : "false",
                       word_of(status.state), text::json_string(health.reason));
}

}  // namespace kaigara::app
