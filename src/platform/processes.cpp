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
    return Process{pid, number(1), number(2), number(3), fields[0] == "Z" || fields[0] == "X"};
}

}  // namespace

std::vector<Process> list_processes() {
    std::vector<Process> processes;
    const auto names = list_directory("/proc");
    if (!names) return processes;
    for (const std::string& name : *names) {
        const auto pid = text::parse_number(name, 1U << 30U);
        if (!pid) continue;
        const auto stat = read_file("/proc/" + name + "/stat", 4096);
        if (!stat) continue;  // it has just ended
        if (const auto process = parse_stat(static_cast<pid_t>(*pid), *stat))
            processes.push_back(*process);
    }
    return processes;
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
