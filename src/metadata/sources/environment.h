// SPDX-License-Identifier: Apache-2.0
#pragma once

// The environment as layers of metadata.
//
// By a prefix: KAIGARA_META_app__db__host=x sets app.db.host.
//
//   two underscores   a step down; one is literal. Three or more in a row are an error: which two
//                     are the step, nobody can tell
//   spelling          a key that is spelt exactly so wins; else the one existing key that differs
//                     in upper and lower case only; two of them are an error; a new key is lower
//                     case
//   digits            an item of an existing list; past its end is an error
//   ..._FILE          the value is what that file holds, without one newline at its end, and
//                     secret. An absent file is Fault::configuration. A key that really ends in
//                     _file is reached in lower case: KAIGARA_META_log_file
//   empty             an empty string, which is a value
//
// By bindings of plain names, which kaigara.yml lists: DB_HOST sets app.db.host, and is nothing
// where DB_HOST is not set. A name that ends in _FILE is read as above, unless the path that it
// sets ends in `_file`, too: SSL_CERT_FILE may set tls.cert_file.
//
// Two variables that mean one path are an error, and so is one whose path lies within another's.
// Of a name that stands in the environment twice the last counts.
//
// Pure functions: files are read by the function that is passed in.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/sources/source.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

inline constexpr std::string_view environment_prefix = "KAIGARA_META_";

// The content of a file; Error::code is ENOENT when there is none.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// What the environment is read against.
struct EnvironmentView {
    std::span<const std::string_view> variables;  // "NAME=value", as in environ(7)
    // What the layers below say, which decides about spelling and list items.
    const Tree& lower;
    const FileReader& read_file;
    // Where the layers below could not all be read, nothing is said about what they lack.
    bool lower_is_complete = true;
};

// The variables whose names begin with `prefix`; others are not looked at.
Result<Tree, Errors> read_environment(const EnvironmentView& view,
                                      std::string_view prefix = environment_prefix);

// The variables that are bound to a path.
Result<Tree, Errors> read_bindings(const EnvironmentView& view, std::span<const Binding> bindings);

}  // namespace kaigara::metadata
