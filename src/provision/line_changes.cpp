// SPDX-License-Identifier: Apache-2.0
#include "provision/line_changes.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace kaigara::provision {

namespace {

using Number = std::int32_t;  // of a distinct line; also a position, of which there are fewer

// The search keeps half of the square of it in positions, 8 MB, and takes that many steps.
constexpr Number most_edits = 2000;

// Equal lines have equal numbers, which are cheaper to compare.
class Numbers {
public:
    std::vector<Number> of(const std::vector<std::string_view>& lines) {
        std::vector<Number> numbers;
        numbers.reserve(lines.size());
        for (const std::string_view line : lines)
            numbers.push_back(
                known_.emplace(line, static_cast<Number>(known_.size())).first->second);
        return numbers;
    }

private:
    std::unordered_map<std::string_view, Number> known_;
};

// The part of two sequences between their common beginning and their common end.
struct Middle {
    const Number* old_lines;
    const Number* new_lines;
    Number old_size;
    Number new_size;
};

// Myers' greedy search. Diagonal k holds the points with x - y = k, x lines of the old and y of the
// new text being consumed; after `edits` edits furthest_[k] is the greatest x that is reached on
// it.
class Search {
public:
    explicit Search(const Middle& middle) : middle_(middle) {}

    // False past the bound.
    bool run() {
        const Number most = std::min(middle_.old_size + middle_.new_size, most_edits);
        for (Number edits = 0; edits <= most; ++edits)
            if (extend(edits)) return true;
        return false;
    }

    // Marks the edits, from the end to the beginning.
    void mark(LineChanges& changes, std::size_t offset) const {
        Number x = middle_.old_size;
        Number y = middle_.new_size;
        for (auto edits = static_cast<Number>(rounds_.size()) - 1; edits > 0; --edits) {
            const Number diagonal = x - y;
            const bool is_added = comes_from_above(edits, diagonal);
            const Number before = is_added ? diagonal + 1 : diagonal - 1;
            x = reached(edits - 1, before);
            y = x - before;
            if (is_added)
                changes.added[offset + static_cast<std::size_t>(y)] = true;
            else
                changes.removed[offset + static_cast<std::size_t>(x)] = true;
        }
    }

private:
    // One more edit than in the round before; true when the end is reached.
    bool extend(Number edits) {
        rounds_.emplace_back(static_cast<std::size_t>(edits) + 1);
        for (Number diagonal = -edits; diagonal <= edits; diagonal += 2) {
            Number x = 0;
            if (edits > 0)
                x = comes_from_above(edits, diagonal) ? reached(edits - 1, diagonal + 1)
                                                      : reached(edits - 1, diagonal - 1) + 1;
            while (x < middle_.old_size && x - diagonal < middle_.new_size &&
                   middle_.old_lines[x] == middle_.new_lines[x - diagonal])
                ++x;
            rounds_.back()[index(edits, diagonal)] = x;
            if (x >= middle_.old_size && x - diagonal >= middle_.new_size) return true;
        }
        return false;
    }

    // Whether the edit that leads to the diagonal adds a line; else it removes one. Whoever is
    // further on the neighbour wins, and no neighbour may lie outside of the texts.
    bool comes_from_above(Number edits, Number diagonal) const {
        if (diagonal == -edits) return true;
        if (diagonal == edits) return false;
        return reached(edits - 1, diagonal - 1) < reached(edits - 1, diagonal + 1);
    }

    static std::size_t index(Number edits, Number diagonal) {
        return static_cast<std::size_t>((diagonal + edits) / 2);
    }
    Number reached(Number edits, Number diagonal) const {
        return rounds_[static_cast<std::size_t>(edits)][index(edits, diagonal)];
    }

    const Middle middle_;
    std::vector<std::vector<Number>> rounds_;
};

}  // namespace

LineChanges line_changes(const std::vector<std::string_view>& old_lines,
                         const std::vector<std::string_view>& new_lines) {
    Numbers numbers;
    const std::vector<Number> old_numbers = numbers.of(old_lines);
    const std::vector<Number> new_numbers = numbers.of(new_lines);
    const std::size_t shorter = std::min(old_numbers.size(), new_numbers.size());
    std::size_t first = 0;
    while (first < shorter && old_numbers[first] == new_numbers[first]) ++first;
    std::size_t old_last = old_numbers.size();
    std::size_t new_last = new_numbers.size();
    while (old_last > first && new_last > first &&
           old_numbers[old_last - 1] == new_numbers[new_last - 1]) {
        --old_last;
        --new_last;
    }
    LineChanges changes{std::vector<bool>(old_numbers.size()),
                        std::vector<bool>(new_numbers.size())};
    Search search({old_numbers.data() + first, new_numbers.data() + first,
                   static_cast<Number>(old_last - first), static_cast<Number>(new_last - first)});
    if (old_last > first && new_last > first && search.run()) {
        search.mark(changes, first);
        return changes;
    }
    for (std::size_t line = first; line < old_last; ++line) changes.removed[line] = true;
    for (std::size_t line = first; line < new_last; ++line) changes.added[line] = true;
    return changes;
}

std::vector<Hunk> hunks_of(const LineChanges& changes, std::size_t context) {
    std::vector<Hunk> hunks;
    const std::size_t old_size = changes.removed.size();
    const std::size_t new_size = changes.added.size();
    std::size_t at_old = 0;
    std::size_t at_new = 0;
    while (at_old < old_size || at_new < new_size) {
        const bool is_removed = at_old < old_size && changes.removed[at_old];
        const bool is_added = at_new < new_size && changes.added[at_new];
        if (is_removed || is_added) {
            const std::size_t before = std::min({context, at_old, at_new});
            if (hunks.empty() || at_old - before > hunks.back().old_end + context)
                hunks.push_back({at_old - before, 0, at_new - before, 0});
            if (is_removed) ++at_old;
            if (is_added) ++at_new;
            hunks.back().old_end = at_old;
            hunks.back().new_end = at_new;
        } else {
            ++at_old;
            ++at_new;
        }
    }
    for (Hunk& hunk : hunks) {
        const std::size_t after =
            std::min({context, old_size - hunk.old_end, new_size - hunk.new_end});
        hunk.old_end += after;
        hunk.new_end += after;
    }
    return hunks;
}

}  // namespace kaigara::provision
