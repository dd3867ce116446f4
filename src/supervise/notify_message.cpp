// SPDX-License-Identifier: Apache-2.0
#include "supervise/notify_message.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::supervise {

namespace {

using std::chrono::microseconds;

constexpr std::size_t shown_of_a_line = 80;
constexpr std::size_t largest_pid = 4'194'304;  // PID_MAX_LIMIT of the kernel

struct TimeField {
    std::string_view name;
    std::uint64_t least;
    std::uint64_t most;
    std::string_view limits;
    std::optional<microseconds> NotifyMessage::* place;
};

constexpr std::array<TimeField, 2> time_fields{{
    {"WATCHDOG_USEC", 100'000, 86'400'000'000, "100000 to 86400000000 (a day)",
     &NotifyMessage::watchdog_interval},
    {"EXTEND_TIMEOUT_USEC", 1, 3'600'000'000, "1 to 3600000000 (an hour)",
     &NotifyMessage::extend_timeout},
}};

struct Flag {
    std::string_view name;
    bool NotifyMessage::* place;
};

constexpr std::array<Flag, 5> flags{{
    {"READY", &NotifyMessage::ready},
    {"RELOADING", &NotifyMessage::reloading},
    {"STOPPING", &NotifyMessage::stopping},
    {"WATCHDOG", &NotifyMessage::watchdog},
    {"BARRIER", &NotifyMessage::barrier},
}};

std::string read_flag(NotifyMessage& message, const Flag& flag, std::string_view value) {
    if (value == "1") {
        message.*flag.place = true;
        return {};
    }
    if (value == "0") return {};
    if (flag.place == &NotifyMessage::watchdog) {
        message.watchdog_trigger |= value == "trigger";
        return value == "trigger" ? "" : "that means nothing (WATCHDOG=1 or WATCHDOG=trigger does)";
    }
    return fmt::format("that means nothing ({}=1 does)", flag.name);
}

std::string read_time(NotifyMessage& message, const TimeField& field, std::string_view value) {
    const auto number = text::parse_number(value, field.most);
    if (!number || *number < field.least)
        return fmt::format("that is no number of microseconds from {}", field.limits);
    auto& place = message.*field.place;
    if (!place) place = microseconds(*number);
    return {};
}

std::string read_pid(NotifyMessage& message, std::string_view value) {
    const auto number = text::parse_number(value, largest_pid);
    if (!number || *number == 0) return "that is no process";
    if (!message.main_pid) message.main_pid = static_cast<pid_t>(*number);
    return {};
}

std::string read_status(NotifyMessage& message, std::string_view value) {
    constexpr std::string_view dots = "...";
    if (message.status) return {};
    message.status = text::printable(value, longest_notify_status);
    // The dots of what was cut come on top of the limit.
    if (message.status->size() > longest_notify_status)
        message.status = text::printable(value, longest_notify_status - dots.size());
    return {};
}

// What is wrong with the line; nothing where nothing is.
std::string read_line(NotifyMessage& message, std::string_view line) {
    if (line.find('\0') != std::string_view::npos) return "there is a NUL byte in it";
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos) return "NAME=VALUE is needed";
    if (sign == 0) return "no name stands before the '='";
    const std::string_view name = line.substr(0, sign);
    const std::string_view value = line.substr(sign + 1);
    for (const Flag& flag : flags)
        if (flag.name == name) return read_flag(message, flag, value);
    for (const TimeField& field : time_fields)
        if (field.name == name) return read_time(message, field, value);
    if (name == "MAINPID") return read_pid(message, value);
    if (name == "STATUS") return read_status(message, value);
    return {};
}

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

NotifyMessage parse_notify_message(std::string_view datagram) {
    NotifyMessage message;
    if (datagram.size() > longest_notify_datagram) {
        message.complaint = fmt::format("has more than {} bytes", longest_notify_datagram);
        return message;
    }
    // Whoever sends a C string with its end means nothing by it.
    if (datagram.ends_with('\0')) datagram.remove_suffix(1);
    std::size_t lines = 0;
    std::size_t faults = 0;
    while (!datagram.empty()) {
        const std::string_view line = take_line(datagram);
        if (line.empty()) continue;
        ++lines;
        const std::string fault = read_line(message, line);
        if (fault.empty()) continue;
        ++faults;
        if (faults == 1)
            message.complaint =
                fmt::format("says '{}', and {}", text::printable(line, shown_of_a_line), fault);
    }
    if (lines == 0) message.complaint = "is empty";
    if (faults > 1)
        message.complaint += fmt::format("; {} of it cannot be right, either",
                                         text::counted(faults - 1, "further line"));
    return message;
}

std::string relayed_text(const NotifyMessage& message, microseconds now) {
    std::string out;
    if (message.ready) out += "READY=1\n";
    if (message.reloading) out += fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", now.count());
    if (message.stopping) out += "STOPPING=1\n";
    if (message.status) out += fmt::format("STATUS={}\n", *message.status);
    if (message.watchdog) out += "WATCHDOG=1\n";
    if (!out.empty()) out.pop_back();
    return out;
}

}  // namespace kaigara::supervise
