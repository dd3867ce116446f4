// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a test most often says of an outcome, with the program's own words where it is not so.

#include <string>
#include <string_view>

#include "support/scenes.h"

namespace kaigara::test {

// Status 0 and not a word on stderr; returns stdout.
std::string quiet_success(const Outcome& outcome);

// Ends so, nothing on stdout, and stderr has each of the texts.
void check_refused(const Outcome& outcome, std::string_view ending, const Strings& texts);

// A message of that level has all of the texts in one line.
void check_message(const Outcome& outcome, std::string_view level, const Strings& texts);

}  // namespace kaigara::test
