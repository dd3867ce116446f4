// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads one template file into a Program: checks all of its syntax and writes the engine's text.

#include <cstdint>

#include "base/error.h"
#include "provision/template_program.h"

namespace kaigara::provision {

// Reads `program.files[file].source`. What is wrong goes to `errors`, up to max_template_errors of
// all files together. Files that it includes are added to `program.files`, not loaded.
void read_template(Program& program, std::uint32_t file, Errors& errors);

}  // namespace kaigara::provision
