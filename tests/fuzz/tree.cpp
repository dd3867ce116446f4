// SPDX-License-Identifier: Apache-2.0

// Any bytes as the output of a metadata command: what JSON can read is read as JSON reads it.

#include "document.h"
#include "metadata/sources/fetch.h"

using namespace kaigara;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view output = fuzz::input(data, size);
    const std::string name = "command x";
    const auto tree = metadata::read_document(output, metadata::SourceFormat::found, name);
    if (!tree) {
        fuzz::check_document(tree.error(), output, name);
        return 0;
    }
    fuzz::check_tree(*tree);
    fuzz::check(tree->sources() == std::vector{name}, "the tree knows its source");
    const auto json = metadata::read_json(output, 0, name);
    const bool as_json = json && text::trim(output).starts_with('{');
    fuzz::check(!as_json || fuzz::same(*json, tree->root(), fuzz::Strictness::all),
                "what JSON can read is JSON");
    return 0;
}
