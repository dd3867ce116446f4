// SPDX-License-Identifier: Apache-2.0
#include "provision/template_program.h"

#include <utility>

#include <fmt/format.h>

namespace kaigara::provision {

void add_error(Errors& errors, std::string where, std::string message) {
    errors.push_back(Error{Fault::bad_data, 0, std::move(message), std::move(where)});
}

std::uint32_t Program::file(std::string_view name) {
    if (const auto known = files_by_name.find(name); known != files_by_name.end())
        return known->second;
    const auto index = static_cast<std::uint32_t>(files.size());
    TemplateFile& added = files.emplace_back();
    added.name = name;
    added.engine_key = fmt::format("T{}", index);
    files_by_name.emplace(added.name, index);
    return index;
}

std::string Program::place(std::uint32_t file, std::uint32_t line, std::uint32_t column) const {
    return fmt::format("{}:{}:{}", files[file].name, line, column);
}

std::string Program::place(const Marker& marker) const {
    return place(marker.file, marker.line, marker.column);
}

}  // namespace kaigara::provision
