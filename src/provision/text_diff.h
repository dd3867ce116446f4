// SPDX-License-Identifier: Apache-2.0
#pragma once

// What changes between two texts, for a person and for patch(1): a unified diff as GNU diff -u
// writes it, with three lines of context. Pure.
//
// The diff is the shortest one (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986) as
// long as at most 2000 lines are removed and added between the first and the last difference. Past
// that the whole of what lies between them is told as replaced, which is as true, only longer.
//
// Secrets. Lines are compared as they are, but nothing of a secret is printed:
//
//     context and new lines    from the masked form of the new text, which has the same lines with
//                              *** in the place of each secret
//     removed lines            nobody knows any more what of them was secret. One that is equal to
//                              a line of the new text without a secret is printed. Of any other
//                              only what it has in common with what is visible of an added line of
//                              the same hunk, with *** for the rest: `password: ***`
//
// Control characters are printed as \xNN, so that no file can drive the terminal; a tab stays.

#include <string>
#include <string_view>

namespace kaigara::provision {

// The new text; `masked` is read when `has_secret` is set. Should it not have the lines of `text`,
// every line counts as secret.
struct DiffText {
    std::string_view text;
    std::string_view masked;
    bool has_secret = false;
};

// Empty when the texts are equal. The labels stand behind "--- " and "+++ ". Where one of the texts
// is binary (a NUL, or no UTF-8) it is one line that says that they differ.
std::string unified_diff(std::string_view old_text, const DiffText& new_text,
                         std::string_view old_label, std::string_view new_label);

}  // namespace kaigara::provision
