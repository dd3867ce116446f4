// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lays one tree over another.
//
//   map over map        deeply, key by key
//   scalar or list      replaces what is below it, a list as a whole
//   null                deletes what is below it; where nothing is, the null stays, so that a name
//   can
//                       be declared without a value
//   map over scalar or list, scalar or list over map
//                       an error that names both origins; what is below it stays
//
// Every value keeps its origin: the tables of sources are united. What takes the place of a secret
// value is secret too: it is the path that has to be protected, not only the text that stood there.

#include "base/error.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

// All conflicts; none when `lower` is the merged tree.
[[nodiscard]] Errors merge(Tree& lower, Tree&& upper);

// "map", "list", "null" or "text", for messages.
const char* kind_text(const Value& value) noexcept;

// The error about two values at one path that cannot be merged.
Error conflict(std::string_view path, const Value& lower, std::string lower_origin,
               const Value& upper, std::string upper_origin);

}  // namespace kaigara::metadata
