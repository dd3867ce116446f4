// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotations: comments in which an operation says how it is run.
//
//     # kaigara: run=once timeout=10m
//     -- kaigara: when="database.name=my shop"
//
// Blanks, the sign of a comment (`#`, `//`, `--` or `;`, also repeated: `##`, `;;`), blanks,
// `kaigara:`, then options, separated by blanks. A value in double quotes may hold blanks, and \"
// and \\ for a quote and a backslash. Several lines add up; an option is set once. Annotations
// stand in the first 20 lines; a carriage return at a line's end and a byte order mark before the
// first line are ignored. A program (ELF, or bytes 0 at its beginning) has none.
//
// Pure: the caller has read the file. Whatever begins like an annotation must be one: an option
// that is passed over in silence can make an operation run twice.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "provision/operation_options.h"

namespace kaigara::provision {

// So much of a file is looked at, and so many lines of that.
inline constexpr std::size_t annotation_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t annotation_lines = 20;

// Sets the options that the annotations of a file name. `text` is its beginning, annotation_bytes
// at most; errors are Fault::configuration with `path:line:column` as their `where`, all in one go.
Errors read_annotations(std::string_view text, const std::string& path, OperationOptions& options);

// The number of the first line that would be an annotation and stands too late to be read as one;
// nothing when there is none in `text`.
std::optional<std::size_t> late_annotation(std::string_view text);

// Whether a line, which has no line end, is an annotation in the place for one.
bool is_annotation(std::string_view line) noexcept;

}  // namespace kaigara::provision
