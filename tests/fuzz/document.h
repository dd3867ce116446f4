// SPDX-License-Identifier: Apache-2.0
#pragma once

// What holds for every tree that a document was read into, and for the errors of one that was not.

#include <string_view>

#include "check.h"
#include "metadata/bounds.h"
#include "metadata/json.h"
#include "metadata/output.h"
#include "metadata/snapshot.h"
#include "metadata/tree.h"
#include "metadata/yaml.h"

namespace kaigara::fuzz {

// A few aliases make a big tree of a small document; reading it back shows nothing that a smaller
// one would not, and takes long.
inline constexpr std::size_t most_nodes = 4'000;

enum class Strictness : std::uint8_t { meaning, all };

// A plain scalar that spells null, as a variable may hold it, means null.
inline bool is_nothing(const metadata::Value& value) {
    return value.is_null() ||
           (value.is_scalar() && value.scalar_type() == metadata::ScalarType::null);
}

inline bool same_leaf(const metadata::Value& a, const metadata::Value& b, Strictness how) {
    if (how == Strictness::meaning && is_nothing(a)) return is_nothing(b);
    if (a.kind() != b.kind() || a.text() != b.text() || a.scalar_type() != b.scalar_type())
        return false;
    return how == Strictness::meaning ||
           (a.origin() == b.origin() && a.is_secret() == b.is_secret() &&
            a.is_plain() == b.is_plain());
}

// Equal in type, text and order, and with Strictness::all in what is kept beside them.
inline bool same(const metadata::Value& a, const metadata::Value& b, Strictness how) {
    if (!same_leaf(a, b, how)) return false;
    if (a.items().size() != b.items().size() || a.entries().size() != b.entries().size())
        return false;
    for (std::size_t i = 0; i < a.items().size(); ++i)
        if (!same(a.items()[i], b.items()[i], how)) return false;
    for (std::size_t i = 0; i < a.entries().size(); ++i) {
        const auto& left = a.entries()[i];
        const auto& right = b.entries()[i];
        if (left.key != right.key || !same(left.value, right.value, how)) return false;
    }
    return true;
}

inline std::size_t depth(const metadata::Value& value) {
    std::size_t deepest = 0;
    for (const auto& item : value.items()) deepest = std::max(deepest, depth(item));
    for (const auto& entry : value.entries()) deepest = std::max(deepest, depth(entry.value));
    return deepest + (value.is_list() || value.is_map() ? 1 : 0);
}

inline std::string joined(const Errors& errors) {
    std::string text;
    for (const Error& error : errors) text += error.text() + "\n";
    return text;
}

// What is written can be read, and then is the same.
inline void check_round_trips(const metadata::Value& root) {
    using namespace metadata;
    if (root.size() > most_nodes) return;
    const std::string yaml = to_yaml(root, Secrets::shown);
    if (yaml.size() < max_document_bytes) {
        const auto again = read_yaml(yaml, 0, "again.yml");
        check(again.has_value(), "YAML that was written can be read",
              {yaml, again ? "" : joined(again.error())});
        check(same(root, *again, Strictness::meaning), "YAML that was written is the same tree",
              {yaml, to_yaml(*again, Secrets::shown)});
    }
    for (const std::size_t indent : {std::size_t{0}, std::size_t{2}}) {
        const std::string json = to_json(root, indent, Secrets::shown);
        if (json.size() >= max_document_bytes) return;
        const auto again = read_json(json, 0, "again.json");
        // YAML and JSON as such have 1e999; the reader, like others, has no number for it.
        if (!again && again.error().front().message.find("too large") != std::string::npos) return;
        check(again.has_value(), "JSON that was written can be read",
              {json, again ? "" : joined(again.error())});
        const std::string json_again = to_json(*again, indent, Secrets::shown);
        check(json == json_again, "JSON that was written is the same tree", {json, json_again});
        check(indent != 0 || json.find('\n') == std::string::npos, "JSON is on one line", {json});
    }
}

inline void check_tree(const metadata::Tree& tree) {
    using namespace metadata;
    check(tree.root().is_map(), "the root is a map");
    check(tree.root().size() <= max_nodes, "the limit of nodes holds");
    check(depth(tree.root()) <= max_depth, "the limit of depth holds");
    check_round_trips(tree.root());
    const auto again = snapshot::decode(snapshot::encode(tree));
    check(again.has_value(), "a snapshot can be read");
    check(same(tree.root(), again->root(), Strictness::all) && tree.sources() == again->sources(),
          "a snapshot holds the same tree");
}

// The outcome of a reader that was given `text` under the name `name`.
inline void check_document(const Result<metadata::Value, Errors>& root, std::string_view text,
                           std::string_view name) {
    if (root) {
        check_tree(metadata::Tree(*root, {std::string(name)}));
        return;
    }
    check(!root.error().empty(), "what cannot be read has an error");
    check(root.error().size() <= metadata::max_errors + 1, "the limit of errors holds");
    for (const Error& error : root.error()) {
        check_words(error);
        check_place(error, name, text);
        check(error.fault == Fault::bad_data, "a bad document is bad data", {error.text()});
    }
}

}  // namespace kaigara::fuzz
