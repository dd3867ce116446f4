// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the watcher tells PID 1: numbers, each 4 bytes, so that PID 1 parses nothing that came from
// outside (law 4). Whatever is not one of these ends the watcher.
//
//     hello D     the table of actions that I have made has this digest (its low 24 bits); comes
//     first will N      the files of the set that I am about to write need action N done they are
//     in place: what was announced is to happen kept        they are not: nothing is to happen
//
// A watcher that dies between `will` and `done` may have written the files or not. The actions
// happen then, for an application that is reloaded in vain is better than one that misses its
// files.

#include <array>
#include <cstdint>
#include <optional>

namespace kaigara::supervise {

struct WatchRecord {
    enum class Kind : std::uint8_t { hello = 1, will = 2, done = 3, kept = 4 };
    static constexpr std::size_t size = 4;
    static constexpr std::uint32_t largest = (1U << 24U) - 1;
    using Bytes = std::array<unsigned char, size>;

    Kind kind = Kind::done;
    std::uint32_t number = 0;

    constexpr Bytes bytes() const noexcept {
        return {static_cast<unsigned char>(kind), static_cast<unsigned char>(number >> 16U),
                static_cast<unsigned char>(number >> 8U), static_cast<unsigned char>(number)};
    }
    static constexpr std::optional<WatchRecord> read(const Bytes& bytes) noexcept {
        if (bytes[0] < 1 || bytes[0] > 4) return std::nullopt;
        const auto kind = static_cast<Kind>(bytes[0]);
        const std::uint32_t number = (std::uint32_t{bytes[1]} << 16U) |
                                     (std::uint32_t{bytes[2]} << 8U) | std::uint32_t{bytes[3]};
        const bool has_number = kind == Kind::hello || kind == Kind::will;
        if (!has_number && number != 0) return std::nullopt;
        return WatchRecord{kind, number};
    }
};

// The descriptor that the watcher finds the channel at.
inline constexpr int watch_channel = 3;

}  // namespace kaigara::supervise
