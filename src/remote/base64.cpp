// SPDX-License-Identifier: Apache-2.0
#include "remote/base64.h"

#include <array>
#include <cstdint>

namespace kaigara::remote {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return table;
}();

std::uint32_t byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0U;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::uint32_t group =
            byte_at(bytes, at) << 16U | byte_at(bytes, at + 1) << 8U | byte_at(bytes, at + 2);
        const std::size_t left = bytes.size() - at;
        out += alphabet[group >> 18U];
        out += alphabet[group >> 12U & 63U];
        out += left > 1 ? alphabet[group >> 6U & 63U] : '=';
        out += left > 2 ? alphabet[group & 63U] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && text.size() > padding && text[text.size() - 1 - padding] == '=')
        ++padding;
    std::string out(text.size() / 4 * 3, '\0');
    std::size_t written = 0;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const bool is_last = at + 4 == text.size();
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const bool is_padding = is_last && i >= 4 - padding;
            const std::uint8_t digit =
                is_padding ? std::uint8_t{0} : digits[static_cast<std::uint8_t>(text[at + i])];
            if (digit == no_digit) return std::nullopt;
            group = group << 6U | digit;
        }
        out[written++] = static_cast<char>(group >> 16U);
        out[written++] = static_cast<char>(group >> 8U & 0xffU);
        out[written++] = static_cast<char>(group & 0xffU);
        // The bits that padding leaves over are none.
        if (is_last && (group & ((1U << (8U * padding)) - 1U)) != 0) return std::nullopt;
    }
    out.resize(written - padding);
    return out;
}

}  // namespace kaigara::remote
