// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the values in kaigara.yml look like, as JSON Schema (draft 2020-12) says it. Every row of
// the settings tables names one of these; docs/kaigara.schema.json is made of them.

#include <string>
#include <string_view>

#include "base/text.h"

namespace kaigara::app::kind {

inline constexpr std::string_view text = R"({"type": "string", "minLength": 1})";
inline constexpr std::string_view path = R"({"type": "string", "minLength": 1})";
inline constexpr std::string_view metadata_path =
    R"({"type": "string", "pattern": "^\\.?[^.]+(\\.[^.]+)*$"})";
inline constexpr std::string_view flag =
    R"({"type": ["boolean", "integer", "string"], "enum": [true, false, 1, 0, "1", "true", "yes", "0", "false", "no", ""]})";
inline constexpr std::string_view duration =
    R"({"type": ["string", "integer"], "pattern": "^([0-9]+|([0-9]+(ms|s|m|h|d))+)$", "minimum": 0})";
inline constexpr std::string_view signal =
    R"({"type": ["string", "integer"], "minLength": 1, "minimum": 1, "maximum": 64})";
inline constexpr std::string_view rewrite = R"({"type": "string", "pattern": "^[^:]+:[^:]+$"})";
inline constexpr std::string_view status =
    R"({"type": ["integer", "string"], "minimum": 0, "maximum": 255})";
inline constexpr std::string_view count =
    R"({"type": ["integer", "string"], "minimum": 0, "maximum": 1000})";
inline constexpr std::string_view octal =
    R"({"type": ["integer", "string"], "pattern": "^0?o?[0-7]{1,4}$"})";
inline constexpr std::string_view umask =
    R"({"type": ["integer", "string"], "pattern": "^[0-7]{1,4}$"})";
inline constexpr std::string_view user =
    R"({"type": ["string", "integer"], "minLength": 1, "minimum": 0})";
inline constexpr std::string_view command =
    R"({"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1}]})";
inline constexpr std::string_view output_mode = R"({"enum": ["prefix", "raw", "json"]})";
inline constexpr std::string_view log_level = R"({"enum": ["error", "warn", "info", "debug"]})";
inline constexpr std::string_view log_format = R"({"enum": ["text", "json"]})";
inline constexpr std::string_view text_list =
    R"({"type": ["string", "array"], "items": {"type": ["string", "number"], "minLength": 1, "pattern": "^[^,]+$"}})";
inline constexpr std::string_view any_text = R"({"type": ["string", "number", "boolean"]})";
inline constexpr std::string_view any_user = R"({"type": ["string", "integer"], "minimum": 0})";
inline constexpr std::string_view yes_or_no =
    R"({"type": ["boolean", "integer", "string"], "enum": [true, false, 1, 0, "1", "true", "yes", "0", "false", "no"]})";
inline constexpr std::string_view restart = R"({"enum": ["no", "on-failure", "always", false]})";
inline constexpr std::string_view positive =
    R"({"type": ["integer", "string"], "pattern": "^[1-9][0-9]*$", "minimum": 1})";
inline constexpr std::string_view check =
    R"json({"type": "string", "pattern": "^(notify$|tcp:|http:|https:|exec:|unix:|file:)"})json";
inline constexpr std::string_view run_kind = R"({"enum": ["always", "once", "on-change"]})";
inline constexpr std::string_view on_failure = R"({"enum": ["stop", "continue"]})";
inline constexpr std::string_view interrupted = R"({"enum": ["rerun", "fail"]})";
inline constexpr std::string_view on_edit = R"({"enum": ["warn", "fail", "rerun"]})";
inline constexpr std::string_view metadata_format = R"({"enum": ["yaml", "json", "env"]})";
inline constexpr std::string_view none;  // has no key

// A schema with the words that an editor shows beside the key.
inline std::string described(std::string_view schema, std::string_view help) {
    return "{\"description\": " + text::json_string(help) + ", " + std::string(schema.substr(1));
}

}  // namespace kaigara::app::kind
