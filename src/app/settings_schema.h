// SPDX-License-Identifier: Apache-2.0
#pragma once

// kaigara.yml as a JSON Schema (draft 2020-12), made from the settings tables, for editors and CI.
// docs/kaigara.schema.json is what this says; a test compares them.

#include <string>

namespace kaigara::app {

std::string settings_schema();

}  // namespace kaigara::app
