// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metadata from a directory that holds a key a file: the volumes of Kubernetes ConfigMaps and
// Secrets, /run/secrets of Docker.
//
//     /run/config/
//       db/host            ->  db.host
//       nginx.conf         ->  the one key 'nginx.conf'
//       ..data, .hidden    ->  skipped: Kubernetes keeps its versions there
//
// A value is the file's text without one newline at its end; its type follows from its form, as
// that of an environment variable. Links to files are followed (every key of a ConfigMap is one),
// and so are directories, as deep as metadata may nest, which also ends a circle of links.

#include <string>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

// All that is wrong, each with the path as `where`. An absent directory has ENOENT as its
// code, and what is no directory ENOTDIR.
Result<Tree, Errors> load_key_directory(const std::string& path);

}  // namespace kaigara::metadata
