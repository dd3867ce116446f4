// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Status in its three forms: JSON for programs (docs/status.schema.json), a summary for people,
// and the text format of Prometheus. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "app/status.h"

namespace kaigara::app {

// One line, without its end.
std::string status_json(const Status& status);

// The summary of what came over the control socket, lines with their ends; `now_ms` is the wall
// clock. Nothing in it is trusted: no byte of it reaches the terminal as a control character, and
// what is missing or no such value is left out. Whatever is no status at all is shown as it came,
// cut short.
std::string status_summary(std::string_view json, std::int64_t now_ms, bool colour);

// Nothing in it changes but by an event, so that equal texts say that nothing has happened. With
// `is_up` false it says that kaigara has ended.
std::string metrics_text(const Status& status, bool is_up = true);

}  // namespace kaigara::app
