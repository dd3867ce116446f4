// SPDX-License-Identifier: Apache-2.0
#include "provision/text_diff.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "provision/line_changes.h"

namespace kaigara::provision {

namespace {

constexpr std::size_t context = 3;
// How many added lines a removed one is compared with: those near its own place in the hunk.
constexpr std::size_t most_candidates = 64;
// What of two lines is compared at each of their ends; of longer ones less is shown.
constexpr std::size_t most_compared = 1'024;

// With their line ends; only the last line may have none.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return lines;
}

std::string_view without_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    return line;
}

bool is_binary(std::string_view text) {
    return text.find('\0') != std::string_view::npos || text::invalid_utf8(text).has_value();
}

std::string printable(std::string_view line) {
    std::string out;
    for (const std::string_view part : text::split(line, '\t')) {
        if (part.data() != line.data()) out += '\t';
        out += text::printable(part, std::numeric_limits<std::size_t>::max());
    }
    return out;
}

bool is_inside_character(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xc0U) == 0x80U;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
    const std::size_t most = std::min({a.size(), b.size(), most_compared});
    std::size_t size = 0;
    while (size < most && a[size] == b[size]) ++size;
    while (size > 0 && is_inside_character(a, size)) --size;
    return size;
}

std::size_t common_suffix(std::string_view a, std::string_view b) {
    const std::size_t most = std::min({a.size(), b.size(), most_compared});
    std::size_t size = 0;
    while (size < most && a[a.size() - size - 1] == b[b.size() - size - 1]) ++size;
    while (size > 0 && is_inside_character(a, a.size() - size)) --size;
    return size;
}

// How much of a removed line may be seen.
struct Visible {
    std::size_t prefix = 0;
    std::size_t suffix = 0;
};

Visible common_with(std::string_view removed, std::string_view masked) {
    const std::size_t first = masked.find(Secret::mask);
    // Without a secret in the line there is no part behind it, and its end proves nothing.
    if (first == std::string_view::npos) return {common_prefix(removed, masked), 0};
    const std::size_t behind = masked.rfind(Secret::mask) + std::string_view(Secret::mask).size();
    const std::size_t prefix = common_prefix(removed, masked.substr(0, first));
    return {prefix, common_suffix(removed.substr(prefix), masked.substr(behind))};
}

class Printer {
public:
    Printer(std::string_view old_text, const DiffText& new_text);

    std::string print(std::string_view old_label, std::string_view new_label);

private:
    void print_hunk(const Hunk& hunk);
    void print_line(char sign, const std::string& shown, std::string_view real);
    std::string shown_new(std::size_t line) const;
    std::string shown_removed(std::size_t line, const Hunk& hunk) const;
    Visible visible_part(std::size_t line, const Hunk& hunk) const;

    std::vector<std::string_view> old_;
    std::vector<std::string_view> new_;
    std::vector<std::string_view> masked_;
    bool has_secret_;
    bool is_all_secret_;  // the masked text does not fit
    std::unordered_set<std::string_view> open_lines_;
    LineChanges changes_;
    std::string out_;
};

Printer::Printer(std::string_view old_text, const DiffText& new_text)
    : old_(lines_of(old_text)), new_(lines_of(new_text.text)), has_secret_(new_text.has_secret),
      is_all_secret_(false) {
    if (has_secret_) masked_ = lines_of(new_text.masked);
    is_all_secret_ = has_secret_ && masked_.size() != new_.size();
    if (has_secret_ && !is_all_secret_)
        for (std::size_t line = 0; line < new_.size(); ++line)
            if (masked_[line] == new_[line]) open_lines_.insert(without_end(new_[line]));
    changes_ = line_changes(old_, new_);
}

std::string Printer::print(std::string_view old_label, std::string_view new_label) {
    out_ = fmt::format("--- {}\n+++ {}\n", printable(old_label), printable(new_label));
    for (const Hunk& hunk : hunks_of(changes_, context)) print_hunk(hunk);
    return std::move(out_);
}

// GNU diff leaves a count of 1 out, and gives an empty range the line before it.
std::string range(std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    if (count == 1) return fmt::format("{}", begin + 1);
    return fmt::format("{},{}", count == 0 ? begin : begin + 1, count);
}

void Printer::print_hunk(const Hunk& hunk) {
    out_ += fmt::format("@@ -{} +{} @@\n", range(hunk.old_begin, hunk.old_end),
                        range(hunk.new_begin, hunk.new_end));
    std::size_t at_old = hunk.old_begin;
    std::size_t at_new = hunk.new_begin;
    while (at_old < hunk.old_end || at_new < hunk.new_end) {
        if (at_old < hunk.old_end && changes_.removed[at_old]) {
            print_line('-', shown_removed(at_old, hunk), old_[at_old]);
            ++at_old;
        } else if (at_new < hunk.new_end && changes_.added[at_new]) {
            print_line('+', shown_new(at_new), new_[at_new]);
            ++at_new;
        } else {
            print_line(' ', shown_new(at_new), new_[at_new]);
            ++at_old;
            ++at_new;
        }
    }
}

void Printer::print_line(char sign, const std::string& shown, std::string_view real) {
    out_ += sign;
    out_ += shown;
    out_ += '\n';
    if (!real.ends_with('\n')) out_ += "\\ No newline at end of file\n";
}

std::string Printer::shown_new(std::size_t line) const {
    if (!has_secret_) return printable(without_end(new_[line]));
    return is_all_secret_ ? Secret::mask : printable(without_end(masked_[line]));
}

std::string Printer::shown_removed(std::size_t line, const Hunk& hunk) const {
    const std::string_view removed = without_end(old_[line]);
    if (!has_secret_ || removed.empty() || open_lines_.contains(removed)) return printable(removed);
    const Visible visible = visible_part(line, hunk);
    return printable(removed.substr(0, visible.prefix)) + Secret::mask +
           printable(removed.substr(removed.size() - visible.suffix));
}

Visible Printer::visible_part(std::size_t line, const Hunk& hunk) const {
    Visible best;
    if (is_all_secret_) return best;
    const std::size_t count = hunk.new_end - hunk.new_begin;
    const std::size_t size = std::min(count, most_candidates);
    const std::size_t offset = std::min(line - hunk.old_begin, count);
    const std::size_t half = size / 2;
    const std::size_t skipped = std::min(offset > half ? offset - half : 0, count - size);
    for (std::size_t at = 0; at < size; ++at) {
        const std::size_t candidate = hunk.new_begin + skipped + at;
        if (!changes_.added[candidate]) continue;
        const Visible visible =
            common_with(without_end(old_[line]), without_end(masked_[candidate]));
        if (visible.prefix + visible.suffix > best.prefix + best.suffix) best = visible;
    }
    return best;
}

}  // namespace

std::string unified_diff(std::string_view old_text, const DiffText& new_text,
                         std::string_view old_label, std::string_view new_label) {
    if (old_text == new_text.text) return {};
    if (is_binary(old_text) || is_binary(new_text.text))
        return fmt::format("Binary files {} and {} differ\n", printable(old_label),
                           printable(new_label));
    return Printer(old_text, new_text).print(old_label, new_label);
}

}  // namespace kaigara::provision
