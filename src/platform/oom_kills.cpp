// SPDX-License-Identifier: Apache-2.0
#include "platform/oom_kills.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/text.h"
#include "platform/fd.h"

namespace kaigara::platform {

namespace {

// Both files are shorter; what does not fit is of no interest here.
std::string read_beginning(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.is_open()) return {};
    std::array<char, 4'096> buffer;
    ssize_t got = 0;
    do got = ::read(file.get(), buffer.data(), buffer.size());
    while (got < 0 && errno == EINTR);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

// What stands behind `prefix` at the beginning of a line.
std::optional<std::string_view> line_after(std::string_view text, std::string_view prefix) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (line.starts_with(prefix)) return line.substr(prefix.size());
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> counted_in(const std::string& path) {
    const std::string text = read_beginning(path);
    const auto number = line_after(text, "oom_kill ");
    if (!number) return std::nullopt;
    const auto count = text::parse_number(*number, SIZE_MAX >> 1U);
    if (!count) return std::nullopt;
    return *count;
}

}  // namespace

std::optional<std::uint64_t> count_oom_kills() {
    const std::string root = "/sys/fs/cgroup";
    // cgroups(7): "0::/path", and "/" in a cgroup namespace of its own.
    const std::string cgroups = read_beginning("/proc/self/cgroup");
    if (const auto own = line_after(cgroups, "0::")) {
        if (auto count = counted_in(root + std::string(*own) + "/memory.events")) return count;
    }
    if (auto count = counted_in(root + "/memory.events")) return count;
    return counted_in(root + "/memory/memory.oom_control");
}

}  // namespace kaigara::platform
