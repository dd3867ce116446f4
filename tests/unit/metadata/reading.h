// SPDX-License-Identifier: Apache-2.0
#pragma once

// Short ways to say what a test of metadata says over and over.

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "metadata/output.h"
#include "metadata/tree.h"
#include "metadata/yaml.h"

namespace kaigara::metadata {

inline std::string lines(const Errors& errors) {
    std::string out;
    for (const Error& error : errors) {
        if (!out.empty()) out += '\n';
        out += error.text();
    }
    return out;
}

// The tree that `text` describes; its source is called `name`.
inline Tree tree_of(std::string_view text, std::string_view name = "m.yml") {
    auto root = read_yaml(text, 0, name);
    if (!root) FAIL(lines(root.error()));
    return Tree(std::move(root).value(), {std::string(name)});
}

inline std::string json_of(const Tree& tree) { return to_json(tree.root()); }

// The document as JSON on one line, or its errors, a line each.
inline std::string read(std::string_view text) {
    auto root = read_yaml(text, 0, "m.yml");
    return root ? to_json(*root) : lines(root.error());
}

inline const Value& at(const Tree& tree, std::string_view path) {
    const Value* value = tree.find(path);
    if (value == nullptr) FAIL("no value at " << std::string(path));
    return *value;
}

}  // namespace kaigara::metadata
