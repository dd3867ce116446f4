// SPDX-License-Identifier: Apache-2.0
#include "app/settings_structure.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "app/settings_kinds.h"
#include "app/settings_objects.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

using metadata::Source;
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

std::string sources_schema() { return objects_schema(source_keys()); }
std::string files_schema() { return objects_schema(file_entry_keys()); }
std::string program_schema() { return std::string(kind::command); }
std::string exports_schema() {
    return R"({"anyOf": [{"const": "all"}, {"type": "object", "additionalProperties": )" +
           std::string(kind::metadata_path) + "}]}";
}

constexpr std::array<StructuredKey, 4> table = {{
    {"application.command", "what 'kaigara start' runs when it is given no program", program_schema,
     read_program},
    {"application.export",
     "metadata for the application's environment: NAME: a.path, or 'all' for every value",
     exports_schema, read_exports},
    {"metadata", "further sources of metadata, later ones over earlier ones", sources_schema,
     read_sources},
    {"templates", "files that are rendered before the operations run", files_schema, read_files},
}};

}  // namespace

std::span<const StructuredKey> structured_keys() noexcept { return table; }

}  // namespace kaigara::app
