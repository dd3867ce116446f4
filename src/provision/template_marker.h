// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of one marker: name, modifiers, arguments. Knows no file and no other marker.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provision/modifiers.h"
#include "provision/template_program.h"

namespace kaigara::provision {

struct Delimiters {
    std::string open = "{{";
    std::string close = "}}";
};

enum class Form : std::uint8_t {
    value,
    section,     // {{#x}}
    each,        // {{#each:x}}
    inverted,    // {{^x}}
    close,       // {{/x}}
    close_each,  // {{/each:x}}
    include,     // {{>file}}
    comment,     // {{! ... }}
    delimiters,  // {{=<% %>=}}
};

struct ParsedMarker {
    Form form = Form::value;
    Subject subject = Subject::path;
    bool optional = false;
    std::string_view path;  // of a value or section; the name of an include
    std::vector<ModifierCall> calls;
    Delimiters delimiters;  // Form::delimiters: the new ones
    std::size_t end = 0;    // of the source, where text goes on
    // What is wrong, for the author; the rest is then filled as far as it was understood, and `end`
    // is where reading can go on.
    std::string fault;
};

// `at` is behind the opening delimiter of a marker of `source`.
ParsedMarker parse_marker(std::string_view source, std::size_t at, const Delimiters& delimiters);

}  // namespace kaigara::provision
