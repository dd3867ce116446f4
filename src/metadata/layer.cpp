// SPDX-License-Identifier: Apache-2.0
#include "metadata/layer.h"

#include <utility>

#include "base/text.h"

namespace kaigara::metadata {

Tree mounted_at(std::string_view path, Tree tree) {
    if (path.empty()) return tree;
    Value root = std::move(tree.root());
    const auto steps = text::split(path, '.');
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        const Origin origin = root.origin();
        std::vector<Value::Entry> entries;
        entries.push_back({std::string(*step), std::move(root)});
        root = Value::map(std::move(entries), origin);
    }
    return Tree(std::move(root), tree.sources());
}

Tree part_at(std::string_view path, const Tree& tree) {
    const Value* part = tree.find(path);
    return Tree(part != nullptr && part->is_map() ? *part : Value::map({}), tree.sources());
}

namespace {

void collect_secrets(const Value& value, std::string& path, std::vector<std::string>& paths) {
    if (value.is_secret()) paths.push_back(path);
    const std::size_t length = path.size();
    const auto descend = [&path, &paths, length](std::string_view step, const Value& child) {
        if (length != 0) path += '.';
        path += step;
        collect_secrets(child, path, paths);
        path.resize(length);
    };
    for (std::size_t i = 0; i < value.items().size(); ++i)
        descend(std::to_string(i), value.items()[i]);
    for (const Value::Entry& entry : value.entries()) descend(entry.key, entry.value);
}

}  // namespace

std::vector<std::string> secret_paths(const Value& root) {
    std::vector<std::string> paths;
    std::string path;
    collect_secrets(root, path, paths);
    return paths;
}

void make_secret(Value& value) {
    if (value.is_scalar()) value.set_secret(true);
    for (Value& item : value.items()) make_secret(item);
    for (Value::Entry& entry : value.entries()) make_secret(entry.value);
}

}  // namespace kaigara::metadata
