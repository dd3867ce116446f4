// SPDX-License-Identifier: Apache-2.0
#pragma once

// A value that must not be seen. It is a type of its own, so that it cannot reach a message, a log
// line or a diff by way of std::string: formatting one gives "***". reveal() is the only door, and
// easy to search for.

#include <string>
#include <utility>

#include <fmt/format.h>

namespace kaigara {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const noexcept { return text_; }
    bool operator==(const Secret&) const = default;

    static constexpr const char* mask = "***";

private:
    std::string text_;
};

}  // namespace kaigara

template <>
struct fmt::formatter<kaigara::Secret> : fmt::formatter<fmt::string_view> {
    auto format(const kaigara::Secret&, fmt::format_context& context) const {
        return fmt::formatter<fmt::string_view>::format(kaigara::Secret::mask, context);
    }
};
