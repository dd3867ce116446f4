// SPDX-License-Identifier: Apache-2.0
#include "supervise/check_spec.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/wait_target.h"

namespace kaigara::supervise {

namespace {

constexpr std::string_view exec = "exec:";
constexpr std::string_view tcp = "tcp:";

Error unknown(std::string_view text, std::string_view reason) {
    return {Fault::usage, 0,
            fmt::format("'{}' is no check{}: notify, tcp:PORT, http://HOST/PATH, https://HOST/PATH "
                        "or exec:CMD",
                        text::printable(text, 60), reason),
            ""};
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<CheckSpec> parse_check_spec(std::string_view text) {
    using Kind = CheckSpec::Kind;
    CheckSpec spec;
    spec.text = text::printable(text, 200);
    if (text == "notify") {
        spec.kind = Kind::notify;
        return spec;
    }
    if (text.starts_with(exec)) {
        spec.command = std::string(text.substr(exec.size()));
        if (spec.command.find_first_not_of(" \t\n") == std::string::npos)
            return unknown(text, " (a command is needed)");
        spec.kind = Kind::command;
        return spec;
    }
    const std::string_view rest =
        text.starts_with(tcp) ? text.substr(tcp.size()) : std::string_view();
    if (is_number(rest)) {
        spec.targets = {fmt::format("tcp:127.0.0.1:{}", rest), fmt::format("tcp:[::1]:{}", rest)};
    } else {
        spec.targets = {std::string(text)};
    }
    for (const std::string& target : spec.targets) {
        const auto parsed = platform::parse_wait_target(target);
        if (!parsed) return unknown(text, "");
        if (spec.targets.size() == 1) spec.text = parsed->text;
    }
    spec.kind = Kind::targets;
    return spec;
}

}  // namespace kaigara::supervise
