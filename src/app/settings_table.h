// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one table of settings (law 9): it parses options, environment and kaigara.yml and prints
// --help. A new setting is a member of Settings and a row of the table.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/result.h"

namespace kaigara::app {

// Commands as bits, so that a setting can say which of them take it.
using Commands = std::uint32_t;
namespace command {
inline constexpr Commands start = 1U << 0U;
inline constexpr Commands exec = 1U << 1U;
inline constexpr Commands provision = 1U << 2U;
inline constexpr Commands render = 1U << 3U;
inline constexpr Commands get = 1U << 4U;
inline constexpr Commands metadata = 1U << 5U;
inline constexpr Commands version = 1U << 6U;
inline constexpr Commands help = 1U << 7U;
inline constexpr Commands plan = 1U << 8U;
inline constexpr Commands check = 1U << 9U;
inline constexpr Commands init = 1U << 10U;
inline constexpr Commands wait = 1U << 11U;
inline constexpr Commands ledger = 1U << 12U;
inline constexpr Commands status = 1U << 13U;
inline constexpr Commands health = 1U << 14U;
inline constexpr Commands reload = 1U << 15U;
inline constexpr Commands restart = 1U << 16U;
inline constexpr Commands completion = 1U << 17U;
}  // namespace command

struct Setting {
    std::string_view name;      // "stop-timeout": --stop-timeout, KAIGARA_STOP_TIMEOUT
    char letter;                // 'g' for -g; 0 for none
    std::string_view argument;  // "D" in the help; empty for a switch
    std::string_view key;       // "application.stop-timeout" in kaigara.yml; empty for none
    Commands commands;          // those that take it
    bool repeats;               // may be given several times
    std::string_view help;      // one line, no full stop
    std::string_view schema;    // what the key's value looks like (settings_kinds.h)
    // Fault::usage with a message that names the value and what is accepted.
    Result<void> (*assign)(Settings&, std::string_view value);

    bool is_switch() const noexcept { return argument.empty(); }
};

std::span<const Setting> settings_table() noexcept;

// "KAIGARA_STOP_TIMEOUT"
std::string variable_of(const Setting& setting);

}  // namespace kaigara::app
