// SPDX-License-Identifier: Apache-2.0
#pragma once

// A metadata tree: a root map, and the names of the sources that its values came from.
//
// Paths are dotted: "app.db.host". An all-digit step indexes a list. A key that itself holds a dot
// is found too: at each map the longest run of steps that is a key wins, so "app.conf" reaches the
// key of a ConfigMap file of that name.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/value.h"

namespace kaigara::metadata {

class Tree {
public:
    Tree() : root_(Value::map({})) {}
    explicit Tree(Value root, std::vector<std::string> sources = {})
        : root_(std::move(root)), sources_(std::move(sources)) {}

    const Value& root() const noexcept { return root_; }
    Value& root() noexcept { return root_; }

    const std::vector<std::string>& sources() const noexcept { return sources_; }
    // The index of `name` among the sources; added when it is new.
    std::uint32_t add_source(std::string_view name);

    // The value at a dotted path, or nullptr. "" and "." are the root. A leading dot is allowed.
    const Value* find(std::string_view path) const noexcept;

    // "metadata.yml:3:5", or the bare name of a source that has no lines.
    std::string origin_text(Origin origin) const;

    // Dotted paths of all leaves (scalars, nulls, empty lists and maps), in order.
    std::vector<std::string> leaf_paths() const;

    // The existing path nearest to one that does not exist (text::nearest over all paths of maps
    // and leaves, preferring those that share the parent), or nothing.
    std::optional<std::string> nearest_path(std::string_view path) const;

private:
    Value root_;
    std::vector<std::string> sources_;
};

// Follows a dotted path from any value; nullptr when a step does not exist.
const Value* find_path(const Value& from, std::string_view path) noexcept;

}  // namespace kaigara::metadata
