// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metadata for the application's environment: `application.export` of kaigara.yml.

#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "metadata/tree.h"
#include "provision/template.h"

namespace kaigara::app {

// "NAME=value" for each export. A path that has no value, or whose value is a map or a list, is an
// error (Fault::bad_data) at its place in kaigara.yml, as it would be in a template; with `missing`
// as there.
Result<std::vector<std::string>, Errors>
exported_variables(const Settings& settings, const metadata::Tree& tree,
                   provision::MissingNames missing = provision::MissingNames::are_errors);

}  // namespace kaigara::app
