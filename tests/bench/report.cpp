// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kaigara::bench {

namespace {

using Cells = std::array<std::string, 6>;
using Widths = std::array<std::size_t, 6>;

Cells cells_of(const Row& row) {
    return {row.figure, row.ours, row.peers, row.ratio, row.target, row.met};
}

void print_line(const Cells& cells, const Widths& widths) {
    std::string line = "|";
    for (std::size_t column = 0; column < cells.size(); ++column) {
        line += fmt::format(" {:<{}} |", cells[column], widths[column]);
    }
    fmt::print("{}\n", line);
}

}  // namespace

void Report::print() const {
    const Cells head{"figure", "kaigara", "peers", "ratio", "target", "met"};
    Widths widths{};
    for (std::size_t column = 0; column < head.size(); ++column) {
        widths[column] = head[column].size();
        for (const Row& row : rows_) {
            widths[column] = std::max(widths[column], cells_of(row)[column].size());
        }
    }
    if (!rows_.empty()) {
        print_line(head, widths);
        print_line({"---", "---", "---", "---", "---", "---"}, widths);
        for (const Row& row : rows_) print_line(cells_of(row), widths);
    }
    if (!notes_.empty()) fmt::print("\n");
    for (const std::string& line : notes_) fmt::print("{}\n", line);
}

std::string verdict(bool measured, bool met) {
    if (!measured) return "-";
    return met ? "yes" : "no";
}

std::string ratio_text(double ours, double peer) {
    if (ours == 0 || peer <= 0) return "-";
    return fmt::format("{:.2f}", ours / peer);
}

}  // namespace kaigara::bench
