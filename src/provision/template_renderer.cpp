// SPDX-License-Identifier: Apache-2.0
#include "provision/template_renderer.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/redaction.h"

namespace kaigara::provision {

namespace {

using metadata::Value;

// Looking for the nearest name compares with every other one; whoever misses more than this many
// has another problem than spelling.
constexpr std::size_t max_suggestions = 50;

// What a modifier may read for the price of one step.
constexpr std::size_t bytes_a_step = 64;
// How many sections a name may be looked for in for the price of one step.
constexpr std::size_t sections_a_step = 8;

std::string subject_text(const Marker& marker) {
    switch (marker.subject) {
    case Subject::item: return ".";
    case Subject::index: return "@index";
    case Subject::key: return "@key";
    case Subject::path: break;
    }
    return text::printable(marker.path);
}

}  // namespace

Renderer::Renderer(const Program& program, const metadata::Tree& tree,
                   const TemplateOptions& options)
    : program_(program), options_(options), scope_(program, tree),
      known_sections_(program.markers.size(), false) {}

// --- errors -------------------------------------------------------------------------------------

void Renderer::stop(const Marker& marker, std::string message) {
    stopped_ = true;
    if (!stop_reason_)
        stop_reason_ = Error{Fault::bad_data, 0, std::move(message), program_.place(marker)};
}

// False when the walk is over.
bool Renderer::step(const Marker& marker) {
    if (output_.is_full())
        stop(marker, fmt::format("the output grows past {} MiB", max_output_bytes >> 20));
    // A name is looked for in every section around it.
    steps_ += 1 + scope_.depth() / sections_a_step;
    if (steps_ > options_.most_steps) {
        stop(marker, fmt::format("rendering takes more than {} steps: sections over long lists are "
                                 "nested in each other",
                                 options_.most_steps));
    }
    return !stopped_;
}

void Renderer::report(std::uint32_t index, std::string message) {
    messages_.emplace(index, std::move(message));
    if (messages_.size() == max_template_errors)
        stop(program_.markers[index], "there are more errors, which are not shown");
}

Errors Renderer::take_errors() {
    Errors errors;
    for (auto& [index, message] : messages_)
        add_error(errors, program_.place(program_.markers[index]), std::move(message));
    if (!stop_reason_ && output_.is_full()) {
        // The text behind the last marker was what passed the limit.
        stop_reason_ = Error{Fault::bad_data, 0,
                             fmt::format("the output grows past {} MiB", max_output_bytes >> 20),
                             program_.files.front().name};
    }
    if (stop_reason_) errors.push_back(*stop_reason_);
    return errors;
}

std::string Renderer::suggestion(const Marker& marker) {
    if (marker.subject != Subject::path || ++suggestions_ > max_suggestions) return {};
    return scope_.suggestion(marker.path);
}

// "no value for 'port' in 'servers.1' (did you mean 'prot'?)"
std::string Renderer::no_value(const Marker& marker, const Value* value) {
    const std::string item = scope_.item_path();
    std::string message = fmt::format("no value for '{}'", subject_text(marker));
    if (!item.empty()) message += fmt::format(" in '{}'", text::printable(item));
    return message + (value == nullptr ? suggestion(marker) : ": it is null");
}

void Renderer::report_missing_section(std::uint32_t index, const Marker& marker) {
    if (marker.optional || marker.has_inverse || known_sections_[index] || is_reported(index) ||
        options_.missing == MissingNames::are_left_out)
        return;
    if (scope_.walked(false) != nullptr &&
        scope_.exists_in_other_items(marker.path, steps_, options_.most_steps)) {
        known_sections_[index] = true;
        return;
    }
    const std::string name = subject_text(marker);
    const char* each = marker.kind == MarkerKind::each ? "each:" : "";
    report(index, fmt::format("section '{0}' names nothing that exists{1}; where it may be absent, "
                              "write {{{{#{2}{0}:optional}}}} or add {{{{^{0}}}}}",
                              name, suggestion(marker), each));
}

// Names the files that include each other, from the last time that this one was included.
void Renderer::report_depth(const Marker& marker) {
    std::vector<std::uint32_t> chain{0};
    for (const Include& include : includes_)
        chain.push_back(program_.markers[include.marker].target);
    const auto again = std::find(chain.rbegin(), chain.rend(), marker.target);
    std::string names;
    const auto first = again == chain.rend() ? chain.end() - 3 : again.base() - 1;
    for (auto at = first; at != chain.end(); ++at) names += program_.files[*at].name + " includes ";
    names += program_.files[marker.target].name;
    stop(marker, fmt::format("files are included deeper than {}: {}", max_include_depth, names));
}

// --- values -------------------------------------------------------------------------------------

// Whoever reads the output learns something of this value.
void Renderer::touch(const Value& value, bool deep) {
    if (value.is_secret()) used_secret_ = touched_secret_ = true;
    if (!deep || touched_secret_) return;
    for (const Value& item : value.items()) touch(item, true);
    for (const Value::Entry& entry : value.entries()) touch(entry.value, true);
}

bool Renderer::make_counter(std::uint32_t index, const Marker& marker) {
    const bool is_key = marker.subject == Subject::key;
    const Frame* frame = scope_.walked(is_key);
    if (frame == nullptr) {
        report(index, is_key ? "'@key' stands outside of any {{#each:map}}"
                             : "'@index' stands outside of any section over a list or map");
        return false;
    }
    made_ = is_key ? Value::quoted(frame->whole->entries()[frame->next - 1].key)
                   : Value::plain(fmt::format("{}", frame->next - 1));
    return true;
}

// nullptr where there is no value.
const Value* Renderer::subject(std::uint32_t index, const Marker& marker) {
    if (marker.subject == Subject::index || marker.subject == Subject::key)
        return make_counter(index, marker) ? &made_ : nullptr;
    const Value* value = scope_.look_up(marker).value;
    if (value != nullptr) touch(*value, marker.call_count != 0);
    return value;
}

std::string_view Renderer::print(std::uint32_t index, const Value& value) {
    if (value.is_scalar()) return value.text();
    const std::string name = subject_text(program_.markers[index]);
    if (value.is_list()) {
        report(index, fmt::format("'{}' is a list: walk it with {{{{#{}}}}}, or use join= or json",
                                  name, name));
    } else {
        report(index,
               fmt::format("'{}' is a map: name one of its values, or use json or yaml", name));
    }
    return {};
}

std::string_view Renderer::print_modified(std::uint32_t index, const Value* value) {
    const Marker& marker = program_.markers[index];
    const std::span<const ModifierCall> calls(program_.calls.data() + marker.first_call,
                                              marker.call_count);
    // A modifier may read much and print nothing, over and over.
    if (value != nullptr) steps_ += value->items().size() + value->text().size() / bytes_a_step;
    ModifierContext context{options_.read_file, touched_secret_};
    Result<Value> result = apply_modifiers(value, calls, context);
    if (context.read_secret) used_secret_ = touched_secret_ = true;
    steps_ += context.bytes_read / bytes_a_step;
    const bool missing = value == nullptr || is_nothing(*value);
    if (may_be_missing(value) && (!result || result->is_null())) return {};
    if (!result) {
        const std::string& why = result.error().message;
        report(index, missing ? fmt::format("{}: {}", no_value(marker, value), why)
                              : fmt::format("'{}': {}", subject_text(marker), why));
        return {};
    }
    if (result->is_null()) {
        report(index, no_value(marker, value));
        return {};
    }
    made_ = std::move(result).value();
    return print(index, made_);
}

bool Renderer::may_be_missing(const Value* value) const noexcept {
    switch (options_.missing) {
    case MissingNames::are_errors: return false;
    case MissingNames::may_be_declared: return value != nullptr && is_nothing(*value);
    case MissingNames::are_left_out: break;
    }
    return value == nullptr || is_nothing(*value);
}

std::string_view Renderer::print_marker(std::uint32_t index, const Marker& marker) {
    const Value* value = subject(index, marker);
    if (is_reported(index)) return {};
    if (marker.call_count != 0) return print_modified(index, value);
    if (value == nullptr || is_nothing(*value)) {
        if (!may_be_missing(value)) report(index, no_value(marker, value));
        return {};
    }
    return print(index, *value);
}

std::string_view Renderer::value(std::uint32_t index) {
    const Marker& marker = program_.markers[index];
    if (!step(marker) || is_reported(index)) return {};
    touched_secret_ = false;
    const std::string_view text = print_marker(index, marker);
    if (!options_.mask_secrets || !touched_secret_) return text;
    masked_ = metadata::mask_lines(text);
    return masked_;
}

// --- sections -----------------------------------------------------------------------------------

bool Renderer::separator_shows(const Marker& marker) const {
    const Frame* frame = scope_.frame_of(marker.target);
    return frame != nullptr && frame->walks() && !frame->is_over();
}

bool Renderer::section_shows(std::uint32_t index, const Marker& marker) {
    const Value* value = found_.value;
    if (marker.kind == MarkerKind::inverted) return value == nullptr || !value->is_true();
    if (value == nullptr) {
        report_missing_section(index, marker);
        return false;
    }
    if (marker.kind == MarkerKind::each && value->is_scalar() && !is_nothing(*value)) {
        if (!is_reported(index))
            report(index, fmt::format("'each:' needs a map or a list, '{}' is {}",
                                      subject_text(marker), kind_in_words(*value)));
        return false;
    }
    return value->is_true();
}

bool Renderer::shows(std::uint32_t index) {
    const Marker& marker = program_.markers[index];
    if (!step(marker)) return false;
    bool shown = false;
    if (marker.kind == MarkerKind::separator) {
        shown = separator_shows(marker);
    } else {
        found_ = scope_.look_up(marker);
        if (found_.value != nullptr) touch(*found_.value, false);
        shown = section_shows(index, marker);
    }
    if (shown && scope_.depth() >= max_nesting) {
        stop(marker,
             fmt::format("sections are nested deeper than {}, includes counted", max_nesting));
        return false;
    }
    return shown;
}

void Renderer::begin_section(std::uint32_t index) {
    const Marker& marker = program_.markers[index];
    Frame frame;
    frame.marker = index;
    const bool opens = marker.kind == MarkerKind::section || marker.kind == MarkerKind::each;
    if (opens && found_.value != nullptr) {
        const Value& value = *found_.value;
        frame.home = found_.frame;
        // A condition is no item: {{.}} inside {{#use_tls}} is the item around it.
        const bool is_condition =
            value.is_scalar() && value.scalar_type() == metadata::ScalarType::boolean;
        if (!is_condition) frame.value = &value;
        if (value.is_list() || (value.is_map() && marker.kind == MarkerKind::each)) {
            frame.whole = &value;
            frame.count = value.is_list() ? value.items().size() : value.entries().size();
        }
    }
    scope_.push(frame);
}

void Renderer::next_round() {
    // An empty section asks nothing inside, so its rounds count themselves.
    ++steps_;
    scope_.next_round();
}

// --- includes -----------------------------------------------------------------------------------

bool Renderer::begin_include(std::uint32_t index) {
    const Marker& marker = program_.markers[index];
    if (!step(marker)) return false;
    if (includes_.size() == max_include_depth) {
        report_depth(marker);
        return false;
    }
    const std::size_t begin = output_.size();
    includes_.push_back({index, output_.push_indentation(marker.indentation), begin});
    return true;
}

void Renderer::end_include() {
    const Include include = includes_.back();
    includes_.pop_back();
    output_.pop_indentation(include.indentation);
    const std::string_view line_end = program_.markers[include.marker].line_end;
    const bool has_text = output_.size() > include.begin;
    if (!line_end.empty() && has_text && !output_.at_line_begin()) output_.append(line_end);
}

}  // namespace kaigara::provision
