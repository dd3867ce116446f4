// SPDX-License-Identifier: Apache-2.0
#pragma once

// The checksum of cksum(1), which every system has: POSIX calls it a CRC with the polynomial of
// Ethernet over the bytes and then over their number. It notices every change of up to 32 bits in a
// row. It is no protection against a person who means harm.

#include <cstdint>
#include <string_view>

namespace kaigara {

// What `printf %s "$text" | cksum` prints first.
std::uint32_t posix_checksum(std::string_view text) noexcept;

}  // namespace kaigara
