// SPDX-License-Identifier: Apache-2.0
#include "metadata/output.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"

namespace kaigara::metadata {

namespace {

// Widths that a column of to_origins may be stretched to, in characters.
constexpr std::size_t widest_path = 48;
constexpr std::size_t widest_value = 40;
constexpr std::size_t longest_value = 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_masked(const Value& value, Secrets secrets) {
    return value.is_secret() && secrets == Secrets::masked;
}

std::string json_scalar(const Value& value) {
    switch (value.scalar_type()) {
    case ScalarType::null: return "null";
    case ScalarType::boolean: return text::lower(value.text());
    case ScalarType::integer:
    case ScalarType::floating:
        if (auto number = json_number(value.text())) return *std::move(number);
        break;
    case ScalarType::text: break;
    }
    return text::json_string(value.text());
}

class JsonWriter {
public:
    JsonWriter(std::size_t indent, Secrets secrets) : indent_(indent), secrets_(secrets) {}

    void write(const Value& value, std::size_t level) {
        if (value.is_map()) return write_map(value, level);
        if (value.is_list()) return write_list(value, level);
        if (is_masked(value, secrets_))
            out_ += text::json_string(Secret::mask);
        else
            out_ += json_scalar(value);
    }

    std::string take() { return std::move(out_); }

private:
    void write_list(const Value& list, std::size_t level) {
        out_ += '[';
        for (const Value& item : list.items()) {
            if (&item != &list.items().front()) out_ += ',';
            new_line(level + 1);
            write(item, level + 1);
        }
        if (!list.items().empty()) new_line(level);
        out_ += ']';
    }

    void write_map(const Value& map, std::size_t level) {
        out_ += '{';
        for (const Value::Entry& entry : map.entries()) {
            if (&entry != &map.entries().front()) out_ += ',';
            new_line(level + 1);
            out_ += text::json_string(entry.key);
            out_ += indent_ == 0 ? ":" : ": ";
            write(entry.value, level + 1);
        }
        if (!map.entries().empty()) new_line(level);
        out_ += '}';
    }

    void new_line(std::size_t level) {
        if (indent_ == 0) return;
        out_ += '\n';
        out_.append(indent_ * level, ' ');
    }

    std::size_t indent_;
    Secrets secrets_;
    std::string out_;
};

// Digits behind 0x or 0o, in decimal.
std::optional<std::string> decimal(std::string_view digits, int base) {
    std::uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return std::to_string(number);
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// The name of the variable for a path whose steps are joined by dots.
std::string variable_name(std::string_view path) {
    std::string name;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) == 0x80U) continue;  // one _ a character, not one a byte
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        name += letter || is_digit(c) ? c : '_';
    }
    if (!name.empty() && is_digit(name.front())) name.insert(0, 1, '_');
    return text::upper(name);
}

struct Leaf {
    std::string path;
    const Value* value;
};

void collect_leaves(const Value& value, std::string& path, std::vector<Leaf>& out) {
    const std::size_t length = path.size();
    if (value.items().empty() && value.entries().empty()) {
        if (length != 0) out.push_back({path, &value});
        return;
    }
    const std::string_view dot = length == 0 ? "" : ".";
    for (std::size_t i = 0; i < value.items().size(); ++i) {
        fmt::format_to(std::back_inserter(path), "{}{}", dot, i);
        collect_leaves(value.items()[i], path, out);
        path.resize(length);
    }
    for (const Value::Entry& entry : value.entries()) {
        fmt::format_to(std::back_inserter(path), "{}{}", dot, entry.key);
        collect_leaves(entry.value, path, out);
        path.resize(length);
    }
}

std::vector<Leaf> leaves(const Tree& tree) {
    std::vector<Leaf> out;
    std::string path;
    collect_leaves(tree.root(), path, out);
    return out;
}

