// SPDX-License-Identifier: Apache-2.0
#include "provision/template.h"

#include <utility>

#include <fmt/format.h>

#include "provision/template_engine.h"
#include "provision/template_front.h"
#include "provision/template_program.h"
#include "provision/template_renderer.h"

namespace kaigara::provision {

namespace {

// The marker that named the file first: where it is missing, that is where to look.
std::string first_include(const Program& program, std::uint32_t file) {
    for (const Marker& marker : program.markers) {
        if (marker.kind == MarkerKind::include && marker.target == file)
            return program.place(marker);
    }
    return program.files[file].name;
}

Result<std::string> load(const TemplateOptions& options, const std::string& name) {
    if (!options.load_include) return Error{Fault::bad_data, 0, "nothing can be included here", {}};
    return options.load_include(name);
}

// Reads the first file and all that it includes. Every file is read once, however often it is
// included, and also where the section around an include is hidden: its faults are there anyway.
void read_files(Program& program, const TemplateOptions& options, Errors& errors) {
    std::size_t total = 0;
    for (std::uint32_t file = 0; file < program.files.size(); ++file) {
        TemplateFile& at = program.files[file];
        if (file != 0) {
            auto text = load(options, at.name);
            if (!text) {
                add_error(errors, first_include(program, file),
                          fmt::format("cannot include '{}': {}", at.name, text.error().text()));
                continue;
            }
            at.source = std::move(text).value();
        }
        total += at.source.size();
        if (at.source.size() > max_template_bytes) {
            add_error(errors, at.name,
                      fmt::format("the template is larger than {} MiB", max_template_bytes >> 20));
        } else if (total > max_all_template_bytes) {
            add_error(errors, at.name,
                      fmt::format("the template and what it includes are larger "
                                  "than {} MiB",
                                  max_all_template_bytes >> 20));
            return;
        } else {
            read_template(program, file, errors);
        }
        if (errors.size() >= max_template_errors) return;
    }
}

}  // namespace

Result<Rendered, Errors> render_template(std::string_view source, std::string_view name,
                                         const metadata::Tree& tree,
                                         const TemplateOptions& options) {
    Program program;
    Errors errors;
    TemplateFile& first = program.files[program.file(name)];
    // A copy, made only of what is not refused anyway.
    first.source = source.substr(0, max_template_bytes + 1);
    read_files(program, options, errors);
    if (errors.size() >= max_template_errors)
        add_error(errors, std::string(name), "there are more errors, which are not shown");
    if (!errors.empty()) return errors;

    Renderer renderer(program, tree, options);
    if (auto walked = run_engine(program, renderer); !walked) return Errors{walked.error()};
    errors = renderer.take_errors();
    if (!errors.empty()) return errors;
    return Rendered{std::move(renderer.output()).take(), renderer.used_secret()};
}

}  // namespace kaigara::provision
