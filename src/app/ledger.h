// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara ledger ACTION [NAME]`: reads the record of operations, and mends it.
//
//     list             each operation of the image and of the ledger, and where it stands
//     history [NAME]   what has happened, line by line
//     verify           is every line as it was written?
//     forget NAME      as if it had never run: it runs at the next start
//     baseline [NAME]  it (or all that have not run) is done, though not by kaigara
//     accept NAME      it was interrupted, or edited: it is done as it is now
//     salvage          makes a damaged ledger whole, with all lines that hold
//
// The first three need no lock and change nothing. The others wait for the lock, and each change is
// a line of its own.

#include "app/options.h"

namespace kaigara::app {

// The exit status.
int run_ledger(const CommandLine& line, const Settings& settings, char** environment);

}  // namespace kaigara::app
