// SPDX-License-Identifier: Apache-2.0
#include "platform/sha256.h"

#include <sodium/crypto_hash_sha256.h>

#include <array>

namespace kaigara::platform {

// crypto_hash_sha256() is plain code: it needs no sodium_init(), which would open /dev/urandom.
std::string sha256_hex(std::string_view data) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(data.data()),
                       data.size());
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace kaigara::platform
