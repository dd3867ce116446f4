// SPDX-License-Identifier: Apache-2.0
#pragma once

// The resolved tree as bytes, for the sealed memory that operations inherit.
//
//     8 bytes   magic
//     4 bytes   version of this layout
//     8 bytes   length of the body
//     8 bytes   digest of the body
//     body      sources, then the root value
//
// Fixed numbers are little-endian. In the body numbers are variable-length (seven bits a byte, the
// low ones first, the top bit says that more follow), texts have their length in front, lists and
// maps their count; a value begins with a byte of kind and flags and then its origin. Origins,
// secrecy and plainness are kept, so that what reads a snapshot behaves like what made it.
//
// The digest finds damage and foreign files, it is no signature: decode() trusts no byte in any
// case.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::metadata::snapshot {

std::string encode(const Tree& tree);

// Fault::bad_data for whatever encode() of this version did not write.
Result<Tree> decode(std::string_view bytes);

// What the header says of the body. Any change within eight bytes changes it.
std::uint64_t digest(std::string_view bytes) noexcept;

}  // namespace kaigara::metadata::snapshot
