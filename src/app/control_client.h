// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands that talk to the kaigara that runs in the same container: status, health, reload and
// restart. They have no event loop, because a health check is run every few seconds for as long as
// the container lives and has to cost next to nothing.

#include <string>
#include <string_view>

#include "app/options.h"
#include "app/settings.h"
#include "base/result.h"

namespace kaigara::app {

// What --socket says where there shall be none.
inline constexpr std::string_view socket_off = "off";

// Sends one line and returns the answer, without its line end. All of it takes `timeout` at most.
// Fault::unavailable, with words for a person.
Result<std::string> ask_control(const std::string& path, std::string_view line,
                                Milliseconds timeout);

// Each returns the exit status.
int run_status(const Settings& settings);
int run_health(const Settings& settings);
int run_reload(const Settings& settings);
int run_restart(const Settings& settings);

inline constexpr Commands control_commands =
    command::status | command::health | command::reload | command::restart;

// Whichever of them it is.
int run_control(const CommandLine& line, const Settings& settings);

}  // namespace kaigara::app
