// SPDX-License-Identifier: Apache-2.0
#pragma once

// How an operation's output looks when it is passed on. Pure: bytes in, bytes out.
//
//     prefix   [20-render] a line
//              [20-render+] the next piece of a line that is longer than 16 KiB
//     json     {"time":"2026-01-02T03:04:05.678Z","operation":"20-render","line":"a line"}
//              with "partial":true on every piece of such a line but the last
//
// 16 KiB is what container runtimes cut lines at, too. A piece never ends inside of a UTF-8
// character. In the prefixed form all other bytes are passed as they are; in JSON those that are
// not UTF-8 become U+FFFD.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kaigara::provision {

enum class OutputMode : std::uint8_t { prefix, raw, json };

inline constexpr std::size_t longest_line = 16'384;

// What is to be written in one go: a block of memory of a fixed size, filled at its end and taken
// away at its front.
class OutputBlock {
public:
    // Room for the longest line in its longest form: six bytes of JSON for one that was read.
    static constexpr std::size_t capacity = 8 * longest_line;

    // Makes it empty and gives it its memory, when it has none.
    void prepare();

    std::string_view content() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
    bool is_empty() const noexcept { return begin_ == end_; }
    // What fits behind the content.
    std::size_t room() const noexcept { return capacity - end_; }
    // `text` must fit.
    void append(std::string_view text) noexcept;
    void append_line_end() noexcept { data_[end_++] = '\n'; }
    // The first `size` bytes of the content are done with.
    void drop(std::size_t size) noexcept;
    void clear() noexcept { begin_ = end_ = 0; }

private:
    std::unique_ptr<char[]> data_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// The last lines of an operation, from both of its streams, for the report of its failure.
class LastLines {
public:
    static constexpr std::size_t most = 20;
    static constexpr std::size_t longest = 1024;  // the rest of a longer one is left out

    // `text` is whole lines, or a piece of one.
    void remember(std::string_view text);
    void clear() noexcept { next_ = count_ = 0; }
    std::size_t count() const noexcept { return count_; }
    // Fit for a message, two blanks in front of each, without a line end behind the last.
    std::string text() const;

private:
    // A ring, so that the memory of each line serves again.
    std::array<std::string, most> lines_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

// Brings the lines of one stream of one operation into their form.
class LineFormat {
public:
    LineFormat() = default;
    // `mode` is prefix or json.
    LineFormat(OutputMode mode, std::string_view operation);

    // Appends to `out` what `input` has of whole lines and of pieces of over-long ones, and with
    // `at_end` the line that has no end, too. Returns how much of `input` is done with: less than
    // that when `out` is full, in which case the rest is to be offered again later.
    std::size_t format(std::string_view input, bool at_end, std::int64_t milliseconds,
                       OutputBlock& out);

private:
    struct Piece {
        std::size_t size = 0;    // without a line end
        bool ends_line = false;  // nothing of the line follows
        bool has_line_end = false;
    };

    Piece next_piece(std::string_view input, bool at_end) const noexcept;
    bool append(std::string_view text, bool ends_line, OutputBlock& out);

    OutputMode mode_ = OutputMode::prefix;
    std::string head_;            // in front of a line
    std::string continued_head_;  // in front of a further piece of one
    std::string time_;            // JSON: what stands before head_, made once for each call
    std::string line_;            // JSON: the object, its memory is used again
    bool in_line_ = false;        // the last piece did not end its line
};

}  // namespace kaigara::provision
