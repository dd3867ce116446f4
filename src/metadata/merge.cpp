// SPDX-License-Identifier: Apache-2.0
#include "metadata/merge.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/layer.h"

namespace kaigara::metadata {

namespace {

bool holds_secret(const Value& value) {
    if (value.is_secret()) return true;
    return std::ranges::any_of(value.items(), holds_secret) ||
           std::ranges::any_of(value.entries(), holds_secret, &Value::Entry::value);
}

// `upper` takes the place of `lower`. Item by item where that can be told, else all of it.
void inherit_secrecy(const Value& lower, Value& upper) {
    if (!holds_secret(lower)) return;
    if (lower.is_list() && upper.is_list() && lower.items().size() == upper.items().size()) {
        for (std::size_t i = 0; i < lower.items().size(); ++i)
            inherit_secrecy(lower.items()[i], upper.items()[i]);
    } else if (lower.is_map() && upper.is_map()) {
        for (Value::Entry& entry : upper.entries()) {
            if (const Value* below = lower.find(entry.key)) inherit_secrecy(*below, entry.value);
        }
    } else {
        make_secret(upper);
    }
}

void renumber(Value& value, const std::vector<std::uint32_t>& numbers) {
    Origin origin = value.origin();
    if (origin.source < numbers.size()) origin.source = numbers[origin.source];
    value.set_origin(origin);
    for (Value& item : value.items()) renumber(item, numbers);
    for (Value::Entry& entry : value.entries()) renumber(entry.value, numbers);
}

// Adds upper's sources to lower's, and makes upper's origins point there.
void unite_sources(Tree& lower, Tree& upper) {
    std::vector<std::string> sources = lower.sources();
    std::unordered_map<std::string, std::uint32_t> known;
    for (const std::string& name : sources)
        known.emplace(name, static_cast<std::uint32_t>(known.size()));
    std::vector<std::uint32_t> numbers;
    bool same = true;
    for (const std::string& name : upper.sources()) {
        const auto [at, added] = known.emplace(name, static_cast<std::uint32_t>(sources.size()));
        if (added) sources.push_back(name);
        same = same && at->second == numbers.size();
        numbers.push_back(at->second);
    }
    if (!same) renumber(upper.root(), numbers);
    lower = Tree(std::move(lower.root()), std::move(sources));
}

class Merger {
public:
    explicit Merger(const Tree& tree) : tree_(tree) {}

    // Both are maps. One pass over both, since both are in order.
    void merge_maps(Value& lower, Value& upper) {
        if (upper.entries().empty()) return;
        std::vector<Value::Entry> merged;
        merged.reserve(lower.entries().size() + upper.entries().size());
        auto low = lower.entries().begin();
        const auto low_end = lower.entries().end();
        for (Value::Entry& up : upper.entries()) {
            while (low != low_end && low->key < up.key) merged.push_back(std::move(*low++));
            if (low == low_end || up.key < low->key)
                merged.push_back(std::move(up));
            else if (Value::Entry& below = *low++; merge_entry(below, up.value))
                merged.push_back(std::move(below));
        }
        std::move(low, low_end, std::back_inserter(merged));
        lower.entries() = std::move(merged);
    }

    Errors take_errors() { return std::move(errors_); }

private:
    // False when the entry is deleted.
    bool merge_entry(Value::Entry& lower, Value& upper) {
        if (upper.is_null()) return lower.value.is_null();
        const std::size_t length = path_.size();
        if (length != 0) path_ += '.';
        path_ += lower.key;
        if (lower.value.is_map() && upper.is_map()) {
            merge_maps(lower.value, upper);
        } else if (!lower.value.is_null() && lower.value.is_map() != upper.is_map()) {
            errors_.push_back(conflict(path_, lower.value, tree_.origin_text(lower.value.origin()),
                                       upper, tree_.origin_text(upper.origin())));
        } else {
            inherit_secrecy(lower.value, upper);
            lower.value = std::move(upper);
        }
        path_.resize(length);
        return true;
    }

    const Tree& tree_;  // knows the sources of both
    std::string path_;
    Errors errors_;
};

}  // namespace

const char* kind_text(const Value& value) noexcept {
    switch (value.kind()) {
    case Kind::map: return "map";
    case Kind::list: return "list";
    case Kind::null: return "null";
    case Kind::scalar: break;
    }
    return "text";
}

Error conflict(std::string_view path, const Value& lower, std::string lower_origin,
               const Value& upper, std::string upper_origin) {
    return {Fault::bad_data, 0,
            fmt::format("'{}' is a {} here and a {} in {}; to replace it, delete it with null in a "
                        "layer between",
                        text::printable(path), kind_text(upper), kind_text(lower), lower_origin),
            std::move(upper_origin)};
}

Errors merge(Tree& lower, Tree&& upper) {
    unite_sources(lower, upper);
    // `lower` is written through its root while the merger only reads its sources.
    Merger merger(lower);
    merger.merge_maps(lower.root(), upper.root());
    return merger.take_errors();
}

}  // namespace kaigara::metadata
