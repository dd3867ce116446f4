// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara check`: everything that can be found wrong before a start, in one go: kaigara.yml, the
// metadata, every template of the resources, the operations.
//
// Nothing is run and nobody is asked: sources that are commands are left out. A name that no layer
// gives is misspelt, most of the time, so it is an error; one whose value comes at run time is
// declared by a null in the metadata defaults. Where sources were left out, missing names are no
// errors, for they may come from there.
//
// Templates that others include are parts of them and are checked there, with the names that hold
// there; all others are rendered.

#include "app/options.h"

namespace kaigara::app {

// `errors` are those of kaigara.yml. The exit status: that of the first error, or 0.
int run_check(const Settings& settings, Errors errors, char** environment);

}  // namespace kaigara::app
