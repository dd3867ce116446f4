// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara completion SHELL`: a script for the shell that completes commands, options, their
// values, and behind `start` and `exec` the program with its own completion. It is of the program
// that printed it and calls nothing when TAB is pressed.

#include <string>
#include <string_view>

#include "base/result.h"

namespace kaigara::app {

inline constexpr std::string_view shells = "bash zsh fish";

// Fault::usage for a shell that is none of these.
Result<std::string> completion_script(std::string_view shell);

}  // namespace kaigara::app
