// SPDX-License-Identifier: Apache-2.0
#include "metadata/value.h"

#include <algorithm>
#include <array>

namespace kaigara::metadata {

namespace {

bool key_less(const Value::Entry& a, const Value::Entry& b) { return a.key < b.key; }

template <class Entries>
auto lower_bound(Entries& entries, std::string_view key) {
    return std::lower_bound(
        entries.begin(), entries.end(), key,
        [](const Value::Entry& entry, std::string_view wanted) { return entry.key < wanted; });
}

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& forms) {
    return std::ranges::find(forms, text) != forms.end();
}

constexpr std::array<std::string_view, 4> null_forms{"null", "Null", "NULL", "~"};
constexpr std::array<std::string_view, 3> true_forms{"true", "True", "TRUE"};
constexpr std::array<std::string_view, 3> false_forms{"false", "False", "FALSE"};
constexpr std::array<std::string_view, 3> infinity_forms{".inf", ".Inf", ".INF"};
constexpr std::array<std::string_view, 3> nan_forms{".nan", ".NaN", ".NAN"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Takes the digits at the front of `text` away and tells how many there were.
std::size_t eat_digits(std::string_view& text) {
    const auto end = std::ranges::find_if_not(text, is_digit);
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count;
}

void eat_sign(std::string_view& text) {
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
}

// 0o17 and 0x1F, which have no sign.
bool is_based_integer(std::string_view text) {
    if (text.size() < 3 || text[0] != '0') return false;
    const std::string_view digits = text.substr(2);
    if (text[1] == 'x') return std::ranges::all_of(digits, is_hex_digit);
    return text[1] == 'o' &&
           std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '7'; });
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, and the integers among them.
ScalarType number_type(std::string_view text) {
    eat_sign(text);
    const std::size_t whole = eat_digits(text);
    bool fraction = false;
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        fraction = true;
        if (eat_digits(text) == 0 && whole == 0) return ScalarType::text;
    } else if (whole == 0) {
        return ScalarType::text;
    }
    if (text.empty()) return fraction ? ScalarType::floating : ScalarType::integer;
    if (text.front() != 'e' && text.front() != 'E') return ScalarType::text;
    text.remove_prefix(1);
    eat_sign(text);
    return eat_digits(text) > 0 && text.empty() ? ScalarType::floating : ScalarType::text;
}

bool is_infinity(std::string_view text) {
    eat_sign(text);
    return one_of(text, infinity_forms);
}

}  // namespace

ScalarType core_schema_type(std::string_view text) noexcept {
    if (text.empty()) return ScalarType::null;
    switch (text.front()) {
    case 'n':
    case 'N':
    case '~': return one_of(text, null_forms) ? ScalarType::null : ScalarType::text;
    case 't':
    case 'T': return one_of(text, true_forms) ? ScalarType::boolean : ScalarType::text;
    case 'f':
    case 'F': return one_of(text, false_forms) ? ScalarType::boolean : ScalarType::text;
    case '+':
    case '-':
    case '.':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        if (is_based_integer(text)) return ScalarType::integer;
        if (is_infinity(text) || one_of(text, nan_forms)) return ScalarType::floating;
        return number_type(text);
    default: return ScalarType::text;
    }
}

Value Value::null(Origin origin) {
    Value value;
    value.origin_ = origin;
    return value;
}

Value Value::quoted(std::string text, Origin origin) {
    Value value;
    value.kind_ = Kind::scalar;
    value.origin_ = origin;
    value.text_ = std::move(text);
    return value;
}

Value Value::plain(std::string text, Origin origin) {
    Value value = quoted(std::move(text), origin);
    value.plain_ = true;
    return value;
}

Value Value::list(std::vector<Value> items, Origin origin) {
    Value value;
    value.kind_ = Kind::list;
    value.origin_ = origin;
    value.items_ = std::move(items);
    return value;
}

Value Value::map(std::vector<Entry> entries, Origin origin) {
    Value value;
    value.kind_ = Kind::map;
    value.origin_ = origin;
    value.entries_ = std::move(entries);
    // Files written by programs are in order already, and moving entries about costs more than a
    // look.
    if (!std::ranges::is_sorted(value.entries_, key_less))
        std::ranges::sort(value.entries_, key_less);
    return value;
}

const Value* Value::find(std::string_view key) const noexcept {
    const auto at = lower_bound(entries_, key);
    return at != entries_.end() && at->key == key ? &at->value : nullptr;
}

Value* Value::find(std::string_view key) noexcept {
    const auto at = lower_bound(entries_, key);
    return at != entries_.end() && at->key == key ? &at->value : nullptr;
}

Value& Value::put(std::string_view key, Value value) {
    const auto at = lower_bound(entries_, key);
    if (at != entries_.end() && at->key == key) {
        at->value = std::move(value);
        return at->value;
    }
    return entries_.insert(at, Entry{std::string(key), std::move(value)})->value;
}

bool Value::erase(std::string_view key) {
    const auto at = lower_bound(entries_, key);
    if (at == entries_.end() || at->key != key) return false;
    entries_.erase(at);
    return true;
}

ScalarType Value::scalar_type() const noexcept {
    if (kind_ == Kind::null) return ScalarType::null;
    if (!plain_ || text_.empty()) return ScalarType::text;
    return core_schema_type(text_);
}

bool Value::is_true() const noexcept {
    switch (kind_) {
    case Kind::null: return false;
    case Kind::list: return !items_.empty();
    case Kind::map: return !entries_.empty();
    case Kind::scalar: break;
    }
    if (text_.empty()) return false;
    if (!plain_) return true;
    return !one_of(text_, null_forms) && !one_of(text_, false_forms);
}

std::size_t Value::size() const noexcept {
    std::size_t nodes = 1;
    for (const Value& item : items_) nodes += item.size();
    for (const Entry& entry : entries_) nodes += entry.value.size();
    return nodes;
}

const Value::Entry* find_duplicate(const std::vector<Value::Entry>& entries) {
    std::vector<const Value::Entry*> order;
    order.reserve(entries.size());
    for (const Value::Entry& entry : entries) order.push_back(&entry);
    std::ranges::stable_sort(
        order, {}, [](const Value::Entry* entry) -> const std::string& { return entry->key; });
    const auto twin = std::ranges::adjacent_find(
        order, {}, [](const Value::Entry* entry) -> const std::string& { return entry->key; });
    return twin == order.end() ? nullptr : twin[1];
}

}  // namespace kaigara::metadata
