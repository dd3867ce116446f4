// SPDX-License-Identifier: Apache-2.0
#include "provision/template_formats.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/output.h"

namespace kaigara::provision {

namespace {

using metadata::ScalarType;
using metadata::Value;

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view unreserved_marks = "-._~";

Error cannot(std::string message) { return Error{Fault::bad_data, 0, std::move(message), {}}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Whether no reader of YAML, 1.1 or 1.2, takes the bare word for anything but this string. Readers
// of 1.1 see booleans in y, no, on; a number's form is left to the core schema and to the rule that
// a bare word begins with a letter.
bool is_safe_yaml_word(std::string_view text) {
    constexpr std::array<std::string_view, 9> taken{"y",   "n",    "yes",   "no",  "on",
                                                    "off", "true", "false", "null"};
    if (text.empty() || text.size() > 200) return false;
    if (!is_letter(text[0]) && text[0] != '/' && text[0] != '_') return false;
    for (const char c : text) {
        if (!is_letter(c) && !is_digit(c) && std::string_view("_-./@+").find(c) == text.npos)
            return false;
    }
    const std::string lowered = text::lower(text);
    return std::find(taken.begin(), taken.end(), lowered) == taken.end();
}

std::string yaml_string(std::string_view text) {
    return is_safe_yaml_word(text) ? std::string(text) : text::json_string(text);
}

std::string yaml_scalar(const Value& value) {
    const ScalarType type = value.scalar_type();
    if (type == ScalarType::null) return "null";
    return type == ScalarType::text ? yaml_string(value.text()) : value.text();
}

bool fits_one_yaml_line(const Value& value) {
    return value.items().empty() && value.entries().empty();
}

std::string yaml_line(const Value& value) {
    if (value.is_list()) return "[]";
    if (value.is_map()) return "{}";
    return value.is_scalar() ? yaml_scalar(value) : "null";
}

void begin_yaml_line(std::string& out, std::size_t indent, bool& first) {
    if (!first) {
        out += '\n';
        out.append(indent, ' ');
    }
    first = false;
}

// Writes at the current place of a line; lines that follow begin with `indent` blanks.
void write_yaml(std::string& out, const Value& value, std::size_t indent) {
    if (fits_one_yaml_line(value)) {
        out += yaml_line(value);
        return;
    }
    bool first = true;
    for (const Value& item : value.items()) {
        begin_yaml_line(out, indent, first);
        out += "- ";
        write_yaml(out, item, indent + 2);
    }
    for (const Value::Entry& entry : value.entries()) {
        begin_yaml_line(out, indent, first);
        out += yaml_string(entry.key);
        out += ':';
        if (fits_one_yaml_line(entry.value)) {
            out += ' ';
        } else {
            out += '\n';
            out.append(indent + 2, ' ');
        }
        write_yaml(out, entry.value, indent + 2);
    }
}

// TOML's basic strings are JSON's, but DEL must be escaped too.
std::string toml_string(std::string_view text) {
    const std::string json = text::json_string(text);
    std::string out;
    for (const char c : json) {
        if (c == '\x7F')
            out += "\\u007f";
        else
            out += c;
    }
    return out;
}

std::string toml_key(std::string_view key) {
    const auto is_bare = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; };
    const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), is_bare);
    return bare ? std::string(key) : toml_string(key);
}

// TOML's numbers are JSON's, and two more.
std::string toml_number(std::string_view text) {
    if (const auto number = metadata::json_number(text)) return *number;
    const std::string lowered = text::lower(text);
    if (lowered == ".nan") return "nan";
    if (lowered.ends_with(".inf")) return lowered.starts_with('-') ? "-inf" : "inf";
    return toml_string(text);  // a hexadecimal or octal number past 64 bits
}

std::string toml_scalar(const Value& value) {
    switch (value.scalar_type()) {
    case ScalarType::boolean: return text::lower(value.text());
    case ScalarType::integer:
    case ScalarType::floating: return toml_number(value.text());
    case ScalarType::null:
    case ScalarType::text: break;
    }
    return toml_string(value.text());
}

// False at a null. (A Result at each node would copy every part of the text on its way up.)
bool write_toml(std::string& out, const Value& value) {
    const char* separator = "";
    if (value.is_null() || (value.is_scalar() && value.scalar_type() == ScalarType::null))
        return false;
    if (value.is_scalar()) {
        out += toml_scalar(value);
        return true;
    }
    out += value.is_list() ? '[' : '{';
    for (const Value& item : value.items()) {
        out += separator;
        if (!write_toml(out, item)) return false;
        separator = ", ";
    }
    for (const Value::Entry& entry : value.entries()) {
        out += separator;
        out += toml_key(entry.key);
        out += " = ";
        if (!write_toml(out, entry.value)) return false;
        separator = ", ";
    }
    out += value.is_list() ? ']' : '}';
    return true;
}

// &, <, > and " are written alike in XML and HTML; the single quote is not.
std::string in_markup(std::string_view text, std::string_view single_quote) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += single_quote; break;
        default: out += c; break;
        }
    }
    return out;
}

}  // namespace

std::string to_json(const Value& value) {
    return metadata::to_json(value, 0, metadata::Secrets::shown);
}

std::string to_yaml(const Value& value) {
    std::string out;
    write_yaml(out, value, 0);
    return out;
}

Result<std::string> to_toml(const Value& value) {
    std::string out;
    if (!write_toml(out, value)) return cannot("TOML has no null");
    return out;
}

Result<std::string> to_xml(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return cannot(fmt::format("XML cannot carry the control character 0x{:02x}", byte));
    }
    if (text::invalid_utf8(text)) return cannot("XML cannot carry bytes that are not UTF-8");
    return in_markup(text, "&apos;");
}

std::string to_html(std::string_view text) { return in_markup(text, "&#39;"); }

std::string to_url(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_letter(c) || is_digit(c) || unreserved_marks.find(c) != text.npos)
            out += c;
        else
            fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string to_base64(std::string_view text) {
    std::string out;
    out.reserve((text.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < text.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, text.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8U | (i < count ? static_cast<unsigned char>(text[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= count ? base64_digits[group >> (18 - 6 * i) & 63U] : '=';
    }
    return out;
}

Result<std::string> from_base64(std::string_view text) {
    std::string out;
    std::uint32_t group = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        const std::size_t digit = base64_digits.find(c);
        if (c == '=')
            ++padding;
        else if (digit == std::string_view::npos || padding != 0)
            return cannot("it is not base64");
        group = group << 6U | static_cast<std::uint32_t>(c == '=' ? 0 : digit);
        if (++digits % 4 != 0) continue;
        // The bits behind the last whole byte have to be zero, or two texts would mean the same.
        if (padding > 2 || (group & ((1U << 8U * padding) - 1)) != 0)
            return cannot("it is not base64");
        const std::array<char, 3> bytes{static_cast<char>(group >> 16U & 255U),
                                        static_cast<char>(group >> 8U & 255U),
                                        static_cast<char>(group & 255U)};
        out.append(bytes.data(), bytes.size() - padding);
        group = 0;
    }
    if (digits % 4 != 0) return cannot("it is not base64: its length is no multiple of four");
    return out;
}

std::string in_double_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if (c == '\t')
            out += "\\t";
        else if (byte < 0x20 || byte == 0x7F)
            out += fmt::format("\\x{:02x}", byte);
        else
            out += c;
    }
    return out += '"';
}

}  // namespace kaigara::provision
