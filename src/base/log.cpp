// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <chrono>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::log {

namespace {

std::string_view level_name(Level level) {
    switch (level) {
    case Level::error: return "error";
    case Level::warn: return "warn";
    case Level::info: return "info";
    case Level::debug: return "debug";
    }
    return "error";
}

// SGR sequences of ECMA-48: red, yellow, cyan, faint.
std::string_view level_colour(Level level) {
    switch (level) {
    case Level::error: return "\x1b[31m";
    case Level::warn: return "\x1b[33m";
    case Level::info: return "\x1b[36m";
    case Level::debug: return "\x1b[2m";
    }
    return "";
}

std::string_view stage_name(Stage stage) {
    switch (stage) {
    case Stage::none: return "";
    case Stage::resolve: return "resolve";
    case Stage::provision: return "provision";
    case Stage::supervise: return "supervise";
    case Stage::watch: return "watch";
    }
    return "";
}

std::string text_lines(bool colour, Level level, std::string_view text) {
    constexpr std::string_view plain = "\x1b[0m";
    std::string head = "kaigara: ";
    if (colour) head += level_colour(level);
    head += level_name(level);
    if (colour) head += plain;
    head += ": ";

    if (text.ends_with('\n')) text.remove_suffix(1);  // an end of line, no further empty line
    std::string out;
    for (;;) {
        const std::size_t end = text.find('\n');
        out += head;
        out += text.substr(0, end);
        out += '\n';
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (out.size() > 1) out += ',';
    out += text::json_string(name);
    out += ':';
    out += text::json_string(value);
}

}  // namespace

Settings& settings() noexcept {
    // constinit: it lies in the data segment, no code runs for it before main or on first use.
    static constinit Settings the_settings;
    return the_settings;
}

bool enabled(Level level) noexcept {
    return settings().sink != nullptr && level <= settings().level;
}

void write(Level level, std::string_view text, std::initializer_list<Field> fields) {
    if (!enabled(level)) return;
    const Settings& how = settings();
    const std::int64_t milliseconds = how.now == nullptr ? 0 : how.now();
    how.sink(format_line(how, level, text, fields, milliseconds));
}

std::string format_line(const Settings& how, Level level, std::string_view text,
                        std::initializer_list<Field> fields, std::int64_t milliseconds) {
    if (how.format == Format::text) return text_lines(how.colour, level, text);
    std::string out = "{";
    append_member(out, "time", format_time(milliseconds));
    append_member(out, "level", level_name(level));
    if (how.stage != Stage::none) append_member(out, "stage", stage_name(how.stage));
    append_member(out, "msg", text);
    for (const Field& field : fields) append_member(out, field.name, field.value);
    out += "}\n";
    return out;
}

std::string format_time(std::int64_t milliseconds) {
    using namespace std::chrono;
    // The calendar of <chrono> is arithmetic: no time zone file, no locale.
    const sys_time<std::chrono::milliseconds> when{std::chrono::milliseconds(milliseconds)};
    const auto day = floor<days>(when);
    const year_month_day date(day);
    const hh_mm_ss time(when - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

}  // namespace kaigara::log
