// SPDX-License-Identifier: Apache-2.0
#pragma once

// kaigara.yml, read through the settings table.
//
//     application:
//       command: [nginx, -g, "daemon off;"]    # or one text, which /bin/sh runs
//       stop-signal: QUIT
//     paths:
//       operations: /srv/operations
//     log:
//       level: debug
//
// A setting that may repeat takes a list. What is more than values, the lists `metadata:` and
// `templates:` above all, is read by settings_structure. Relative paths start from the directory of
// kaigara.yml. Whatever the tables do not know is an error.

#include <bitset>

#include "app/settings.h"
#include "app/settings_table.h"

namespace kaigara::app {

// Reads `settings.config.path`. The settings in `chosen` (by place in the table) keep what they
// have, and those that the command does not take are only checked. An absent file is an error only
// when the user named it. Fault::configuration, every error with file:line:column.
void read_settings_file(Settings& settings, Commands command, const std::bitset<64>& chosen,
                        Errors& errors);

}  // namespace kaigara::app
