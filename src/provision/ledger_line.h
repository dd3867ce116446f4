// SPDX-License-Identifier: Apache-2.0
#pragma once

// One line of a ledger, in both directions. Pure. docs/ledger.md is the page for people.
//
//     7 2026-01-02T03:04:05.678Z done 10-schema.sh duration=12ms after=4038471504 sum=3915528286
//
// number, time, event, operation, details, the sum of the line before, and the sum of this one:
// what cksum(1) says of all that stands before " sum=". The time is the wall clock's and for people
// alone; the order is that of the lines.
//
// Its own sum proves a line, the number and the sum of the line before prove that none is missing,
// doubled or out of place. The fields are separated by one blank; in names and values all that is
// no printable ASCII, the blank and "%" are written as %XX, so a line is one line whatever a file
// is called, and no line can say anything to a terminal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kaigara::provision {

enum class LedgerEvent : std::uint8_t {
    ledger,     // the first line, and only that
    started,    // on disk before the operation runs
    done,       // it exited with 0
    failed,     // with another status, by a signal, or it could not be started
    timed_out,  // its timeout ended it
    skipped,    // it exited with 77: it does not apply
    cancelled,  // a stop ended it
    accepted,   // a person has said that it is done, as it is now
    baselined,  // a person has said that it was done before there was a ledger
    forgotten,  // a person has said that nothing of it holds any more
    salvaged,   // a person has made a damaged ledger whole
};

inline constexpr unsigned ledger_format = 1;

// Longer ones are neither written nor read.
inline constexpr std::size_t longest_ledger_line = 4096;

std::string_view event_word(LedgerEvent event) noexcept;
std::optional<LedgerEvent> find_event(std::string_view word) noexcept;

// A line that proves itself, in views of the text it was read from.
struct LedgerLine {
    std::uint64_t number = 0;
    std::string_view time;
    std::string_view event;
    std::string_view name;     // encoded
    std::string_view details;  // "key=value key=value", may be empty
    std::uint32_t after = 0;
    std::uint32_t sum = 0;
};

// `text` is without its line end. Nothing when it is no line, or its sum is wrong.
std::optional<LedgerLine> parse_ledger_line(std::string_view text) noexcept;

// What is to be recorded.
struct LedgerRecord {
    LedgerEvent event = LedgerEvent::started;
    std::string name;     // of the operation, as it is; empty where there is none
    std::string details;  // "key=value key=value", values encoded
};

// The line with its line end.
std::string format_ledger_line(const LedgerRecord& record, std::uint64_t number,
                               std::string_view time, std::uint32_t after);

// The value of `key` in the details of a line, as it was written there; empty when there is none.
std::string_view detail(std::string_view details, std::string_view key) noexcept;

std::string encode_name(std::string_view name);
// The reverse; what is no encoding stays as it is.
std::string decode_name(std::string_view encoded);

}  // namespace kaigara::provision
