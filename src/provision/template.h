// SPDX-License-Identifier: Apache-2.0
#pragma once

// Renders a template with the metadata tree. docs/templates.md is the language.
//
// Four parts, each in files of its own:
//
//     source ─► front end ─► Program ─► engine (ctemplate) ─► text
//               template_front          template_engine
//               template_marker             │ asks at each marker
//                                           ▼
//                                       Renderer ─► Tree, modifiers
//                                       template_renderer
//
// The front end reads every file once, understands all of the language, checks it, and gives the
// engine a text whose markers hold nothing but numbers. The engine walks that text: block structure
// and order are its work. What a marker stands for is decided by the Renderer when the walk comes
// to it, lazily, from the tree. So ctemplate's own syntax, names, escaping and file loader are
// never reached from outside, and each error has the file, line and column of the author's marker.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/tree.h"
#include "provision/modifiers.h"

namespace kaigara::provision {

// What becomes of a name that has no value.
enum class MissingNames : std::uint8_t {
    are_errors,
    may_be_declared,  // a null in the metadata is enough: its value comes at run time
    are_left_out,     // not all of the metadata is known
};

struct TemplateOptions {
    // The text of the file that a {{>name}} names. Each name is asked for once a rendering.
    // Without it, includes are errors.
    std::function<Result<std::string>(std::string_view name)> load_include;
    // What the modifier `file` reads. Without it, the modifier is an error.
    std::function<Result<FileText>(const std::string& path)> read_file;
    MissingNames missing = MissingNames::are_errors;
    // Prints *** for each line of a secret value: for eyes, with the lines where they would be.
    bool mask_secrets = false;
    // Values printed, sections asked, rounds begun and files included while rendering, and what
    // their modifiers read. Nested sections multiply: a few lines could ask for more rounds than
    // there is time.
    std::size_t most_steps = 20'000'000;
};

struct Rendered {
    std::string text;
    // A secret value was printed, or decided what was printed.
    bool used_secret = false;
};

// `name` stands in the errors' "name:line:column". All errors that can be found are returned, in
// the order of the files; errors of syntax keep those of values from being looked for. All of them
// are Fault::bad_data, but for Fault::internal, which is a bug here.
Result<Rendered, Errors> render_template(std::string_view source, std::string_view name,
                                         const metadata::Tree& tree,
                                         const TemplateOptions& options);

}  // namespace kaigara::provision
