// SPDX-License-Identifier: Apache-2.0
#include "platform/sha256.h"

#include <sha2.h>

#include <array>
#include <cstdint>

#include "platform/files.h"

namespace kaigara::platform {

struct Sha256::Context {
    SHA2_CTX state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { ::SHA256Init(&context_->state); }

Sha256::~Sha256() = default;

void Sha256::update(std::string_view data) noexcept {
    ::SHA256Update(&context_->state, reinterpret_cast<const std::uint8_t*>(data.data()),
                   data.size());
}

std::string Sha256::hex() {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
    ::SHA256Final(digest.data(), &context_->state);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string sha256_hex(std::string_view data) {
    Sha256 sum;
    sum.update(data);
    return sum.hex();
}

Result<std::string> sha256_of_file(const std::string& path) {
    Sha256 sum;
    KG_TRY(read_in_pieces(path, [&sum](std::string_view piece) { sum.update(piece); }));
    return sum.hex();
}

}  // namespace kaigara::platform
