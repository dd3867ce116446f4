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

void make_secret(Value& value) {
    if (value.is_scalar()) value.set_secret(true);
    for (Value& item : value.items()) make_secret(item);
    for (Value::Entry& entry : value.entries()) make_secret(entry.value);
}

}  // namespace kaigara::metadata
