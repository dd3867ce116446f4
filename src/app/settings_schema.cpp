// SPDX-License-Identifier: Apache-2.0
#include "app/settings_schema.h"

#include <map>
#include <string_view>

#include <fmt/format.h>

#include "app/settings_kinds.h"
#include "app/settings_structure.h"
#include "app/settings_table.h"
#include "base/text.h"
#include "metadata/json.h"
#include "metadata/output.h"

namespace kaigara::app {

namespace {

// The keys of one level: `"name": schema`, in order.
using Properties = std::map<std::string, std::string, std::less<>>;

std::string object(const Properties& properties) {
    std::string out;
    for (const auto& [name, schema] : properties)
        out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", text::json_string(name), schema);
    return fmt::format(
        R"({{"type": ["object", "null"], "additionalProperties": false, "properties": {{{}}}}})",
        out);
}

// "application.user" into the group `application`; keys nest no deeper.
void add(std::map<std::string, Properties, std::less<>>& groups, std::string_view key,
         std::string schema) {
    const std::size_t dot = key.find('.');
    const std::string_view group = dot == std::string_view::npos ? "" : key.substr(0, dot);
    groups[std::string(group)].emplace(key.substr(dot + 1), std::move(schema));
}

}  // namespace

std::string settings_schema() {
    std::map<std::string, Properties, std::less<>> groups;
    for (const Setting& setting : settings_table()) {
        if (setting.key.empty()) continue;
        const std::string schema =
            setting.repeats
                ? fmt::format(R"({{"anyOf": [{0}, {{"type": "array", "items": {0}}}]}})",
                              setting.schema)
                : std::string(setting.schema);
        add(groups, setting.key, kind::described(schema, setting.help));
    }
    for (const StructuredKey& key : structured_keys())
        add(groups, key.name, kind::described(key.schema(), key.help));
    Properties top = std::move(groups[""]);
    for (const auto& [name, properties] : groups) {
        if (!name.empty()) top.emplace(name, object(properties));
    }
    const std::string body = object(top);
    const std::string whole =
        R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "kaigara.yml", )" +
        body.substr(1);
    // Read and written again, so that it is known to be JSON and pleasant to read.
    const auto tree = metadata::read_json(whole, 0, "the schema");
    return tree ? metadata::to_json(*tree, 2) + "\n" : tree.error().front().text();
}

}  // namespace kaigara::app
