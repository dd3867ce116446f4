// SPDX-License-Identifier: Apache-2.0
#include "app/exports.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/merge.h"
#include "metadata/output.h"

namespace kaigara::app {

namespace {

using metadata::Tree;
using metadata::Value;

std::string no_value(const Export& wanted, const Tree& tree) {
    const auto near = tree.nearest_path(wanted.path);
    return fmt::format("no value for '{}', to be exported as {}{}", text::printable(wanted.path),
                       text::printable(wanted.name),
                       near ? fmt::format(" (did you mean '{}'?)", *near) : "");
}

// Why the value cannot be an environment variable; empty when it can.
std::string fault_of(const Export& wanted, const Value* value, const Tree& tree) {
    if (value == nullptr || value->is_null()) return no_value(wanted, tree);
    if (!value->is_scalar())
        return fmt::format("'{}' is a {}; {} can be one of its values",
                           text::printable(wanted.path), metadata::kind_text(*value),
                           text::printable(wanted.name));
    if (value->text().find('\0') != std::string::npos)
        return fmt::format("'{}' holds a NUL character, which no variable can",
                           text::printable(wanted.path));
    return {};
}

// Whether it is no error, and no variable, that there is no value.
bool is_excused(const Value* value, provision::MissingNames missing) {
    if (missing == provision::MissingNames::are_errors) return false;
    if (value == nullptr) return missing == provision::MissingNames::are_left_out;
    return value->is_null();
}

}  // namespace

Result<std::vector<std::string>, Errors>
exported_variables(const Settings& settings, const Tree& tree, provision::MissingNames missing) {
    std::vector<std::string> entries;
    Errors errors;
    if (settings.export_all) {
        auto variables = metadata::environment_variables(tree);
        if (!variables) return std::move(variables).error();
        for (const metadata::Variable& variable : *variables) {
            // The application never sees KAIGARA_*.
            if (!variable.name.starts_with("KAIGARA_"))
                entries.push_back(variable.name + "=" + variable.value->text());
        }
    }
    for (const Export& wanted : settings.exports) {
        const Value* value = tree.find(wanted.path);
        if (is_excused(value, missing)) continue;
        std::string fault = fault_of(wanted, value, tree);
        if (fault.empty())
            entries.push_back(wanted.name + "=" + value->text());
        else
            errors.push_back({Fault::bad_data, 0, std::move(fault), wanted.where});
    }
    if (!errors.empty()) return errors;
    return entries;
}

}  // namespace kaigara::app
