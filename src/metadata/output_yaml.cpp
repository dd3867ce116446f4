// SPDX-License-Identifier: Apache-2.0
#include "metadata/output.h"

#include <algorithm>
#include <utility>

#include "base/secret.h"
#include "base/text.h"

namespace kaigara::metadata {

namespace {

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// Characters that some YAML reader takes for a line end or drops: U+2028, U+2029, the byte order
// mark, and all controls.
bool has_odd_characters(std::string_view text) {
    return contains(text, "\xE2\x80\xA8") || contains(text, "\xE2\x80\xA9") ||
           contains(text, "\xEF\xBB\xBF") || text::printable(text, text.size()) != text;
}

// Whether `text`, as a plain scalar in a block, is read back as it is. Narrower than YAML allows:
// what is refused here is quoted.
bool can_be_plain(std::string_view text) {
    constexpr std::string_view first =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.+-~$(";
    if (text.empty() || text.size() > 1000) return false;
    const bool letter = contains(first, text.substr(0, 1)) || (text.front() & 0x80) != 0;
    if (!letter || text.back() == ' ' || text.back() == ':') return false;
    if (text.starts_with("- ") || text == "-" || text.starts_with("---") || text.starts_with("..."))
        return false;
    return !contains(text, " #") && !contains(text, ": ") && !has_odd_characters(text);
}

// JSON's escapes are YAML's, but YAML does not allow DEL as it is.
std::string quoted(std::string_view text) {
    std::string out = text::json_string(text);
    for (std::size_t at = 0; (at = out.find('\x7F', at)) != std::string::npos;)
        out.replace(at, 1, "\\x7F");
    return out;
}

std::string key_text(std::string_view key) {
    // Others read true and null as something else than text.
    const ScalarType type = core_schema_type(key);
    const bool plain = type == ScalarType::text || type == ScalarType::integer;
    return plain && can_be_plain(key) ? std::string(key) : quoted(key);
}

std::string scalar_text(const Value& value) {
    // A number in quotes would be no number any more, however long it is.
    const bool is_typed = value.scalar_type() != ScalarType::text;
    if (value.is_plain() && (is_typed || can_be_plain(value.text()))) return value.text();
    return quoted(value.text());
}

// Lines that a literal block scalar holds as they are.
bool can_be_block(const Value& value) {
    const std::string& text = value.text();
    if (!contains(text, "\n") || text.front() == ' ' || text.front() == '\n') return false;
    if (text.ends_with("\n\n") || text.back() == ' ' || contains(text, " \n")) return false;
    return std::ranges::none_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n') || byte == 0x7F;
    });
}

class YamlWriter {
public:
    explicit YamlWriter(Secrets secrets) : secrets_(secrets) {}

    // What stands at the beginning of a line, or behind "- ".
    void write(const Value& value, std::size_t level) {
        if (value.is_map() && !value.entries().empty()) return write_map(value, level);
        if (value.is_list() && !value.items().empty()) return write_list(value, level);
        write_leaf(value, level);
    }

    std::string take() { return std::move(out_); }

private:
    void write_map(const Value& map, std::size_t level) {
        bool first = true;
        for (const Value::Entry& entry : map.entries()) {
            if (!std::exchange(first, false)) out_.append(level * 2, ' ');
            write_key(key_text(entry.key), level);
            const bool nested = !entry.value.items().empty() || !entry.value.entries().empty();
            if (nested) {
                out_ += '\n';
                out_.append((level + 1) * 2, ' ');
            } else {
                out_ += ' ';
            }
            write(entry.value, level + 1);
        }
    }

    // YAML looks no further than 1024 characters for the colon of a key that has no mark.
    void write_key(const std::string& key, std::size_t level) {
        const bool needs_mark = key.size() > 1000;
        if (needs_mark) out_ += "? ";
        out_ += key;
        if (needs_mark) {
            out_ += '\n';
            out_.append(level * 2, ' ');
        }
        out_ += ':';
    }

    void write_list(const Value& list, std::size_t level) {
        bool first = true;
        for (const Value& item : list.items()) {
            if (!std::exchange(first, false)) out_.append(level * 2, ' ');
            out_ += "- ";
            write(item, level + 1);
        }
    }

    void write_leaf(const Value& value, std::size_t level) {
        if (value.is_secret() && secrets_ == Secrets::masked)
            out_ += quoted(Secret::mask);
        else if (value.is_map())
            out_ += "{}";
        else if (value.is_list())
            out_ += "[]";
        else if (value.is_null())
            out_ += "null";
        else if (can_be_block(value))
            return write_block(value.text(), level);
        else
            out_ += scalar_text(value);
        out_ += '\n';
    }

    void write_block(std::string_view text, std::size_t level) {
        const bool closed = text.ends_with('\n');
        if (closed) text.remove_suffix(1);
        out_ += closed ? "|\n" : "|-\n";
        for (const std::string_view line : text::split(text, '\n')) {
            if (!line.empty()) out_.append(level * 2, ' ');
            out_ += line;
            out_ += '\n';
        }
    }

    Secrets secrets_;
    std::string out_;
};

}  // namespace

std::string to_yaml(const Value& value, Secrets secrets) {
    YamlWriter writer(secrets);
    writer.write(value, 0);
    return writer.take();
}

}  // namespace kaigara::metadata
