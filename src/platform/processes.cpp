// SPDX-License-Identifier: Apache-2.0
#include "platform/processes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "base/text.h"
#include "platform/files.h"

namespace kaigara::platform {

namespace {

// The 22nd of proc_pid_stat(5), of which two stand before our first.
constexpr std::size_t start_time_field = 19;

// proc_pid_stat(5): "pid (comm) state ppid pgrp session ...". The name may hold blanks and
// parentheses, so it ends at the last one.
std::optional<Process> parse_stat(pid_t pid, std::string_view stat) {
    const std::size_t end = stat.rfind(')');
    if (end == std::string_view::npos || end + 2 >= stat.size()) return std::nullopt;
    const auto fields = text::split(stat.substr(end + 2), ' ');
    if (fields.size() < 4) return std::nullopt;
    const auto number = [&fields](std::size_t index) {
        pid_t value = 0;
        std::from_chars(fields[index].data(), fields[index].data() + fields[index].size(), value);
        return value;
    };
    std::uint64_t started = 0;
    if (fields.size() > start_time_field) {
        const std::string_view text = fields[start_time_field];
        std::from_chars(text.data(), text.data() + text.size(), started);
    }
    return Process{pid,    number(1), number(2), number(3), fields[0] == "Z" || fields[0] == "X",
                   started};
}

}  // namespace

std::vector<Process> list_processes() {
    std::vector<Process> processes;
    const auto names = list_directory("/proc");
    if (!names) return processes;
    for (const std::string& name : *names) {
        const auto pid = text::parse_number(name, 1U << 30U);
        if (!pid) continue;
        if (const auto process = find_process(static_cast<pid_t>(*pid)))
            processes.push_back(*process);
    }
    return processes;
}

std::optional<Process> find_process(pid_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!stat) return std::nullopt;  // it has just ended
    return parse_stat(pid, *stat);
}

std::vector<pid_t> descendants_of(pid_t ancestor, const std::vector<Process>& all) {
    std::vector<pid_t> found;
    std::vector<pid_t> parents{ancestor};
    while (!parents.empty()) {
        const pid_t parent = parents.back();
        parents.pop_back();
        for (const Process& process : all) {
            if (process.parent != parent || process.pid == ancestor) continue;
            parents.push_back(process.pid);
            if (!process.is_zombie) found.push_back(process.pid);
        }
    }
    std::ranges::sort(found);
    return found;
}

std::vector<pid_t> members_of_session(pid_t session, const std::vector<Process>& all) {
    std::vector<pid_t> found;
    for (const Process& process : all) {
        if (process.session == session && !process.is_zombie) found.push_back(process.pid);
    }
    return found;
}

}  // namespace kaigara::platform
