// SPDX-License-Identifier: Apache-2.0
#include "app/settings_structure.h"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/settings_kinds.h"
#include "app/settings_objects.h"
#include "base/text.h"
#include "provision/operation_options.h"

namespace kaigara::app {

namespace {

using metadata::Source;
using metadata::SourceFormat;
using metadata::SourceKind;
using metadata::Value;
using provision::FileEntry;

template <class T>
using Keys = std::span<const ObjectKey<T>>;

template <class T>
std::string list_names(Keys<T> keys, bool ObjectKey<T>::* which) {
    std::string names;
    for (const auto& key : keys) {
        if (key.*which) names += (names.empty() ? "" : ", ") + std::string(key.name);
    }
    return names;
}

template <class T>
const ObjectKey<T>* find_key(Keys<T> keys, std::string_view name) {
    for (const auto& key : keys) {
        if (key.name == name) return &key;
    }
    return nullptr;
}

template <class T>
std::string unknown_key(Keys<T> keys, std::string_view name) {
    std::vector<std::string_view> names;
    for (const auto& key : keys) names.push_back(key.name);
    return fmt::format("unknown key '{}'{}", text::printable(name, 100),
                       text::did_you_mean(name, names));
}

// Reads one object; false when something about it is wrong, which is noted.
template <class T>
bool read_object(T& object, const Value& map, Keys<T> keys, const SettingsReading& reading) {
    bool good = true;
    std::size_t kinds = 0;
    const auto fail = [&](metadata::Origin origin, std::string message) {
        reading.fail(origin, std::move(message));
        good = false;
    };
    for (const Value::Entry& entry : map.entries()) {
        const auto* key = find_key(keys, entry.key);
        if (key == nullptr) {
            fail(entry.key_origin, unknown_key(keys, entry.key));
            continue;
        }
        if (key->is_kind) ++kinds;
        if (auto assigned = key->assign(object, entry.value); !assigned)
            fail(entry.value.origin(), fmt::format("'{}' {}", key->name, assigned.error().message));
    }
    const std::string kind_names = list_names(keys, &ObjectKey<T>::is_kind);
    // A misspelt kind is told already.
    if (!kind_names.empty() && kinds != 1 && good)
        fail(map.origin(), fmt::format("an entry has exactly one of {}", kind_names));
    for (const auto& key : keys) {
        if (key.is_needed && map.find(key.name) == nullptr)
            fail(map.origin(), fmt::format("'{}' is missing; an entry needs {}", key.name,
                                           list_names(keys, &ObjectKey<T>::is_needed)));
    }
    return good;
}

// A list of objects.
template <class T>
std::vector<T> read_objects(const Value& list, Keys<T> keys, std::string_view name,
                            const SettingsReading& reading) {
    std::vector<T> objects;
    if (!list.is_list() && !list.is_null())
        reading.fail(list.origin(), fmt::format("'{}' must be a list of entries", name));
    for (const Value& item : list.items()) {
        T object;
        object.where = reading.where(item);
        if (!item.is_map())
            reading.fail(item.origin(), fmt::format("an entry of '{}' must be a map", name));
        else if (read_object(object, item, keys, reading))
            objects.push_back(std::move(object));
    }
    return objects;
}

void read_sources(Settings& settings, const Value& value, const SettingsReading& reading) {
    settings.sources = read_objects<Source>(value, source_keys(), "metadata", reading);
    for (Source& source : settings.sources) {
        if (source.kind == SourceKind::file || source.kind == SourceKind::directory)
            source.path = reading.resolve_path(source.path);
        if (source.kind == SourceKind::command) source.directory = reading.resolve_path("");
        const bool has_format = source.kind == SourceKind::consul ||
                                source.kind == SourceKind::etcd || source.kind == SourceKind::http;
        if (source.format != SourceFormat::found && !has_format)
            reading.fail(value.origin(),
                         fmt::format("{}: 'format' is for consul, etcd and http", name_of(source)));
    }
}

void read_files(Settings& settings, const Value& value, const SettingsReading& reading) {
    settings.files = read_objects<FileEntry>(value, file_entry_keys(), "templates", reading);
}

void read_program(Settings& settings, const Value& value, const SettingsReading& reading) {
    auto words = read_command_words(value);
    if (words)
        settings.command = std::move(*words);
    else
        reading.fail(value.origin(), "'application.command' " + words.error().message);
}

// Why no variable of that name can be given to the application; empty when one can.
std::string name_fault(std::string_view name) {
    if (name.empty() || name.find('=') != std::string_view::npos)
        return fmt::format("'{}' is no name of a variable", text::printable(name));
    if (name.starts_with("KAIGARA_"))
        return fmt::format("'{}': the application never sees KAIGARA_*", text::printable(name));
    return {};
}

void read_exports(Settings& settings, const Value& value, const SettingsReading& reading) {
    if (value.is_scalar() && value.text() == "all") {
        settings.export_all = true;
        return;
    }
    if (!value.is_map()) {
        reading.fail(value.origin(),
                     "'application.export' must be 'all', or a map of NAME: a.path");
        return;
    }
    for (const Value::Entry& entry : value.entries()) {
        if (std::string fault = name_fault(entry.key); !fault.empty()) {
            reading.fail(entry.key_origin, std::move(fault));
            continue;
        }
        auto path = read_metadata_path(entry.value);
        if (path)
            settings.exports.push_back({entry.key, std::move(*path), reading.where(entry.value)});
        else
            reading.fail(entry.value.origin(),
                         fmt::format("'{}' {}", entry.key, path.error().message));
    }
}

// The text that an option's value is: of a list its items with commas between them.
Result<std::string> option_text(const provision::OperationOption& option, const Value& value) {
    const auto refuse = [](std::string message) {
        return Error{Fault::configuration, 0, std::move(message), ""};
    };
    if (value.is_scalar()) return value.text();
    if (!option.is_list) return refuse("needs a value");
    if (!value.is_list()) return refuse("needs a list, or a text with commas between its items");
    std::string text;
    for (const Value& item : value.items()) {
        if (!item.is_scalar() || item.text().empty()) return refuse("has an item that is no text");
        if (item.text().find(',') != std::string::npos)
            return refuse("has an item with a comma in it; commas separate items");
        text += (text.empty() ? "" : ",") + item.text();
    }
    return text;
}

void read_operation(provision::OperationEntry& operation, const Value& map,
                    const SettingsReading& reading) {
    // The annotations are not known here: each value is checked for itself, the whole later.
    provision::OperationOptions unused;
    for (const Value::Entry& entry : map.entries()) {
        const auto* option = provision::find_option(entry.key);
        if (option == nullptr) {
            reading.fail(entry.key_origin, provision::unknown_option(entry.key));
            continue;
        }
        auto text = option_text(*option, entry.value);
        if (!text) {
            reading.fail(entry.value.origin(),
                         fmt::format("'{}' {}", option->name, text.error().message));
        } else if (auto assigned = option->assign(unused, *text); !assigned) {
            reading.fail(entry.value.origin(),
                         fmt::format("{}: {}", option->name, assigned.error().message));
        } else {
            operation.values.push_back({option, std::move(*text), reading.where(entry.value)});
        }
    }
}

void read_operations(Settings& settings, const Value& value, const SettingsReading& reading) {
    if (!value.is_map() && !value.is_null()) {
        reading.fail(value.origin(), "'operations' must be a map of NAME: {option: value}");
        return;
    }
    for (const Value::Entry& entry : value.entries()) {
        if (!entry.value.is_map() && !entry.value.is_null()) {
            reading.fail(entry.value.origin(), fmt::format("the options of '{}' must be a map",
                                                           text::printable(entry.key, 100)));
            continue;
        }
        provision::OperationEntry operation;
        operation.name = entry.key;
        operation.where = reading.where(Value::null(entry.key_origin));
        read_operation(operation, entry.value, reading);
        settings.operation_entries.push_back(std::move(operation));
    }
}

template <class T>
std::string objects_schema(Keys<T> keys) {
    std::string properties;
    std::string kinds;
    std::string needed;
    for (const auto& key : keys) {
        properties += fmt::format("{}\"{}\": {}", properties.empty() ? "" : ", ", key.name,
                                  kind::described(key.schema, key.help));
        if (key.is_kind)
            kinds +=
                fmt::format("{}{{\"required\": [\"{}\"]}}", kinds.empty() ? "" : ", ", key.name);
        if (key.is_needed) needed += fmt::format("{}\"{}\"", needed.empty() ? "" : ", ", key.name);
    }
    std::string object = fmt::format(
        R"({{"type": "object", "additionalProperties": false, "properties": {{{}}})", properties);
    if (!kinds.empty()) object += fmt::format(R"(, "oneOf": [{}])", kinds);
    if (!needed.empty()) object += fmt::format(R"(, "required": [{}])", needed);
    return fmt::format(R"({{"type": ["array", "null"], "items": {}}}}})", object);
}

// What the options of operations look like. The table of the options itself is below this module,
// where nobody knows of kaigara.yml.
std::string_view option_schema(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> schemas{{
        {"run", kind::run_kind},
        {"inputs", kind::text_list},
        {"when", kind::any_text},
        {"wait", kind::text_list},
        {"wait-timeout", kind::duration},
        {"timeout", kind::duration},
        {"kill-after", kind::duration},
        {"retries", kind::count},
        {"retry-delay", kind::duration},
        {"user", kind::any_user},
        {"on-failure", kind::on_failure},
        {"interrupted", kind::interrupted},
        {"on-edit", kind::on_edit},
        {"barrier", kind::yes_or_no},
    }};
    for (const auto& [option, schema] : schemas) {
        if (option == name) return schema;
    }
    return kind::any_text;
}

std::string sources_schema() { return objects_schema(source_keys()); }
std::string files_schema() { return objects_schema(file_entry_keys()); }
std::string program_schema() { return std::string(kind::command); }
std::string exports_schema() {
    return R"({"anyOf": [{"const": "all"}, {"type": "object", "additionalProperties": )" +
           std::string(kind::metadata_path) + "}]}";
}

std::string operations_schema() {
    std::string properties;
    for (const auto& option : provision::operation_options())
        properties += fmt::format("{}\"{}\": {}", properties.empty() ? "" : ", ", option.name,
                                  kind::described(option_schema(option.name), option.help));
    return fmt::format(R"({{"type": ["object", "null"], "additionalProperties": )"
                       R"({{"type": ["object", "null"], "additionalProperties": false, )"
                       R"("properties": {{{}}}}}}})",
                       properties);
}

constexpr std::array<StructuredKey, 5> table = {{
    {"application.command", "what 'kaigara start' runs when it is given no program", program_schema,
     read_program},
    {"application.export",
     "metadata for the application's environment: NAME: a.path, or 'all' for every value",
     exports_schema, read_exports},
    {"metadata", "further sources of metadata, later ones over earlier ones", sources_schema,
     read_sources},
    {"operations", "options of operations by their file names, over what their annotations say",
     operations_schema, read_operations},
    {"templates", "files that are rendered before the operations run", files_schema, read_files},
}};

}  // namespace

std::span<const StructuredKey> structured_keys() noexcept { return table; }

}  // namespace kaigara::app
