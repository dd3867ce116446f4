// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

Error damage(const std::string& path, std::size_t line, std::string_view what) {
    return {Fault::bad_data, 0,
            fmt::format("{}; nothing runs before it is mended: 'kaigara ledger salvage' keeps a "
                        "copy and every line that holds",
                        what),
            fmt::format("{}:{}", path, line)};
}

Error no_ledger(const std::string& path) {
    return {Fault::bad_data, 0, "is no kaigara ledger: is --ledger the right path?", path};
}

bool looks_like_a_ledger(std::string_view text) noexcept {
    // The first line's number, and the first digit of a year.
    return text.substr(0, 3) == std::string_view("1 2").substr(0, text.size()) ||
           text.find_first_not_of('\0') == std::string_view::npos;
}

// Whether one of the first lines proves itself: then this is a ledger whose beginning is damaged.
bool holds_a_line(std::string_view text) noexcept {
    constexpr int most = 100;
    for (int i = 0; i < most && !text.empty(); ++i) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (parse_ledger_line(text.substr(0, end))) return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

Result<void> check_first(const LedgerLine& line, const std::string& path) {
    if (line.event != event_word(LedgerEvent::ledger)) return no_ledger(path);
    const std::string_view format = detail(line.details, "format");
    if (format == std::to_string(ledger_format)) return {};
    return Error{Fault::configuration, 0,
                 fmt::format("has the format {}, and this kaigara knows format {}: a newer kaigara "
                             "wrote it, use that one",
                             text::printable(format, 20), ledger_format),
                 path};
}

Result<void> check_place(const LedgerLine& line, const LedgerText& before,
                         const std::string& path) {
    const std::size_t place = before.lines.size() + 1;
    if (line.number != before.next_number() || line.after != before.last_sum())
        return damage(path, place,
                      fmt::format("line {} does not follow the line before it: one is missing, "
                                  "doubled or out of place",
                                  place));
    if (place == 1) return check_first(line, path);
    if (find_event(line.event)) return {};
    return Error{Fault::configuration, 0,
                 fmt::format("'{}' is unknown to this kaigara: a newer one wrote it, use that one",
                             text::printable(line.event, 40)),
                 fmt::format("{}:{}", path, place)};
}

// What stands behind the last line end.
Result<void> check_tail(std::string_view tail, LedgerText& ledger, const std::string& path) {
    const std::size_t place = ledger.lines.size() + 1;
    if (ledger.lines.empty() && !looks_like_a_ledger(tail)) return no_ledger(path);
    if (ledger.lines.empty())
        return Error{Fault::bad_data, 0,
                     "has no whole first line, as a ledger has from its beginning, so what it held "
                     "is lost: bring it back, or remove the file where nothing has run yet",
                     fmt::format("{}:1", path)};
    if (tail.empty()) return {};
    const auto line = parse_ledger_line(tail.substr(0, tail.size() - 1));
    if (line && line->number == ledger.next_number() && line->after == ledger.last_sum())
        return damage(path, place, "the end of the last line is damaged");
    if (tail.size() > longest_ledger_line)
        return damage(path, place, "what follows the last line is longer than a line");
    ledger.is_torn = true;
    return {};
}

}  // namespace

Result<LedgerText> parse_ledger(std::string_view text, const std::string& path) {
    LedgerText ledger;
    constexpr std::size_t usual_line = 200;
    ledger.lines.reserve(text.size() / usual_line);
    while (ledger.size < text.size()) {
        const std::size_t end = text.find('\n', ledger.size);
        if (end == std::string_view::npos) break;
        const auto line = parse_ledger_line(text.substr(ledger.size, end - ledger.size));
        if (!line && ledger.lines.empty() && !looks_like_a_ledger(text) && !holds_a_line(text))
            return no_ledger(path);
        if (!line)
            return damage(
                path, ledger.lines.size() + 1,
                fmt::format("line {} is damaged: its checksum is wrong", ledger.lines.size() + 1));
        KG_TRY(check_place(*line, ledger, path));
        ledger.lines.push_back(*line);
        ledger.size = end + 1;
    }
    KG_TRY(check_tail(text.substr(ledger.size), ledger, path));
    return ledger;
}

namespace {

// A ledger that is written anew out of the lines of another.
class Rewriter {
public:
    // Whether the line fits: with its new number and sums it may be longer.
    bool add(LedgerEvent event, const LedgerLine& line) {
        const std::string name = line.name == "-" ? "" : decode_name(line.name);
        const std::string made = format_ledger_line({event, name, std::string(line.details)},
                                                    number_ + 1, line.time, after_);
        const auto parsed = parse_ledger_line(std::string_view(made).substr(0, made.size() - 1));
        if (!parsed) return false;
        ++number_;
        after_ = parsed->sum;
        text_ += made;
        return true;
    }

    bool is_empty() const noexcept { return text_.empty(); }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::uint64_t number_ = 0;
    std::uint32_t after_ = 0;
};

// In the order of their numbers; lines that are equal to the letter once.
std::vector<LedgerLine> lines_that_hold(std::string_view text, SalvagedText& salvaged) {
    std::vector<LedgerLine> lines;
    for (const std::string_view piece : text::split(text, '\n')) {
        if (piece.empty()) continue;
        const auto line = parse_ledger_line(piece);
        const bool is_known = line && find_event(line->event);
        salvaged.is_newer = salvaged.is_newer || (line && !is_known);
        if (is_known)
            lines.push_back(*line);
        else
            ++salvaged.lost;
    }
    std::ranges::stable_sort(lines, {}, &LedgerLine::number);
    const auto doubled = std::ranges::unique(lines, [](const LedgerLine& a, const LedgerLine& b) {
        return a.number == b.number && a.sum == b.sum && a.time == b.time && a.name == b.name;
    });
    salvaged.doubled = static_cast<std::size_t>(std::ranges::distance(doubled));
    lines.erase(doubled.begin(), doubled.end());
    return lines;
}

}  // namespace

SalvagedText salvage_ledger(std::string_view text) {
    SalvagedText salvaged;
    Rewriter rewriter;
    for (const LedgerLine& line : lines_that_hold(text, salvaged)) {
        const LedgerEvent event = *find_event(line.event);
        // The first line is written anew where it was lost.
        if (rewriter.is_empty() && event != LedgerEvent::ledger)
            (void)rewriter.add(LedgerEvent::ledger, {1, line.time, "", "-", "format=1", 0, 0});
        ++(rewriter.add(event, line) ? salvaged.kept : salvaged.lost);
    }
    salvaged.text = rewriter.take();
    return salvaged;
}

}  // namespace kaigara::provision
