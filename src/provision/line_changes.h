// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which lines have to be removed from one sequence and added to it to make the other. The lines
// that are neither pair up in order. text_diff.h says how good the answer is.

#include <cstddef>
#include <string_view>
#include <vector>

namespace kaigara::provision {

struct LineChanges {
    std::vector<bool> removed;  // for each old line
    std::vector<bool> added;    // for each new line
};

LineChanges line_changes(const std::vector<std::string_view>& old_lines,
                         const std::vector<std::string_view>& new_lines);

// Changes that lie near each other, with the lines around them: half-open ranges from 0.
struct Hunk {
    std::size_t old_begin = 0;
    std::size_t old_end = 0;
    std::size_t new_begin = 0;
    std::size_t new_end = 0;
};

// Two changes share a hunk when their contexts touch or overlap.
std::vector<Hunk> hunks_of(const LineChanges& changes, std::size_t context);

}  // namespace kaigara::provision
