// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_condition.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/sha256.h"
#include "provision/template_formats.h"

namespace kaigara::provision {

namespace {

Error refuse(std::string message) { return {Fault::configuration, 0, std::move(message), ""}; }

struct Condition {
    bool negated = false;
    std::string_view path;
    bool compares = false;
    std::string_view text;
};

Condition parse(std::string_view when) {
    Condition condition;
    condition.negated = when.starts_with('!');
    if (condition.negated) when.remove_prefix(1);
    const std::size_t equals = when.find('=');
    condition.path = when.substr(0, equals);
    condition.compares = equals != std::string_view::npos;
    if (condition.compares) condition.text = when.substr(equals + 1);
    return condition;
}

bool holds(const Condition& condition, const metadata::Value* value) {
    if (value == nullptr) return false;
    if (condition.compares) return value->is_scalar() && value->text() == condition.text;
    return value->is_true();
}

// A part of what the digest is made of. Its length stands before it, so that no text of one part
// can pass for the end of it and the beginning of the next.
void feed(platform::Sha256& digest, std::string_view part) {
    digest.update(fmt::format("{}:", part.size()));
    digest.update(part);
}

}  // namespace

Result<void> check_metadata_path(std::string_view path) {
    const std::string_view steps = path.starts_with('.') ? path.substr(1) : path;
    if (steps.empty()) return refuse("a metadata path is missing");
    const std::string shown = text::printable(path, 100);
    if (text::trim(path).size() != path.size())
        return refuse(fmt::format("the metadata path '{}' has blanks around it", shown));
    for (const std::string_view step : text::split(steps, '.')) {
        if (step.empty())
            return refuse(fmt::format("an empty step in the metadata path '{}'", shown));
    }
    return {};
}

Result<void> check_when(std::string_view when) {
    const Condition condition = parse(when);
    const auto advise = [when](std::string_view why) {
        return refuse(fmt::format("'{}' is no condition: {}; write a.path, !a.path or a.path=text",
                                  text::printable(when, 100), why));
    };
    // What other languages write for the same; taken by the letter it would never hold.
    if (condition.path.starts_with('!')) return advise("'!' stands once");
    if (condition.compares && condition.path.ends_with('!'))
        return advise("'!' stands before the path");
    if (condition.compares && condition.text.starts_with('=')) return advise("one '=' compares");
    if (auto good = check_metadata_path(condition.path); !good) return advise(good.error().message);
    return {};
}

bool applies(std::string_view when, const metadata::Tree& tree) {
    if (when.empty()) return true;
    const Condition condition = parse(when);
    return holds(condition, tree.find(condition.path)) != condition.negated;
}

OperationInputs::OperationInputs(const std::vector<std::string>& inputs,
                                 const metadata::Tree& tree) {
    for (const std::string& input : inputs) {
        const bool is_file = input.starts_with('/');
        inputs_.push_back({input, is_file ? Shape() : shape_of_value(input, tree), is_file});
    }
}

bool OperationInputs::has_files() const noexcept {
    return std::ranges::any_of(inputs_, &Input::is_file);
}

Result<std::string> OperationInputs::digest(const Planned& planned) const {
    if (inputs_.empty()) return std::string();
    platform::Sha256 digest;
    for (const Input& input : inputs_) {
        Shape shape = input.value;
        if (input.is_file) {
            KG_LET(of_file, shape_of_file(input.name, planned));
            shape = std::move(of_file);
        }
        feed(digest, input.name);
        feed(digest, shape.kind);
        feed(digest, shape.text);
    }
    return digest.hex();
}

OperationInputs::Shape OperationInputs::shape_of_value(std::string_view path,
                                                       const metadata::Tree& tree) {
    const metadata::Value* value = tree.find(path);
    return value == nullptr ? Shape{"no value", ""} : Shape{"value", to_json(*value)};
}

Result<OperationInputs::Shape> OperationInputs::shape_of_file(const std::string& path,
                                                              const Planned& planned) {
    if (const auto known = planned.find(path); known != planned.end())
        return Shape{"file", known->second};
    auto sum = platform::sha256_of_file(path);
    if (sum) return Shape{"file", std::move(*sum)};
    // A directory on the way that is no directory makes a path that leads nowhere, too.
    if (sum.error().code == ENOENT || sum.error().code == ENOTDIR) return Shape{"no file", ""};
    Error error = std::move(sum).error();
    error.fault = Fault::configuration;
    return std::move(error).while_doing("an input");
}

}  // namespace kaigara::provision
