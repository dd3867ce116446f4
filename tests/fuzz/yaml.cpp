// SPDX-License-Identifier: Apache-2.0

// Any bytes as YAML: a tree that survives being written, or errors with their places.

#include "document.h"

using namespace kaigara;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    fuzz::check_document(metadata::read_yaml(text, 0, "m.yml"), text, "m.yml");
    return 0;
}
