// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads one YAML 1.2 document, and refuses what yaml-cpp would let pass in silence.
//
// Only yaml.cpp knows yaml-cpp, and of it only the event interface: its nodes are slow to build and
// look up keys one after the other. See document.h for the guards that JSON shares. Beyond them a
// second document, `<<`, keys that are no text, unknown tags, a quoted text without its end, a key
// without its colon, a line that the parser would take
// for a directive and drop, and control characters are errors. A
// byte order mark is skipped; an empty file is an empty map.
//
// Types are those of the core schema: plain `null`, `Null`, `NULL`, `~` and nothing are null; every
// other plain scalar keeps its source text. `!!str` makes text, `!!int`, `!!float`, `!!bool` and
// `!!null` have to fit.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "metadata/document.h"
#include "metadata/value.h"

namespace kaigara::metadata {

// `source` goes into the origins, `name` is what errors call the document.
Result<Value, Errors> read_yaml(std::string_view text, std::uint32_t source, std::string_view name,
                                Root root = Root::map);

}  // namespace kaigara::metadata
