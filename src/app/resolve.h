// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 1: settings and environment become one tree of metadata.

#include "app/settings.h"
#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::app {

// All layers, as start and provision see them.
Result<metadata::Tree, Errors> resolve(const Settings& settings, char** environment);

// For render, get and metadata: inside an operation the snapshot that it inherited, with --set on
// top; elsewhere the same as resolve().
Result<metadata::Tree, Errors> resolve_or_inherit(const Settings& settings, char** environment);

}  // namespace kaigara::app
