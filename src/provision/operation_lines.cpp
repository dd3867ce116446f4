// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_lines.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/text.h"

namespace kaigara::provision {

namespace {

// The size of the longest beginning of `text`, `limit` bytes at most, that does not end inside of a
// UTF-8 character. What is no UTF-8 is cut at the limit.
std::size_t cut(std::string_view text, std::size_t limit) noexcept {
    for (std::size_t size = limit; size + 4 > limit; --size) {
        if ((static_cast<unsigned char>(text[size]) & 0xC0U) != 0x80U) return size;
    }
    return limit;
}

// Whether `text` stands in JSON as it is, as most lines do.
bool is_plain(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char byte) { return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\'; });
}

}  // namespace

void OutputBlock::prepare() {
    // Not make_unique: it would touch all of the memory, of which little is used most of the time.
    if (!data_) data_.reset(new char[capacity]);
    clear();
}

void OutputBlock::append(std::string_view text) noexcept {
    std::memcpy(data_.get() + end_, text.data(), text.size());
    end_ += text.size();
}

void OutputBlock::drop(std::size_t size) noexcept {
    begin_ += size;
    if (begin_ == end_) clear();
}

void LastLines::remember(std::string_view text) {
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    else if (text.empty())
        return;
    // Only the last of many lines are worth a copy.
    std::size_t begin = text.size();
    for (std::size_t lines = 0; lines < most && begin != 0; ++lines) {
        const std::size_t end = text.rfind('\n', begin - 1);
        begin = end == std::string_view::npos ? 0 : end;
    }
    if (begin != 0) text.remove_prefix(begin + 1);
    for (;;) {
        const std::size_t end = text.find('\n');
        lines_[next_].assign(text.substr(0, std::min(end, longest)));
        next_ = (next_ + 1) % most;
        count_ = std::min(count_ + 1, most);
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

std::string LastLines::text() const {
    std::string all;
    for (std::size_t i = 0; i < count_; ++i) {
        if (i != 0) all += '\n';
        all += "  ";
        std::string line = lines_[(next_ + most - count_ + i) % most];
        std::ranges::replace(line, '\t', ' ');  // harmless, and ugly as \x09
        all += text::printable(line, longest);
    }
    return all;
}

LineFormat::LineFormat(OutputMode mode, std::string_view operation) : mode_(mode) {
    if (mode == OutputMode::json) {
        head_ = "\",\"operation\":" + text::json_string(operation) + ",\"line\":";
        return;
    }
    const std::string name = text::printable(operation);
    head_ = "[" + name + "] ";
    continued_head_ = "[" + name + "+] ";
}

LineFormat::Piece LineFormat::next_piece(std::string_view input, bool at_end) const noexcept {
    const std::size_t window = std::min(input.size(), longest_line + 1);
    const void* found = std::memchr(input.data(), '\n', window);
    if (found != nullptr)
        return {static_cast<std::size_t>(static_cast<const char*>(found) - input.data()), true,
                true};
    if (window > longest_line) return {cut(input, longest_line), false, false};
    // The line that the end of the output cuts off; nothing when the last one had its line end.
    return at_end ? Piece{window, true, false} : Piece{};
}

std::size_t LineFormat::format(std::string_view input, bool at_end, std::int64_t milliseconds,
                               OutputBlock& out) {
    if (mode_ == OutputMode::json) time_ = "{\"time\":\"" + log::format_time(milliseconds);
    std::size_t used = 0;
    while (used < input.size()) {
        const Piece piece = next_piece(input.substr(used), at_end);
        if (piece.size == 0 && !piece.has_line_end) break;
        if (!append(input.substr(used, piece.size), piece.ends_line, out)) break;
        in_line_ = !piece.ends_line;
        used += piece.size + (piece.has_line_end ? 1 : 0);
    }
    return used;
}

bool LineFormat::append(std::string_view text, bool ends_line, OutputBlock& out) {
    if (mode_ == OutputMode::json) {
        line_ = time_;
        line_ += head_;
        if (is_plain(text)) {
            line_ += '"';
            line_ += text;
            line_ += '"';
        } else {
            line_ += text::json_string(text);
        }
        line_ += ends_line ? "}\n" : ",\"partial\":true}\n";
        if (line_.size() > out.room()) return false;
        out.append(line_);
        return true;
    }
    const std::string& head = in_line_ ? continued_head_ : head_;
    if (head.size() + text.size() + 1 > out.room()) return false;
    out.append(head);
    out.append(text);
    out.append_line_end();
    return true;
}

}  // namespace kaigara::provision
