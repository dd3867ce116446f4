// SPDX-License-Identifier: Apache-2.0
#include "platform/sha256.h"

#include <sha2.h>

#include <array>
#include <cstdint>

namespace kaigara::platform {

std::string sha256_hex(std::string_view data) {
    SHA2_CTX context;
    ::SHA256Init(&context);
    ::SHA256Update(&context, reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
    ::SHA256Final(digest.data(), &context);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace kaigara::platform
