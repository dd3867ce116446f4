// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads one JSON document (RFC 8259), with the guards of document.h. Only json.cpp knows the JSON
// library, and of it only the event interface.
//
// A number keeps the text that was written (`1.10`, `1E2`, a hundred digits). Nothing but blanks is
// an empty map, as an empty YAML file is.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "metadata/document.h"
#include "metadata/value.h"

namespace kaigara::metadata {

// `source` goes into the origins, `name` is what errors call the document.
Result<Value, Errors> read_json(std::string_view text, std::uint32_t source, std::string_view name,
                                Root root = Root::map);

}  // namespace kaigara::metadata
