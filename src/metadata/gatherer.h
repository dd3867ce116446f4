// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 1: all layers of metadata, merged into one tree.
//
//     metadata defaults  <  environment  <  --set, in their order
//
// A layer that cannot be read does not stop the search for errors: all are collected. What depends
// on the layers below is not said of a layer above a broken one, since it might not be so.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/sources/file.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

struct GatherPlan {
    std::string defaults_path;  // a file or a directory; empty for none
    Presence defaults_presence = Presence::optional;
    std::vector<std::string_view> environment;  // "NAME=value"
    std::vector<std::string> sets;              // "path=value"
};

Result<Tree, Errors> gather(const GatherPlan& plan);

}  // namespace kaigara::metadata
