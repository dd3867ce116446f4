// SPDX-License-Identifier: Apache-2.0
#include "base/checksum.h"

#include <array>
#include <cstddef>

namespace kaigara {

namespace {

constexpr std::uint32_t polynomial = 0x04C11DB7;
constexpr std::size_t stride = 8;  // bytes that are taken in one go

// tables[n][byte]: what a byte adds to the sum when n more bytes come behind it. In the program
// they are 8 KiB of the file, which the kernel may drop; made at run time they would be PID 1's own
// memory for good.
using Tables = std::array<std::array<std::uint32_t, 256>, stride>;

consteval Tables make_tables() noexcept {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte << 24U;
        for (int bit = 0; bit < 8; ++bit) sum = (sum << 1U) ^ ((sum >> 31U) * polynomial);
        tables[0][byte] = sum;
    }
    for (std::size_t behind = 1; behind < stride; ++behind) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t sum = tables[behind - 1][byte];
            tables[behind][byte] = (sum << 8U) ^ tables[0][sum >> 24U];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

// Inlined in a program that is optimised for size, too: eight of them a stride.
[[gnu::always_inline]] inline std::uint32_t byte_at(const char* data, std::size_t place) noexcept {
    return static_cast<unsigned char>(data[place]);
}

}  // namespace

std::uint32_t posix_checksum(std::string_view text) noexcept {
    const char* const data = text.data();
    const std::size_t size = text.size();
    std::uint32_t sum = 0;
    std::size_t place = 0;
    for (; place + stride <= size; place += stride) {
        const std::uint32_t head =
            sum ^ (byte_at(data, place) << 24U | byte_at(data, place + 1) << 16U |
                   byte_at(data, place + 2) << 8U | byte_at(data, place + 3));
        sum = tables[7][head >> 24U] ^ tables[6][head >> 16U & 0xFFU] ^
              tables[5][head >> 8U & 0xFFU] ^ tables[4][head & 0xFFU] ^
              tables[3][byte_at(data, place + 4)] ^ tables[2][byte_at(data, place + 5)] ^
              tables[1][byte_at(data, place + 6)] ^ tables[0][byte_at(data, place + 7)];
    }
    for (; place < size; ++place) sum = (sum << 8U) ^ tables[0][sum >> 24U ^ byte_at(data, place)];
    for (std::size_t length = size; length != 0; length >>= 8U)
        sum = (sum << 8U) ^ tables[0][sum >> 24U ^ (length & 0xFFU)];
    return ~sum;
}

}  // namespace kaigara
