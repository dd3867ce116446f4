// SPDX-License-Identifier: Apache-2.0
#include "platform/http_answer.h"

#include <fmt/format.h>

namespace kaigara::platform {

namespace {

// 'd' stands for a digit.
constexpr std::string_view shape = "HTTP/d.d ddd";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

StatusLine read_status_line(std::string_view received) noexcept {
    using State = StatusLine::State;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (i == received.size()) return {State::incomplete, 0};
        const bool fits = shape[i] == 'd' ? is_digit(received[i]) : received[i] == shape[i];
        if (!fits) return {State::garbage, 0};
    }
    const std::size_t end = received.substr(0, longest_status_line).find('\n');
    if (end == std::string_view::npos)
        return {received.size() < longest_status_line ? State::incomplete : State::garbage, 0};
    // RFC 9112: a blank stands behind the status even where no reason does; servers forget it.
    const char behind = received[shape.size()];
    if (behind != ' ' && behind != '\r' && behind != '\n') return {State::garbage, 0};
    int status = 0;
    for (const char digit : received.substr(shape.size() - 3, 3))
        status = status * 10 + (digit - '0');
    if (status < 100) return {State::garbage, 0};
    return {State::whole, status};
}

std::string http_request(const WaitTarget& target) {
    const std::string port = target.port == 80 ? "" : fmt::format(":{}", target.port);
    return fmt::format("GET {} HTTP/1.1\r\n"
                       "Host: {}{}\r\n"
                       "User-Agent: kaigara/" KAIGARA_VERSION "\r\n"
                       "Accept: */*\r\n"
                       "Connection: close\r\n\r\n",
                       target.path, target.bracketed_host(), port);
}

}  // namespace kaigara::platform
