// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be done to a layer as a whole before it is merged.

#include <string>
#include <string_view>
#include <vector>

#include "metadata/tree.h"

namespace kaigara::metadata {

// The same values below `path`, whose steps are separated by dots; "" is the tree itself. The maps
// on the way have the origin of the root.
Tree mounted_at(std::string_view path, Tree tree);

// The part of `tree` at `path` as a tree of its own, with the same sources: what lies below a layer
// that is to be mounted there. An empty map where there is nothing.
Tree part_at(std::string_view path, const Tree& tree);

// The dotted paths of all secret scalars.
std::vector<std::string> secret_paths(const Value& root);

// Marks every scalar.
void make_secret(Value& value);

}  // namespace kaigara::metadata
