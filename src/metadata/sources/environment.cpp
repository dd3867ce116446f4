// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/environment.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/sources/assignment.h"

namespace kaigara::metadata {

namespace {

constexpr std::string_view file_suffix = "_FILE";

struct Variable {
    std::string_view name;   // whole, with the prefix
    std::string_view value;  // what it holds, or the path of the file with that
    bool from_file = false;
    Steps steps{};
};

Error refuse(std::string_view name, std::string message, Fault fault = Fault::bad_data) {
    return {fault, 0, std::move(message), text::printable(name)};
}

// The variables that begin with `prefix`, each name once and in order.
std::vector<Variable> select(std::span<const std::string_view> environment,
                             std::string_view prefix) {
    std::vector<Variable> selected;
    for (const std::string_view entry : environment) {
        const std::size_t equals = entry.find('=');
        if (!entry.starts_with(prefix) || equals == std::string_view::npos) continue;
        selected.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
    }
    std::ranges::reverse(selected);
    std::ranges::stable_sort(selected, {}, &Variable::name);
    const auto repeated = std::ranges::unique(selected, {}, &Variable::name);
    selected.erase(repeated.begin(), repeated.end());
    return selected;
}

// Whether the value of a variable is the path of a file: `name` is what stands behind its prefix.
bool names_file(std::string_view name) {
    return name.ends_with(file_suffix) && !name.ends_with("__FILE") &&
           name.size() > file_suffix.size();
}

// Splits the name into steps, and takes _FILE off the last one.
Result<void> split_name(Variable& variable, std::string_view prefix) {
    std::string_view rest = variable.name.substr(prefix.size());
    if (text::invalid_utf8(variable.name))
        return refuse(variable.name, "the variable's name is invalid UTF-8");
    if (rest.find("___") != std::string_view::npos) {
        return refuse(variable.name, "three underscores in a row: two are a step down and one is "
                                     "literal, but which");
    }
    variable.from_file = names_file(rest);
    if (variable.from_file) rest.remove_suffix(file_suffix.size());
    for (std::size_t step = rest.find("__");; step = rest.find("__")) {
        variable.steps.emplace_back(rest.substr(0, step));
        if (step == std::string_view::npos) break;
        rest.remove_prefix(step + 2);
    }
    if (std::ranges::find(variable.steps, std::string()) == variable.steps.end()) return {};
    return refuse(variable.name,
                  fmt::format("an empty step; write {}app__key for app.key", prefix));
}

bool same_but_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

class AnyCase : public Spelling {
public:
    explicit AnyCase(std::string_view variable) : variable_(variable) {}

