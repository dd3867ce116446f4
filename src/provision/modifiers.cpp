// SPDX-License-Identifier: Apache-2.0
#include "provision/modifiers.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/sha256.h"
#include "provision/template_formats.h"

namespace kaigara::provision {

namespace {

using metadata::Value;

Error cannot(std::string message) { return Error{Fault::bad_data, 0, std::move(message), {}}; }

Error too_large() { return cannot("the value grows past the limit of the output, 64 MiB"); }

// --- text to text -------------------------------------------------------------------------------

Result<Value> apply_upper(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(text::upper(value.text()));
}

Result<Value> apply_lower(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(text::lower(value.text()));
}

Result<Value> apply_trim(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(std::string(text::trim(value.text())));
}

Result<Value> apply_quote(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(in_double_quotes(value.text()));
}

Result<Value> apply_shell(const Value& value, std::string_view, ModifierContext&) {
    // A C string ends at its first NUL: no notation of the shell carries one.
    if (value.text().find('\0') != std::string::npos) return cannot("a shell word cannot hold NUL");
    return Value::quoted(text::shell_word(value.text()));
}

Result<Value> apply_html(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(to_html(value.text()));
}

Result<Value> apply_url(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(to_url(value.text()));
}

Result<Value> apply_base64(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(to_base64(value.text()));
}

// FIPS 180-4, in lower-case hexadecimal digits.
Result<Value> apply_sha256(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(platform::sha256_hex(value.text()));
}

Result<Value> apply_file(const Value& value, std::string_view, ModifierContext& context) {
    if (!context.read_file) return cannot("no file can be read here");
    auto file = context.read_file(value.text());
    if (!file) {
        const std::string path =
            context.has_secret ? "that it names" : text::printable(value.text());
        return cannot(fmt::format("the file {} {}", path, file.error().message));
    }
    context.read_secret = context.read_secret || file->is_secret;
    context.bytes_read += file->text.size();
    return Value::quoted(std::move(file->text));
}

Result<Value> apply_xml(const Value& value, std::string_view, ModifierContext&) {
    KG_LET(text, to_xml(value.text()));
    return Value::quoted(std::move(text));
}

Result<Value> apply_unbase64(const Value& value, std::string_view, ModifierContext&) {
    KG_LET(text, from_base64(value.text()));
    return Value::quoted(std::move(text));
}

Result<Value> apply_indent(const Value& value, std::string_view argument, ModifierContext&) {
    const auto width = text::parse_number(argument, max_indent).value_or(0);
    const std::string blanks(static_cast<std::size_t>(width), ' ');
    std::string out;
    const char* separator = "";
    for (const std::string_view line : text::split(value.text(), '\n')) {
        out += separator;
        // An empty line stays empty: trailing blanks help nobody.
        if (!line.empty() && line != "\r") out += blanks;
        out += line;
        separator = "\n";
        if (out.size() > max_output_bytes) return too_large();
    }
    return Value::quoted(std::move(out));
}

// --- values to text -----------------------------------------------------------------------------

Result<Value> apply_json(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(to_json(value));
}

Result<Value> apply_yaml(const Value& value, std::string_view, ModifierContext&) {
    return Value::quoted(to_yaml(value));
}

Result<Value> apply_toml(const Value& value, std::string_view, ModifierContext&) {
    KG_LET(text, to_toml(value));
    return Value::quoted(std::move(text));
}

Result<Value> apply_join(const Value& value, std::string_view argument, ModifierContext&) {
    std::string out;
    std::string_view separator;
    for (std::size_t at = 0; at < value.items().size(); ++at) {
        const Value& item = value.items()[at];
        if (!item.is_scalar()) {
            return cannot(fmt::format("'join' needs a list of scalars, item {} is {}", at,
                                      kind_in_words(item)));
        }
        out += separator;
        out += item.text();
        separator = argument;
        if (out.size() > max_output_bytes) return too_large();
    }
    return Value::quoted(std::move(out));
}

// --- where there is no value --------------------------------------------------------------------

Result<Value> apply_default(const Value&, std::string_view argument, ModifierContext&) {
    // Plain, as text from the environment is: default=8080 is a number for a later `json`.
    return Value::plain(std::string(argument));
}

Result<Value> apply_required(const Value&, std::string_view argument, ModifierContext&) {
    return cannot(text::printable(argument, 1000));
}

constexpr std::array table{
    Modifier{"base64", Takes::text, Argument::none, apply_base64},
    Modifier{"default", Takes::nothing, Argument::text, apply_default},
    Modifier{"file", Takes::text, Argument::none, apply_file},
    Modifier{"html", Takes::text, Argument::none, apply_html},
    Modifier{"indent", Takes::text, Argument::number, apply_indent},
    Modifier{"join", Takes::list, Argument::text, apply_join},
    Modifier{"json", Takes::any, Argument::none, apply_json},
    Modifier{"lower", Takes::text, Argument::none, apply_lower},
    Modifier{"quote", Takes::text, Argument::none, apply_quote},
    Modifier{"required", Takes::nothing, Argument::text, apply_required},
    Modifier{"sha256", Takes::text, Argument::none, apply_sha256},
    Modifier{"shell", Takes::text, Argument::none, apply_shell},
    Modifier{"toml", Takes::any, Argument::none, apply_toml},
    Modifier{"trim", Takes::text, Argument::none, apply_trim},
    Modifier{"unbase64", Takes::text, Argument::none, apply_unbase64},
    Modifier{"upper", Takes::text, Argument::none, apply_upper},
    Modifier{"url", Takes::text, Argument::none, apply_url},
    Modifier{"xml", Takes::text, Argument::none, apply_xml},
    Modifier{"yaml", Takes::any, Argument::none, apply_yaml},
};

// What the functions of Go templates are called here (Sprig's, which the original kaigara had).
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> go_names{{
    {"b64enc", "base64"},
    {"b64dec", "unbase64"},
    {"toJson", "json"},
    {"toYaml", "yaml"},
    {"toToml", "toml"},
    {"urlquery", "url"},
    {"squote", "shell"},
    {"nindent", "indent"},
    {"sha256sum", "sha256"},
    {"htmlEscape", "html"},
    {"optional", "default"},
}};

// Why the value is not what the modifier takes; empty when it is.
std::string mismatch(const Modifier& modifier, const Value& value) {
    if (modifier.takes == Takes::text && !value.is_scalar()) {
        return fmt::format(
            "'{}' needs text, this is {} (json makes text of it, a section walks it)",
            modifier.name, kind_in_words(value));
    }
    if (modifier.takes == Takes::list && !value.is_list())
        return fmt::format("'{}' needs a list, this is {}", modifier.name, kind_in_words(value));
    return {};
}

}  // namespace

std::span<const Modifier> modifiers() noexcept { return table; }

const Modifier* find_modifier(std::string_view name) noexcept {
    for (const Modifier& modifier : table) {
        if (modifier.name == name) return &modifier;
    }
    return nullptr;
}

std::string unknown_modifier(std::string_view name) {
    for (const auto& [theirs, ours] : go_names) {
        if (name == theirs)
            return fmt::format("unknown modifier '{}' (did you mean '{}'?)", name, ours);
    }
    std::array<std::string_view, table.size()> names;
    for (std::size_t i = 0; i < table.size(); ++i) names[i] = table[i].name;
    return fmt::format("unknown modifier '{}'{}", text::printable(name, 60),
                       text::did_you_mean(name, names));
}

std::string argument_fault(const Modifier& modifier, const std::string* argument) {
    if (modifier.argument == Argument::none) {
        return argument == nullptr ? std::string()
                                   : fmt::format("'{}' takes no argument", modifier.name);
    }
    if (argument == nullptr) {
        const char* example = modifier.argument == Argument::number ? "4" : "TEXT";
        return fmt::format("'{0}' needs an argument: {0}={1}", modifier.name, example);
    }
    if (modifier.argument == Argument::number && !text::parse_number(*argument, max_indent)) {
        return fmt::format("'{}' needs a number from 0 to {}, not '{}'", modifier.name, max_indent,
                           text::printable(*argument, 60));
    }
    return {};
}

bool is_nothing(const Value& value) noexcept {
    return value.is_null() ||
           (value.is_scalar() && value.scalar_type() == metadata::ScalarType::null);
}

Result<Value> apply_modifiers(const Value* value, std::span<const ModifierCall> calls,
                              ModifierContext& context) {
    bool missing = value == nullptr || is_nothing(*value);
    Value current;
    // Until a modifier has made a value of its own, the tree's is used in place: it may be large.
    const Value* now = missing ? &current : value;
    for (const ModifierCall& call : calls) {
        const Modifier& modifier = *call.modifier;
        if (missing != (modifier.takes == Takes::nothing)) continue;
        if (!missing) {
            if (std::string fault = mismatch(modifier, *now); !fault.empty())
                return cannot(std::move(fault));
        }
        KG_LET(made, modifier.apply(*now, call.argument, context));
        if (made.text().size() > max_output_bytes) return too_large();
        current = std::move(made);
        now = &current;
        missing = false;
    }
    if (now != &current) return *now;
    return current;
}

std::string_view kind_in_words(const Value& value) noexcept {
    switch (value.kind()) {
    case metadata::Kind::null: return "null";
    case metadata::Kind::scalar: return "text";
    case metadata::Kind::list: return "a list";
    case metadata::Kind::map: return "a map";
    }
    return "";
}

}  // namespace kaigara::provision
