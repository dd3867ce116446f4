// SPDX-License-Identifier: Apache-2.0
#pragma once

// A tree as text that people and programs read.
//
// Secret values come out as ***, unless Secrets::shown. Nothing here ends in a line end but
// to_yaml, to_env and to_origins, which are whole lines.
//
// JSON: a plain scalar that is a number or a boolean in the core schema is one here, made valid:
// 014 is 14, 0o17 is 15, 0x1F is 31, .5 is 0.5, +1 is 1, 1. is 1.0, True is true, and 1.10 stays
// 1.10. Numbers of any length are as they were written; octal and hexadecimal ones above 64 bits,
// .inf and .nan, for which JSON has no number, are strings.
//
// YAML: reads back to the same tree. What was plain stays plain, what was quoted is quoted, long
// texts of lines are block scalars.
//
// Environment: every scalar as NAME='value', quoted for sh. The name is the path, upper case, with
// _ for each character that is no ASCII letter or digit, list items by index: APP_DB_URL,
// APP_HOSTS_0. A name that would begin with a digit gets a _ in front. Two paths with one name are
// an error.
//
// Origins: a line a leaf, in columns,
//
//     app.db.host  = db.example.org  (KAIGARA_META_APP__DB__HOST)
//     app.db.port  = 5432            (/opt/provision/metadata.yml:4:11)
//     app.motd     = "line\nline"    (/opt/provision/metadata.yml:6:9)
//
// where a text that is empty, begins or ends with blanks or has control characters is written as a
// JSON string, long ones are cut, and a column that is wider than others by far does not widen
// them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

enum class Secrets : std::uint8_t { masked, shown };

// `indent` blanks a level, on lines of their own; 0 for one line.
std::string to_json(const Value& value, std::size_t indent = 0, Secrets secrets = Secrets::masked);

std::string to_yaml(const Value& value, Secrets secrets = Secrets::masked);

std::string to_origins(const Tree& tree, Secrets secrets = Secrets::masked);

struct Variable {
    std::string name;
    const Value* value;  // a scalar of the tree
};

// What to_env prints and `export: all` sets, in path order.
Result<std::vector<Variable>, Errors> environment_variables(const Tree& tree);

Result<std::string, Errors> to_env(const Tree& tree, Secrets secrets = Secrets::masked);

// The number as JSON has it, or nothing when it has none; `text` is an integer or a float in the
// core schema.
std::optional<std::string> json_number(std::string_view text);

}  // namespace kaigara::metadata
