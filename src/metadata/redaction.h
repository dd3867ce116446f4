// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes secrets out of what others have said: a check prints the line of a file that it does not
// like, and the line holds a password.

#include <string>
#include <string_view>
#include <vector>

#include "metadata/tree.h"

namespace kaigara::metadata {

class Redaction {
public:
    Redaction() = default;
    // Of all secret scalars of the tree; of a text of several lines, each line.
    explicit Redaction(const Tree& tree);

    // `text` with *** for each secret in it. A secret of less than four characters is only found
    // as a word of its own.
    std::string operator()(std::string text) const;

private:
    std::vector<std::string> secrets_;  // longest first
};

// *** for each line that is not empty, so that the lines behind stay where they are.
std::string mask_lines(std::string_view text);

// `message` with *** for each text in single quotes of three characters or more: what is wrong in a
// secret document is told without its words.
std::string without_quoted(std::string_view message);

}  // namespace kaigara::metadata
