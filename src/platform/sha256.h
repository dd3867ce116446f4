// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-256 (FIPS 180-4), by libmd; only sha256.cpp knows it.

#include <string>
#include <string_view>

namespace kaigara::platform {

// 64 lower-case hexadecimal digits, as sha256sum(1) prints them.
std::string sha256_hex(std::string_view data);

}  // namespace kaigara::platform
