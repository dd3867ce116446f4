// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metadata from a file, or from the files of a directory.
//
// A file whose name ends in .json is JSON, every other one YAML. Of a directory all *.yml, *.yaml
// and *.json are read, those in it and those one level below, dot files and dot directories aside
// (and lost+found, which every fresh volume has); they are merged in bytewise order of their paths
// relative to the directory, later ones over earlier ones. Errors of all files are collected, each
// with the path as the user gave it.

#include <string>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

enum class Presence : std::uint8_t {
    required,  // the user named it: absence is Fault::configuration
    optional,  // a default: absence is an empty tree
};

// One file. An absent one is an error with ENOENT or ENOTDIR as its code.
Result<Tree, Errors> load_file(const std::string& path);

// A file, or a directory of them.
Result<Tree, Errors> load_path(const std::string& path, Presence presence);

}  // namespace kaigara::metadata