std::string origins_value(const Value& value, Secrets secrets) {
    if (value.is_map()) return "{}";
    if (value.is_list()) return "[]";
    if (value.is_null()) return "null";
    if (is_masked(value, secrets)) return Secret::mask;
    const std::string& text = value.text();
    const bool plain = text == text::printable(text, text.size()) && !text.empty() &&
                       text.front() != ' ' && text.back() != ' ';
    return text::printable(plain ? text : text::json_string(text), longest_value);
}

// The width that fits all cells, those aside that are wider than `widest`.
std::size_t column_width(const std::vector<std::string>& cells, std::size_t widest) {
    std::size_t width = 0;
    for (const std::string& cell : cells) {
        const std::size_t size = characters(cell);
        if (size <= widest) width = std::max(width, size);
    }
    return width;
}

void append_cell(std::string& out, std::string_view cell, std::size_t width) {
    out += cell;
    const std::size_t size = characters(cell);
    out.append(width - std::min(width, size), ' ');
}

}  // namespace

std::optional<std::string> json_number(std::string_view text) {
    if (text.starts_with("0x")) return decimal(text.substr(2), 16);
    if (text.starts_with("0o")) return decimal(text.substr(2), 8);
    std::string out;
    if (text.starts_with('-')) out += '-';
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    const std::size_t whole = std::min(text.find_first_not_of("0123456789"), text.size());
    std::string_view digits = text.substr(0, whole);
    std::string_view rest = text.substr(whole);
    if (digits.empty() && !(rest.size() > 1 && is_digit(rest[1]))) return std::nullopt;  // .inf
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    out += digits.empty() ? "0" : digits;
    if (rest.starts_with('.')) {
        out += '.';
        rest.remove_prefix(1);
        if (rest.empty() || !is_digit(rest.front())) out += '0';
    }
    out += rest;
    return out;
}

std::string to_json(const Value& value, std::size_t indent, Secrets secrets) {
    JsonWriter writer(indent, secrets);
    writer.write(value, 0);
    return writer.take();
}

Result<std::vector<Variable>, Errors> environment_variables(const Tree& tree) {
    std::vector<Variable> variables;
    std::unordered_map<std::string, std::string> paths;  // by name
    Errors errors;
    for (const Leaf& leaf : leaves(tree)) {
        if (!leaf.value->is_scalar()) continue;
        std::string name = variable_name(leaf.path);
        const auto [at, added] = paths.emplace(name, leaf.path);
        if (!added) {
            errors.push_back(
                {Fault::bad_data, 0,
                 fmt::format("'{}' and '{}' would both be the variable {}",
                             text::printable(at->second), text::printable(leaf.path), name),
                 tree.origin_text(leaf.value->origin())});
        }
        variables.push_back({std::move(name), leaf.value});
    }
    if (!errors.empty()) return errors;
    return variables;
}

Result<std::string, Errors> to_env(const Tree& tree, Secrets secrets) {
    KG_LET(variables, environment_variables(tree));
    std::string out;
    for (const Variable& variable : variables) {
        const bool masked = is_masked(*variable.value, secrets);
        out += variable.name;
        out += '=';
        out += text::shell_word(masked ? std::string_view(Secret::mask) : variable.value->text());
        out += '\n';
    }
    return out;
}

std::string to_origins(const Tree& tree, Secrets secrets) {
    const std::vector<Leaf> all = leaves(tree);
    std::vector<std::string> paths;
    std::vector<std::string> values;
    for (const Leaf& leaf : all) {
        paths.push_back(text::printable(leaf.path));
        values.push_back(origins_value(*leaf.value, secrets));
    }
    const std::size_t path_width = column_width(paths, widest_path);
    const std::size_t value_width = column_width(values, widest_value);
    std::string out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        append_cell(out, paths[i], path_width);
        out += " = ";
        append_cell(out, values[i], value_width);
        fmt::format_to(std::back_inserter(out), "  ({})\n",
                       tree.origin_text(all[i].value->origin()));
    }
    return out;
}

}  // namespace kaigara::metadata
