// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the measurements have to say: rows of the table, and below it the details of each.

#include <string>
#include <utility>
#include <vector>

namespace kaigara::bench {

struct Row {
    std::string figure;
    std::string ours;
    std::string peers;
    std::string ratio;
    std::string target;
    std::string met;  // yes, no, or a dash where nothing was asked
};

class Report {
public:
    void add(Row row) { rows_.push_back(std::move(row)); }
    void note(std::string line) { notes_.push_back(std::move(line)); }
    // To stdout, the table as Markdown with its columns aligned.
    void print() const;

private:
    std::vector<Row> rows_;
    std::vector<std::string> notes_;
};

// "yes" or "no"; a dash when there is no figure of ours to judge.
[[nodiscard]] std::string verdict(bool measured, bool met);
// "1.07", or a dash when either side is missing. An overhead of ours may be below 0.
[[nodiscard]] std::string ratio_text(double ours, double peer);

}  // namespace kaigara::bench
