// SPDX-License-Identifier: Apache-2.0

// Any bytes as the body of a snapshot, behind a header that fits, and as a whole one. What decode()
// takes is what encode() writes, to the byte.

#include "document.h"

using namespace kaigara;

namespace {

void append(std::string& out, std::uint64_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i, number >>= 8) out += static_cast<char>(number & 0xFF);
}

void check_decoded(const std::string& bytes) {
    const auto tree = metadata::snapshot::decode(bytes);
    if (!tree) {
        fuzz::check_words(tree.error());
        return;
    }
    fuzz::check(tree->root().size() <= metadata::max_nodes, "the limit of nodes holds");
    fuzz::check(metadata::snapshot::encode(*tree) == bytes, "a snapshot has one form", {bytes});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body = fuzz::input(data, size);
    std::string bytes("kaigara\x01", 8);
    append(bytes, 1, 4);
    append(bytes, body.size(), 8);
    append(bytes, metadata::snapshot::digest(body), 8);
    check_decoded(bytes.append(body));
    check_decoded(std::string(body));
    return 0;
}
