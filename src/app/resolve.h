// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 1: settings and environment become one tree of metadata.

#include <optional>

#include "app/settings.h"
#include "base/result.h"
#include "metadata/gatherer.h"
#include "metadata/tree.h"

namespace kaigara::app {

// Why there is no tree.
struct Unresolved {
    Errors errors;
    int signal = 0;  // a stop that came while a source was waited for; then there are no errors
};

// What start and provision gather. The settings and the environment outlive it.
metadata::GatherPlan gather_plan(const Settings& settings, char** environment);

// The tree, after its warnings are logged.
metadata::Tree accept(metadata::Gathered gathered);

// All layers, as start and provision see them, for a command that has no loop of its own: where a
// source has to be waited for, one is made for the time.
Result<metadata::Tree, Unresolved> resolve(const Settings& settings, char** environment);

// For render, get and metadata: inside an operation the snapshot that it inherited, with --set on
// top; elsewhere the same as resolve().
Result<metadata::Tree, Unresolved> resolve_or_inherit(const Settings& settings, char** environment);

// A resources directory that the user named and that is none: Fault::configuration. The default one
// may be absent.
std::optional<Error> check_resources(const Settings& settings);

}  // namespace kaigara::app
