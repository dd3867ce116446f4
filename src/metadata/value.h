// SPDX-License-Identifier: Apache-2.0
#pragma once

// One node of the metadata tree: null, a scalar, a list or a map.
//
// A scalar is the text that its author wrote ("1.10", "014", "no"), and that text is what templates
// and `kaigara get` print. Its type (YAML 1.2 core schema) is found only when truth or JSON output
// asks for it. Quoted text is always text; `plain` says that the type may be read from the form.
//
// Maps are sorted by key, bytewise, without duplicates: look-ups are binary searches and every
// output is in one order. Values own what they hold; a Value is copied only when layers are merged.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kaigara::metadata {

// Where a value was written. `source` indexes Tree::sources(); line and column count from 1, and
// are 0 where a source has none (an environment variable, --set).
struct Origin {
    std::uint32_t source = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    bool operator==(const Origin&) const = default;
};

enum class Kind : std::uint8_t { null, scalar, list, map };

// What the YAML 1.2 core schema makes of a scalar.
enum class ScalarType : std::uint8_t { null, boolean, integer, floating, text };

class Value {
public:
    struct Entry;

    Value() = default;

    static Value null(Origin origin = {});
    // Text that was quoted, a block scalar, or tagged !!str: a string whatever it looks like.
    static Value quoted(std::string text, Origin origin = {});
    // A plain scalar: its type follows from its form. Empty plain text is the caller's decision
    // (null in YAML, an empty string in the environment): this makes an empty string.
    static Value plain(std::string text, Origin origin = {});
    static Value list(std::vector<Value> items, Origin origin = {});
    // Sorts `entries`. They must have no duplicate key; find_duplicate() tells.
    static Value map(std::vector<Entry> entries, Origin origin = {});

    Kind kind() const noexcept { return kind_; }
    bool is_null() const noexcept { return kind_ == Kind::null; }
    bool is_scalar() const noexcept { return kind_ == Kind::scalar; }
    bool is_list() const noexcept { return kind_ == Kind::list; }
    bool is_map() const noexcept { return kind_ == Kind::map; }
    bool is_plain() const noexcept { return plain_; }

    // The source text of a scalar; empty for everything else.
    const std::string& text() const noexcept { return text_; }

    // The items of a list, the entries of a map; empty for everything else.
    const std::vector<Value>& items() const noexcept { return items_; }
    std::vector<Value>& items() noexcept { return items_; }
    const std::vector<Entry>& entries() const noexcept { return entries_; }
    std::vector<Entry>& entries() noexcept { return entries_; }

    // A map's value by key, or nullptr.
    const Value* find(std::string_view key) const noexcept;
    Value* find(std::string_view key) noexcept;

    // Adds or replaces an entry of a map, keeping the order.
    Value& put(std::string_view key, Value value);
    // Removes an entry of a map; false when there was none.
    bool erase(std::string_view key);

    ScalarType scalar_type() const noexcept;

    // Untrue are null, false, empty text, an empty list, an empty map. 0 is true.
    bool is_true() const noexcept;

    Origin origin() const noexcept { return origin_; }
    void set_origin(Origin origin) noexcept { origin_ = origin; }

    // A secret value is masked wherever people read; set on leaves.
    bool is_secret() const noexcept { return secret_; }
    void set_secret(bool secret) noexcept { secret_ = secret; }

    // The number of nodes, this one included.
    std::size_t size() const noexcept;

private:
    Kind kind_ = Kind::null;
    bool plain_ = false;
    bool secret_ = false;
    Origin origin_;
    std::string text_;
    std::vector<Value> items_;
    std::vector<Entry> entries_;
};

struct Value::Entry {
    std::string key;
    Value value;
    Origin key_origin{};  // where the key itself was written, as far as a document says so
};

// An entry whose key an earlier one has already, or nullptr. `entries` need not be sorted.
const Value::Entry* find_duplicate(const std::vector<Value::Entry>& entries);

// The type that the YAML 1.2 core schema gives to a plain scalar of this form.
ScalarType core_schema_type(std::string_view text) noexcept;

}  // namespace kaigara::metadata
