// SPDX-License-Identifier: Apache-2.0
#include "metadata/tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::metadata {

namespace {

// A message about a missing name may look at this many others, and no more: a template can miss
// many names, and each comparison costs the product of two lengths.
constexpr std::size_t most_compared_paths = 5'000;

std::string_view without_leading_dot(std::string_view path) {
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
    return path;
}

struct Step {
    const Value* value = nullptr;
    std::size_t length = 0;  // how much of the path led there, without the dot behind it
};

// The longest run of steps at the front of `path` that is a key of `map`.
Step step_into_map(const Value& map, std::string_view path) noexcept {
    std::size_t end = path.size();
    while (end != std::string_view::npos) {
        if (const Value* found = map.find(path.substr(0, end))) return {found, end};
        if (end == 0) break;
        end = path.rfind('.', end - 1);
    }
    return {};
}

Step step_into_list(const Value& list, std::string_view path) noexcept {
    const std::size_t end = std::min(path.find('.'), path.size());
    const auto index = text::parse_number(path.substr(0, end), list.items().size());
    if (!index || *index == list.items().size()) return {};
    return {&list.items()[static_cast<std::size_t>(*index)], end};
}

enum class Wanted { leaves, all };

void collect(const Value& value, std::string& path, Wanted wanted, std::vector<std::string>& out) {
    const std::size_t length = path.size();
    const bool leaf = value.items().empty() && value.entries().empty();
    if (length != 0 && (leaf || wanted == Wanted::all)) out.push_back(path);
    const std::string_view dot = length == 0 ? "" : ".";
    for (std::size_t i = 0; i < value.items().size(); ++i) {
        fmt::format_to(std::back_inserter(path), "{}{}", dot, i);
        collect(value.items()[i], path, wanted, out);
        path.resize(length);
    }
    for (const Value::Entry& entry : value.entries()) {
        path += dot;
        path += entry.key;
        collect(entry.value, path, wanted, out);
        path.resize(length);
    }
}

std::vector<std::string> collect(const Value& root, Wanted wanted) {
    std::vector<std::string> paths;
    std::string path;
    collect(root, path, wanted, paths);
    return paths;
}

}  // namespace

const Value* find_path(const Value& from, std::string_view path) noexcept {
    path = without_leading_dot(path);
    if (path.empty()) return &from;
    const Value* at = &from;
    for (;;) {
        const Step step = at->is_list() ? step_into_list(*at, path) : step_into_map(*at, path);
        if (step.value == nullptr || step.length == path.size()) return step.value;
        at = step.value;
        path.remove_prefix(step.length + 1);
    }
}

const Value* Tree::find(std::string_view path) const noexcept { return find_path(root_, path); }

std::uint32_t Tree::add_source(std::string_view name) {
    const auto at = std::ranges::find(sources_, name);
    const auto index = static_cast<std::uint32_t>(at - sources_.begin());
    if (at == sources_.end()) sources_.emplace_back(name);
    return index;
}

std::string Tree::origin_text(Origin origin) const {
    if (origin.source >= sources_.size()) return {};
    const std::string& name = sources_[origin.source];
    if (origin.line == 0) return name;
    return fmt::format("{}:{}:{}", name, origin.line, origin.column);
}

std::vector<std::string> Tree::leaf_paths() const { return collect(root_, Wanted::leaves); }

std::optional<std::string> Tree::nearest_path(std::string_view path) const {
    path = without_leading_dot(path);
    // The deepest map that the path does reach: whoever came that far mistyped the step behind it.
    std::size_t end = path.rfind('.');
    while (end != std::string_view::npos && find(path.substr(0, end)) == nullptr)
        end = end == 0 ? std::string_view::npos : path.rfind('.', end - 1);
    const bool below_root = end == std::string_view::npos;
    const Value* parent = below_root ? &root_ : find(path.substr(0, end));
    const std::string_view rest = below_root ? path : path.substr(end + 1);

    std::vector<std::string_view> candidates;
    for (const Value::Entry& entry : parent->entries()) candidates.emplace_back(entry.key);
    if (candidates.size() > most_compared_paths) return std::nullopt;
    if (const auto near = text::nearest(rest, candidates))
        return below_root ? std::string(*near) : fmt::format("{}.{}", path.substr(0, end), *near);

    const std::vector<std::string> paths = collect(root_, Wanted::all);
    if (paths.size() > most_compared_paths) return std::nullopt;
    candidates.assign(paths.begin(), paths.end());
    if (const auto near = text::nearest(path, candidates)) return std::string(*near);
    return std::nullopt;
}

}  // namespace kaigara::metadata
