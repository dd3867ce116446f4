// SPDX-License-Identifier: Apache-2.0
#include "app/face_parts.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include <fmt/format.h>

namespace kaigara::app {

namespace {

// strsignal(3) would bring the C library's message catalogues along, to say these in English too.
constexpr std::array<std::string_view, 32> signal_texts = {
    "Unknown signal 0",
    "Hangup",
    "Interrupt",
    "Quit",
    "Illegal instruction",
    "Trace/breakpoint trap",
    "Aborted",
    "Bus error",
    "Floating point exception",
    "Killed",
    "User defined signal 1",
    "Segmentation fault",
    "User defined signal 2",
    "Broken pipe",
    "Alarm clock",
    "Terminated",
    "Stack fault",
    "Child exited",
    "Continued",
    "Stopped (signal)",
    "Stopped",
    "Stopped (tty input)",
    "Stopped (tty output)",
    "Urgent I/O condition",
    "CPU time limit exceeded",
    "File size limit exceeded",
    "Virtual timer expired",
    "Profiling timer expired",
    "Window changed",
    "I/O possible",
    "Power failure",
    "Bad system call",
};

constexpr int realtime_first = 34;

}  // namespace

int end_face(const FaceEnd& end) {
    platform::Output(end.stream).write(end.text);
    return end.status;
}

const char* variable(char* const* environment, std::string_view name) noexcept {
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return *environment + name.size() + 1;
    }
    return nullptr;
}

std::vector<char*> entries_of(char* const* environment) {
    char* const* end = environment;
    while (*end != nullptr) ++end;
    return {environment, end + 1};
}

pid_t child_of(const platform::SpawnFailure& failure) noexcept {
    return failure.pid != 0 ? failure.pid : ::getpid();
}

std::string_view last_part(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

long leading_number(const char* text, const char** rest) noexcept {
    char* end = nullptr;
    const long number = std::strtol(text, &end, 10);
    *rest = end;
    return number;
}

std::string signal_text(int signal) {
    const auto number = static_cast<std::size_t>(signal);
    if (number < signal_texts.size()) return std::string(signal_texts[number]);
    if (signal < realtime_first) return fmt::format("Unknown signal {}", signal);
    return fmt::format("Real-time signal {}", signal - realtime_first);
}

}  // namespace kaigara::app
