// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operation asks of the metadata: whether it applies (`when`), and what its `inputs` are
// now. A path that does not exist is no error in either: it is false, or absent.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::provision {

// Whether a text has the form of a metadata path: "app.db.host", ".app.db.host".
// Fault::configuration with a message that says what is wrong, without `where`.
Result<void> check_metadata_path(std::string_view path);

// Whether a text has the form of a condition: `path`, `!path`, `path=text` or `!path=text`.
Result<void> check_when(std::string_view when);

// A path alone is true as it is in a template (0 is true; "", false, null, [], {} are not);
// `path=text` is when the value is a scalar of exactly that text. An empty condition applies.
bool applies(std::string_view when, const metadata::Tree& tree);

// 64 hexadecimal digits that are equal when and only when the inputs are, in their order: the
// values of metadata paths with their types, the contents of files, or that there is none; empty
// without inputs. Fault::configuration for a file that exists and cannot be read, a directory
// included.
Result<std::string> digest_inputs(const std::vector<std::string>& inputs,
                                  const metadata::Tree& tree);

}  // namespace kaigara::provision
