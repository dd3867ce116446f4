// SPDX-License-Identifier: Apache-2.0
#pragma once

// Answers the engine's questions about each marker, from the metadata tree.
//
// The engine walks a template strictly in nested order, so the stack of frames in Scope is all the
// state that there is:
//
//     shows(section) ─► begin_section ─► { has_round, next_round, ...inside... }* ─► end_section
//     begin_include ─► ...inside... ─► end_include
//     value, anywhere
//
// Errors are collected, one a marker, and the walk goes on behind them: the text is thrown away
// then. What would never end (depth, output, steps) stops the walk: every section is hidden from
// there on, and every loop is over.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "metadata/tree.h"
#include "provision/template.h"
#include "provision/template_output.h"
#include "provision/template_program.h"
#include "provision/template_scope.h"

namespace kaigara::provision {

class Renderer {
public:
    Renderer(const Program& program, const metadata::Tree& tree, const TemplateOptions& options);

    // The text of a value marker; valid until the next call.
    std::string_view value(std::uint32_t index);

    // Whether a section is walked at all. begin_section() must follow at once when it is.
    bool shows(std::uint32_t index);
    void begin_section(std::uint32_t index);
    bool has_round() const noexcept { return !stopped_ && !scope_.top().is_over(); }
    void next_round();
    void end_section() { scope_.pop(); }

    // False when the file must not be included; end_include() must not follow then.
    bool begin_include(std::uint32_t index);
    void end_include();

    TemplateOutput& output() noexcept { return output_; }
    bool used_secret() const noexcept { return used_secret_; }
    // In the order of the markers; to be called once, behind the walk.
    Errors take_errors();

private:
    struct Include {
        std::uint32_t marker = 0;
        std::size_t indentation = 0;  // of the output before
        std::size_t begin = 0;        // the size of the output before
    };

    bool step(const Marker& marker);
    void stop(const Marker& marker, std::string message);
    bool is_reported(std::uint32_t index) const { return messages_.contains(index); }
    void report(std::uint32_t index, std::string message);

    const metadata::Value* subject(std::uint32_t index, const Marker& marker);
    bool make_counter(std::uint32_t index, const Marker& marker);
    void touch(const metadata::Value& value, bool deep);
    std::string_view print(std::uint32_t index, const metadata::Value& value);
    std::string_view print_modified(std::uint32_t index, const metadata::Value* value);
    std::string_view print_marker(std::uint32_t index, const Marker& marker);
    bool may_be_missing(const metadata::Value* value) const noexcept;

    bool section_shows(std::uint32_t index, const Marker& marker);
    bool separator_shows(const Marker& marker) const;

    std::string no_value(const Marker& marker, const metadata::Value* value);
    std::string suggestion(const Marker& marker);
    void report_missing_section(std::uint32_t index, const Marker& marker);
    void report_depth(const Marker& marker);

    const Program& program_;
    const TemplateOptions& options_;
    TemplateOutput output_;
    Scope scope_;
    std::vector<Include> includes_;
    Scope::Found found_;    // what shows() found, for begin_section()
    metadata::Value made_;  // what was made for the value marker that is being printed
    std::map<std::uint32_t, std::string> messages_;  // by marker
    std::optional<Error> stop_reason_;
    std::vector<bool> known_sections_;  // by marker: the name exists, if not for every item
    std::size_t steps_ = 0;
    std::size_t suggestions_ = 0;
    bool stopped_ = false;
    bool used_secret_ = false;
    bool touched_secret_ = false;  // by the marker that is being printed
    std::string masked_;           // its text for eyes
};

}  // namespace kaigara::provision