    Result<Found> key(const Value& map, const Steps& steps, std::size_t at) const override {
        const std::string& step = steps[at];
        if (map.find(step) != nullptr) return Found{step, 1};
        const std::string* match = nullptr;
        for (const Value::Entry& entry : map.entries()) {
            if (!same_but_case(entry.key, step)) continue;
            if (match != nullptr) {
                return refuse(variable_, fmt::format("'{}' may be the key '{}' or '{}'; spell it "
                                                     "exactly",
                                                     text::printable(step), text::printable(*match),
                                                     text::printable(entry.key)));
            }
            match = &entry.key;
        }
        return Found{match != nullptr ? *match : new_key(step), 1};
    }
    std::string new_key(std::string_view step) const override { return text::lower(step); }

private:
    std::string_view variable_;
};

Result<Value> read_value(const Variable& variable, const FileReader& read_file) {
    std::string content(variable.value);
    if (variable.from_file) {
        if (content.empty())
            return refuse(variable.name, "names no file; it is empty", Fault::configuration);
        auto read = read_file(content);
        if (!read) {
            Error error = std::move(read).error();
            const bool absent = error.code == ENOENT || error.code == ENOTDIR;
            error.fault = absent ? Fault::configuration : Fault::bad_data;
            error.message = fmt::format("the file {} {}", text::printable(content), error.message);
            error.where = text::printable(variable.name);
            return error;
        }
        content = std::move(read).value();
        if (content.ends_with('\n')) content.pop_back();
        if (content.find('\0') != std::string::npos)
            return refuse(variable.name,
                          fmt::format("the file {} holds a NUL character; a value has to be text",
                                      text::printable(variable.value)));
    }
    if (text::invalid_utf8(content)) {
        return refuse(variable.name, variable.from_file
                                         ? fmt::format("the file {} holds invalid UTF-8",
                                                       text::printable(variable.value))
                                         : "its value is invalid UTF-8");
    }
    Value value = Value::plain(std::move(content));
    value.set_secret(variable.from_file);
    return value;
}

// Of two variables next to each other in path order; nothing when both can be set.
std::optional<Error> clash(const Variable& a, const Variable& b) {
    const auto behind = std::ranges::mismatch(a.steps, b.steps).in1;
    if (behind != a.steps.end()) return std::nullopt;
    const std::string path = text::printable(path_text(a.steps));
    if (a.steps.size() == b.steps.size()) {
        return refuse(b.name, fmt::format("sets '{}', and so does {}; keep one of them", path,
                                          text::printable(a.name)));
    }
    return refuse(b.name, fmt::format("sets a part of '{}', which {} sets as a whole; keep one of "
                                      "them",
                                      path, text::printable(a.name)));
}

// The values of the variables as one layer; nothing of them when there are errors.
Result<Tree, Errors> make_layer(const EnvironmentView& view, std::vector<Variable> variables,
                                Errors errors) {
    std::ranges::stable_sort(variables, {}, &Variable::steps);
    Tree layer;
    std::vector<std::string> sources = view.lower.sources();
    for (std::size_t i = 0; i < variables.size(); ++i) {
        if (i > 0) {
            if (auto error = clash(variables[i - 1], variables[i])) {
                errors.push_back(*std::move(error));
                continue;
            }
        }
        auto value = read_value(variables[i], view.read_file);
        if (!value) {
            errors.push_back(std::move(value).error());
            continue;
        }
        value->set_origin({static_cast<std::uint32_t>(sources.size()), 0, 0});
        sources.emplace_back(variables[i].name);
        if (errors.empty()) assign(layer, view.lower, variables[i].steps, std::move(value).value());
    }
    if (!errors.empty()) return errors;
    return Tree(std::move(layer.root()), std::move(sources));
}

// Finds the keys that a variable's steps mean.
Result<void> settle(Variable& variable, const EnvironmentView& view, const Spelling& spelling) {
    KG_LET(steps,
           resolve({variable.name, view.lower_is_complete}, variable.steps, view.lower, spelling));
    variable.steps = std::move(steps);
    return {};
}

}  // namespace

Result<Tree, Errors> read_environment(const EnvironmentView& view, std::string_view prefix) {
    Errors errors;
    std::vector<Variable> valid;
    for (Variable& variable : select(view.variables, prefix)) {
        auto settled = split_name(variable, prefix);
        if (settled) settled = settle(variable, view, AnyCase(variable.name));
        if (settled)
            valid.push_back(std::move(variable));
        else
            errors.push_back(std::move(settled).error());
    }
    return make_layer(view, std::move(valid), std::move(errors));
}

Result<Tree, Errors> read_bindings(const EnvironmentView& view, std::span<const Binding> bindings) {
    Errors errors;
    std::vector<Variable> valid;
    const std::vector<Variable> set = select(view.variables, "");
    for (const Binding& binding : bindings) {
        const auto found = std::ranges::lower_bound(set, binding.variable, {}, &Variable::name);
        if (found == set.end() || found->name != binding.variable) continue;
        Variable variable = *found;
        variable.from_file =
            names_file(variable.name) && !text::lower(binding.path).ends_with("_file");
        auto steps = split_path(binding.path);
        if (!steps) {
            errors.push_back(refuse(variable.name, steps.error().message, Fault::configuration));
            continue;
        }
        variable.steps = std::move(*steps);
        auto settled = settle(variable, view, DottedSpelling());
        if (settled)
            valid.push_back(std::move(variable));
        else
            errors.push_back(std::move(settled).error());
    }
    return make_layer(view, std::move(valid), std::move(errors));
}

}  // namespace kaigara::metadata
