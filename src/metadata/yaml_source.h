// SPDX-License-Identifier: Apache-2.0
#pragma once

// Looks into the source text of a YAML document for what the parser's events do not tell: whether a
// quoted text was closed, lines that it drops, tabs, characters where it counts bytes. Nothing here
// knows the parser; offsets, lines and columns are its own, counted from 0.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "metadata/document.h"

namespace kaigara::metadata::yaml_source {

// Turns bytes into lines and characters counted from 1.
class Places {
public:
    explicit Places(std::string_view text);

    // Of the byte at `offset`, which is `column` bytes behind the beginning of `line`. Cheap where
    // the offsets of one line ascend.
    Position of(std::size_t offset, std::size_t line, std::size_t column);

private:
    std::string_view text_;
    bool ascii_ = true;
    std::size_t line_ = 0;
    std::size_t counted_ = 0;
    std::uint32_t characters_ = 0;
};

// Of the scalar whose node, with its tag and anchor, begins at an offset.
struct Quoted {
    std::size_t begin = 0;
    std::size_t end = std::string_view::npos;  // npos when it is never closed
};
// Nothing when it is a plain or a block scalar.
std::optional<Quoted> find_quoted(std::string_view text, std::size_t node);

// The opening quote behind the scalar at `node`, or of it, that is never closed.
std::optional<std::size_t> find_open_quote(std::string_view text, std::size_t node);

// Where a line begins with '%' and is neither %YAML nor %TAG in the head of the file. The parser
// takes each such line for a directive that it does not know, and drops it.
std::vector<std::size_t> find_stray_directives(std::string_view text);

// Whether the blanks at the beginning of the line with this byte hold a tab.
bool is_tab_indented(std::string_view text, std::size_t offset);

}  // namespace kaigara::metadata::yaml_source
