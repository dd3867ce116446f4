// SPDX-License-Identifier: Apache-2.0
#include "provision/template_scope.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

using metadata::Value;

// A suggestion compares with no more names than this.
constexpr std::size_t max_compared_names = 5'000;

// Whether the front of `path`, short of all of it, is a key or an index of `value`.
bool has_first_step(const Value& value, std::string_view path) {
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
         dot = path.find('.', dot + 1)) {
        if (metadata::find_path(value, path.substr(0, dot)) != nullptr) return true;
    }
    return false;
}

// Like Tree::nearest_path(), for a part of the tree: the mistyped step is the first one that the
// path does not reach.
std::optional<std::string> nearest_below(const Value& from, std::string_view path) {
    std::size_t begin = path.size();
    const Value* parent = nullptr;
    while (parent == nullptr) {
        const std::size_t dot = begin == 0 ? std::string_view::npos : path.rfind('.', begin - 1);
        begin = dot == std::string_view::npos ? 0 : dot;
        parent = begin == 0 ? &from : metadata::find_path(from, path.substr(0, begin));
    }
    const std::string_view rest = begin == 0 ? path : path.substr(begin + 1);
    if (parent->entries().size() > max_compared_names) return std::nullopt;
    std::vector<std::string_view> names;
    for (const Value::Entry& entry : parent->entries()) names.emplace_back(entry.key);
    const auto near = text::nearest(rest, names);
    if (!near) return std::nullopt;
    return begin == 0 ? std::string(*near) : fmt::format("{}.{}", path.substr(0, begin), *near);
}

// What a section over `value` makes its items.
void collect_items(const Value& value, MarkerKind kind, std::unordered_set<const Value*>& out) {
    for (const Value& item : value.items()) out.insert(&item);
    if (kind == MarkerKind::each) {
        for (const Value::Entry& entry : value.entries()) out.insert(&entry.value);
    } else if (value.is_map()) {
        out.insert(&value);
    }
}

}  // namespace

Scope::Scope(const Program& program, const metadata::Tree& tree) : program_(program), tree_(tree) {
    frames_.reserve(max_nesting + 2);
    Frame root;
    root.value = &tree.root();
    frames_.push_back(root);
}

void Scope::next_round() {
    Frame& frame = frames_.back();
    if (frame.walks()) {
        frame.value = frame.whole->is_list() ? &frame.whole->items()[frame.next]
                                             : &frame.whole->entries()[frame.next].value;
    }
    ++frame.next;
}

Scope::Found Scope::look_up(const Marker& marker) const {
    for (std::size_t i = frames_.size(); i-- > 0;) {
        const Value* from = frames_[i].value;
        if (from == nullptr) continue;
        if (marker.subject == Subject::item) return {from, i};
        if (const Value* found = metadata::find_path(*from, marker.path)) return {found, i};
        if (has_first_step(*from, marker.path)) return {nullptr, i};
    }
    return {};
}

const Frame* Scope::walked(bool map_only) const noexcept {
    for (std::size_t i = frames_.size(); i-- > 0;) {
        const Frame& frame = frames_[i];
        if (frame.walks() && (!map_only || frame.whole->is_map())) return &frame;
    }
    return nullptr;
}

const Frame* Scope::frame_of(std::uint32_t marker) const noexcept {
    for (std::size_t i = frames_.size(); i-- > 1;) {
        if (frames_[i].marker == marker) return &frames_[i];
    }
    return nullptr;
}

std::string Scope::path_of(std::size_t frame) const {
    if (frame == 0) return {};
    const Frame& at = frames_[frame];
    std::string path = path_of(at.home);  // homes lie further out: this ends
    const auto add = [&path](std::string_view step) {
        if (!path.empty() && !step.empty()) path += '.';
        path += step;
    };
    add(program_.markers[at.marker].path);
    if (at.walks() && at.whole->is_list()) add(fmt::format("{}", at.next - 1));
    if (at.walks() && at.whole->is_map()) add(at.whole->entries()[at.next - 1].key);
    return path;
}

std::string Scope::item_path() const {
    const Frame* frame = walked(false);
    return frame == nullptr ? std::string()
                            : path_of(static_cast<std::size_t>(frame - frames_.data()));
}

std::string Scope::suggestion(std::string_view path) const {
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (std::size_t i = frames_.size(); i-- > 0;) {
        if (frames_[i].value == nullptr) continue;
        const auto near =
            i == 0 ? tree_.nearest_path(path) : nearest_below(*frames_[i].value, path);
        if (!near || *near == path) continue;  // further out than a name's first step lets it look
        const std::size_t distance = text::edit_distance(path, *near);
        if (best && distance >= best_distance) continue;
        best = *near;
        best_distance = distance;
    }
    return best ? fmt::format(" (did you mean '{}'?)", text::printable(*best)) : std::string();
}

bool Scope::exists_in_other_items(std::string_view path, std::size_t& steps,
                                  std::size_t most) const {
    // From the root inwards: all items that each section could walk, whatever item the sections
    // around it are at. The sets keep shared values from being counted twice.
    std::vector<std::unordered_set<const Value*>> levels(1);
    levels[0].insert(&tree_.root());
    for (std::size_t i = 1; i < frames_.size(); ++i) {
        const Marker& marker = program_.markers[frames_[i].marker];
        if (frames_[i].value == nullptr) continue;
        std::unordered_set<const Value*> next;
        const bool is_item = marker.subject == Subject::item;
        for (std::size_t level = is_item ? levels.size() - 1 : 0; level < levels.size(); ++level) {
            steps += levels[level].size();
            if (steps > most) return true;  // the caller's next step says so
            for (const Value* from : levels[level]) {
                const Value* found = is_item ? from : metadata::find_path(*from, marker.path);
                if (found != nullptr) collect_items(*found, marker.kind, next);
            }
        }
        levels.push_back(std::move(next));
    }
    for (const auto& level : levels) {
        steps += level.size();
        for (const Value* from : level) {
            if (metadata::find_path(*from, path) != nullptr) return true;
        }
    }
    return false;
}

}  // namespace kaigara::provision
