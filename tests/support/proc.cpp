// SPDX-License-Identifier: Apache-2.0
#include "support/proc.h"

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "support/descriptor.h"

namespace kaigara::test {

namespace fs = std::filesystem;

namespace {

// One read, so that the answer is of one moment; quick enough for a loop that waits for a change.
std::string status_of(pid_t process) {
    const Descriptor file(
        ::open(fmt::format("/proc/{}/status", process).c_str(), O_RDONLY | O_CLOEXEC));
    char text[8192];
    const ssize_t size = file ? ::read(file.number(), text, sizeof text) : 0;
    return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string field_of(pid_t process, std::string_view name) {
    const std::string text = status_of(process);
    const std::string start = fmt::format("\n{}:\t", name);
    const std::size_t found = text.find(start);
    if (found == std::string::npos) return {};
    const std::size_t from = found + start.size();
    return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

std::string link_of(pid_t process, std::string_view name) {
    char target[PATH_MAX];
    const ssize_t size =
        ::readlink(fmt::format("/proc/{}/{}", process, name).c_str(), target, sizeof target);
    return {target, size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::map<int, std::string> descriptors_of(pid_t process) {
    std::map<int, std::string> result;
    std::error_code failed;
    fs::directory_iterator at(fmt::format("/proc/{}/fd", process), failed);
    for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
        const std::string number = at->path().filename();
        result[std::atoi(number.c_str())] = link_of(process, "fd/" + number);
    }
    return result;
}

std::uint64_t signals_of(pid_t process, std::string_view name) {
    return std::strtoull(field_of(process, name).c_str(), nullptr, 16);
}

bool blocks(pid_t process, int signal) {
    return (signals_of(process, "SigBlk") >> (signal - 1) & 1U) != 0;
}

std::vector<pid_t> children_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", process));
    std::vector<pid_t> result;
    for (pid_t child = 0; file >> child;) result.push_back(child);
    return result;
}

char state_of(pid_t process) {
    const std::string state = field_of(process, "State");
    return state.empty() ? ' ' : state.front();
}

}  // namespace kaigara::test
