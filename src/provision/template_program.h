// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the front end makes of a set of template files, for the engine and the renderer.
//
// Markers of all files stand in one table; the engine knows a marker by its index there and nothing
// else. Their paths are views of the files' sources, which live as long as the Program.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "provision/modifiers.h"

namespace kaigara::provision {

constexpr std::size_t max_template_bytes = std::size_t{16} << 20;
constexpr std::size_t max_all_template_bytes = std::size_t{64} << 20;
constexpr std::size_t max_nesting = 100;
constexpr std::size_t max_include_depth = 32;
constexpr std::size_t max_template_files = 1'000;
// A marker costs some hundred bytes in the engine; this keeps a hostile template below half a GB.
constexpr std::size_t max_markers = 1'000'000;
constexpr std::size_t max_template_errors = 1'000;

enum class MarkerKind : std::uint8_t {
    value,
    section,    // {{#x}}
    each,       // {{#each:x}}
    inverted,   // {{^x}}
    separator,  // {{#x_separator}} inside {{#x}}
    include,    // {{>file}}
};

enum class Subject : std::uint8_t {
    path,
    item,   // {{.}}
    index,  // {{@index}}
    key,    // {{@key}}
};

struct Marker {
    MarkerKind kind = MarkerKind::value;
    Subject subject = Subject::path;
    bool optional = false;     // {{#x:optional}}
    bool has_inverse = false;  // the same file holds a {{^x}} for this name
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t target = 0;  // include: the file; separator: the marker of its section
    std::uint32_t first_call = 0;
    std::uint32_t call_count = 0;
    std::string_view path;         // without a leading dot; include: the name as written
    std::string_view indentation;  // include: the blanks that stand before it on its line
    std::string_view line_end;     // include: the end of the line that it has for itself
};

struct TemplateFile {
    std::string name;
    std::string source;
    std::string engine_text;
    std::string engine_key;  // "T0", "T1", ...
};

struct Program {
    std::deque<TemplateFile> files;  // a deque: views of names and sources outlast later files
    std::unordered_map<std::string_view, std::uint32_t> files_by_name;
    std::vector<Marker> markers;
    std::vector<ModifierCall> calls;

    // The index of the file of that name, added when it is new.
    std::uint32_t file(std::string_view name);

    // "name:line:column"
    std::string place(std::uint32_t file, std::uint32_t line, std::uint32_t column) const;
    std::string place(const Marker& marker) const;
};

// Adds an error of a template's data.
void add_error(Errors& errors, std::string where, std::string message);

// The first byte of a marker, the last one, and what stands between them in the engine's text.
// They are no part of any name, so the engine finds nothing in the author's text.
constexpr char engine_open = '\x01';
constexpr char engine_close = '\x02';
constexpr char engine_marker = 'V';   // V17: marker 17
constexpr char engine_literal = 'L';  // L92: the byte 92

}  // namespace kaigara::provision
