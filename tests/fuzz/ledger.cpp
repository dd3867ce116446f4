// SPDX-License-Identifier: Apache-2.0

// Any bytes as a ledger, and any lines as what was recorded. Random bytes never have the right
// checksums, so a ledger is made of the input, too: its first four bytes say which bit of that is
// flipped and where it is cut off, each line after them is an event, a name and details.

#include <cstring>

#include "check.h"
#include "provision/ledger_history.h"
#include "provision/ledger_text.h"

using namespace kaigara;
using namespace kaigara::provision;

namespace {

constexpr std::string_view some_time = "2026-01-02T03:04:05.678Z";

void check_salvaged(std::string_view text) {
    const SalvagedText salvaged = salvage_ledger(text);
    if (salvaged.kept == 0) return;
    const auto ledger = parse_ledger(salvaged.text, "ledger");
    // A first line of another format is kept as it is, and told by its error.
    fuzz::check(salvaged.is_newer || ledger.has_value() ||
                    ledger.error().fault == Fault::configuration,
                "what was salvaged is whole", {text, salvaged.text});
    if (!ledger || ledger->lines.empty()) return;
    fuzz::check(!ledger->is_torn && ledger->lines.size() <= salvaged.kept + 1, "nothing is made up",
                {text, salvaged.text});
}

void check_any(std::string_view text) {
    const auto ledger = parse_ledger(text, "ledger");
    if (!ledger) {
        fuzz::check_words(ledger.error());
    } else {
        fuzz::check(ledger->size <= text.size(), "what holds is a part of it", {text});
        fuzz::check(ledger->is_torn == (ledger->size != text.size()), "the rest is torn", {text});
        (void)read_history(*ledger);
    }
    check_salvaged(text);
}

std::string make_ledger(std::string_view text) {
    std::string ledger;
    std::uint64_t number = 0;
    std::uint32_t sum = 0;
    const auto add = [&](const LedgerRecord& record) {
        const std::string line = format_ledger_line(record, number + 1, some_time, sum);
        const auto parsed = parse_ledger_line(std::string_view(line).substr(0, line.size() - 1));
        if (!parsed) {
            // Details are encoded by who makes them, so only the length can be in the way.
            fuzz::check(line.size() >= longest_ledger_line, "what is written can be read", {line});
            return;
        }
        fuzz::check(decode_name(parsed->name) == (record.name.empty() ? "-" : record.name),
                    "a name is read as it was written", {record.name, line});
        ++number;
        sum = parsed->sum;
        ledger += line;
    };
    add({LedgerEvent::ledger, "", "format=1"});
    for (const std::string_view line : text::split(text, '\n')) {
        if (line.empty()) continue;
        const auto event = static_cast<LedgerEvent>(
            1 + static_cast<unsigned char>(line[0]) % static_cast<unsigned>(LedgerEvent::salvaged));
        const std::size_t blank = line.find(' ');
        const std::string name(line.substr(1, blank == std::string_view::npos ? blank : blank - 1));
        const std::string details =
            blank == std::string_view::npos ? "" : encode_name(line.substr(blank + 1));
        add({event, name, details});
    }
    return ledger;
}

void check_made(const std::string& text, std::uint16_t flip, std::uint16_t cut) {
    const auto whole = parse_ledger(text, "ledger");
    fuzz::check(whole.has_value() && !whole->is_torn, "what was written is whole", {text});
    const std::size_t size = cut % (text.size() + 1);
    const auto part = parse_ledger(std::string_view(text).substr(0, size), "ledger");
    const bool has_first_line = size > text.find('\n');
    fuzz::check(part.has_value() == has_first_line, "a cut behind the first line is no damage",
                {text});
    fuzz::check(!part || part->lines.size() <= whole->lines.size(), "a cut adds nothing", {text});
    std::string flipped = text;
    const std::size_t bit = flip % (text.size() * 8);
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    fuzz::check(!parse_ledger(flipped, "ledger"), "a flipped bit is damage", {flipped});
    check_salvaged(flipped);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    check_any(text);
    if (text.size() < 4) return 0;
    std::uint16_t flip = 0;
    std::uint16_t cut = 0;
    std::memcpy(&flip, text.data(), sizeof flip);
    std::memcpy(&cut, text.data() + sizeof flip, sizeof cut);
    check_made(make_ledger(text.substr(4)), flip, cut);
    return 0;
}
