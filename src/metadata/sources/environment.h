// SPDX-License-Identifier: Apache-2.0
#pragma once

// The environment as a layer of metadata: KAIGARA_META_app__db__host=x sets app.db.host.
//
//   two underscores   a step down; one is literal. Three or more in a row are an error: which two
//                     are the step, nobody can tell
//   spelling          a key that is spelt exactly so wins; else the one existing key that differs
//   in
//                     upper and lower case only; two of them are an error; a new key is lower case
//   digits            an item of an existing list; past its end is an error
//   ..._FILE          the value is what that file holds, without one newline at its end, and
//   secret.
//                     An absent file is Fault::configuration. A key that really ends in _file is
//                     reached in lower case: KAIGARA_META_log_file
//   empty             an empty string, which is a value
//
// Two variables that mean one path are an error, and so is one whose path lies within another's.
// Of a name that stands in the environment twice the last counts.
//
// A pure function: files are read by the function that is passed in.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

inline constexpr std::string_view environment_prefix = "KAIGARA_META_";

// The content of a file; Error::code is ENOENT when there is none.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// `variables` are "NAME=value", as in environ(7); others than KAIGARA_META_* are not looked at.
// `lower` is what the layers below say, which decides about spelling and list items. Where they
// could not all be read (`lower_is_complete` false), nothing is said about what they lack.
Result<Tree, Errors> read_environment(std::span<const std::string_view> variables,
                                      const Tree& lower, const FileReader& read_file,
                                      bool lower_is_complete = true);

}  // namespace kaigara::metadata
