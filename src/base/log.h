// SPDX-License-Identifier: Apache-2.0
#pragma once

// Messages to the person who runs the container (CONTRACT section 8).
//
// A line is made here and given to the one sink that platform/output installs, which never blocks.
// Only app/ and the drivers of the stages log; everything below returns errors.
//
//     text   kaigara: warn: cannot open /run/kaigara: read-only file system
//     json   {"time":"2026-01-02T03:04:05.678Z","level":"warn","stage":"provision","msg":"..."}
//
// Nothing here allocates before a message is really written, so `exec` pays nothing for it.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace kaigara::log {

enum class Level : std::uint8_t { error, warn, info, debug };
enum class Format : std::uint8_t { text, json };
enum class Stage : std::uint8_t { none, resolve, provision, supervise, watch };

// A further member of a JSON line; in the text form the message already says it.
struct Field {
    std::string_view name;
    std::string value;
};

struct Settings {
    Level level = Level::info;
    Format format = Format::text;
    Stage stage = Stage::none;
    bool colour = false;
    // Receives whole lines with their line end. Must not throw, must not block.
    void (*sink)(std::string_view line) noexcept = nullptr;
    // Wall clock in milliseconds since 1970, for the JSON form.
    std::int64_t (*now)() noexcept = nullptr;
};

// The one set of log settings of the process. Written while options are read and when a stage
// begins; there are no threads.
Settings& settings() noexcept;

bool enabled(Level level) noexcept;

// `text` may hold line ends; each line becomes one of its own in the text form.
void write(Level level, std::string_view text, std::initializer_list<Field> fields = {});

// The line that write() would send, without the sink. `milliseconds` is used by the JSON form.
std::string format_line(const Settings& how, Level level, std::string_view text,
                        std::initializer_list<Field> fields, std::int64_t milliseconds);

// RFC 3339 in UTC with milliseconds: 2026-01-02T03:04:05.678Z
std::string format_time(std::int64_t milliseconds);

template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error))
        write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug))
        write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace kaigara::log
