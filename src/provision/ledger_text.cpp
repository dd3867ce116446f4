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
    if (tail.empty()) return {};
    const auto line = parse_ledger_line(tail.substr(0, tail.size() - 1));
    if (line && line->number == ledger.next_number() && line->after == ledger.last_sum())
        return damage(path, ledger.lines.size() + 1, "the end of the last line is damaged");
    if (ledger.lines.empty() && !looks_like_a_ledger(tail)) return no_ledger(path);
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

SalvagedText salvage_ledger(std::string_view text) {
    SalvagedText salvaged;
    std::vector<LedgerLine> lines;
    for (const std::string_view piece : text::split(text, '\n')) {
        if (piece.empty()) continue;
        const auto line = parse_ledger_line(piece);
        if (line && find_event(line->event))
            lines.push_back(*line);
        else
            ++salvaged.lost;
        salvaged.is_newer = salvaged.is_newer || (line && !find_event(line->event));
    }
    std::ranges::stable_sort(lines, {}, &LedgerLine::number);
    const auto doubled = std::ranges::unique(lines, {}, &LedgerLine::number);
    lines.erase(doubled.begin(), doubled.end());

    std::uint64_t number = 0;
    std::uint32_t after = 0;
    const auto append = [&](LedgerEvent event, const LedgerLine& line) {
        const std::string name = line.name == "-" ? "" : decode_name(line.name);
        const std::string made = format_ledger_line({event, name, std::string(line.details)},
                                                    ++number, line.time, after);
        after = parse_ledger_line(std::string_view(made).substr(0, made.size() - 1))->sum;
        salvaged.text += made;
    };
    for (const LedgerLine& line : lines) {
        const LedgerEvent event = *find_event(line.event);
        // The first line is written anew where it was lost.
        if (number == 0 && event != LedgerEvent::ledger)
            append(LedgerEvent::ledger, {1, line.time, "", "-", "format=1", 0, 0});
        append(event, line);
        ++salvaged.kept;
    }
    return salvaged;
}

}  // namespace kaigara::provision
