// SPDX-License-Identifier: Apache-2.0
#include "app/settings_objects.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/settings_kinds.h"
#include "app/settings_table.h"
#include "app/settings_values.h"
#include "base/text.h"
#include "metadata/sources/assignment.h"
#include "platform/signals.h"

namespace kaigara::app {

namespace {

using metadata::Source;
using metadata::SourceFormat;
using metadata::SourceKind;
using metadata::Value;
using provision::FileEntry;

Error refuse(std::string message) { return {Fault::configuration, 0, std::move(message), ""}; }

// The text of a scalar that is not empty.
Result<std::string> read_text(const Value& value) {
    if (!value.is_scalar() || value.text().empty()) return refuse("needs a text");
    return value.text();
}

template <class T, std::string T::* Member>
Result<void> assign_text(T& object, const Value& value) {
    KG_LET(text, read_text(value));
    object.*Member = std::move(text);
    return {};
}

template <bool Source::* Member>
Result<void> assign_flag(Source& source, const Value& value) {
    const auto on = value.is_scalar() ? parse_switch(value.text()) : refuse("");
    if (!on) return refuse("needs true or false");
    source.*Member = *on;
    return {};
}

template <SourceKind Kind>
Result<void> assign_path(Source& source, const Value& value) {
    KG_LET(path, read_text(value));
    source.kind = Kind;
    source.path = std::move(path);
    return {};
}

Result<void> assign_document_path(Source& source, const Value& value) {
    KG_LET(path, read_metadata_path(value));
    source.path = path.starts_with('.') ? path.substr(1) : std::move(path);
    return {};
}

// `{prefix: MYAPP_}`, or a path for each variable's name.
Result<void> assign_environment(Source& source, const Value& value) {
    source.kind = SourceKind::environment;
    if (!value.is_map() || value.entries().empty())
        return refuse("needs a map: NAME: a.path for each variable, or prefix: MYAPP_");
    if (const Value* prefix = value.find("prefix")) {
        if (value.entries().size() != 1) return refuse("'prefix' stands alone or not at all");
        KG_LET(text, read_text(*prefix));
        if (text.find('=') != std::string::npos) return refuse("a prefix cannot hold '='");
        source.prefix = std::move(text);
        return {};
    }
    for (const Value::Entry& entry : value.entries()) {
        if (entry.key.empty() || entry.key.find('=') != std::string::npos)
            return refuse(fmt::format("'{}' is no name of a variable", text::printable(entry.key)));
        auto path = read_metadata_path(entry.value);
        if (!path)
            return refuse(fmt::format("{} {}", text::printable(entry.key), path.error().message));
        source.bindings.push_back({entry.key, std::move(*path)});
    }
    return {};
}

Result<void> assign_command(Source& source, const Value& value) {
    KG_LET(words, read_command_words(value));
    source.kind = SourceKind::command;
    source.command = std::move(words);
    return {};
}

// Keys are separated by single slashes; one at the end says nothing more, and Consul's begin
// without.
Result<std::string> read_prefix(const Value& value) {
    KG_LET(prefix, read_text(value));
    if (prefix.size() > 1 && prefix.ends_with('/')) prefix.pop_back();
    if (prefix.find("//") != std::string::npos || prefix == "/")
        return refuse("needs a prefix of keys, such as app/prod");
    return prefix;
}

// `{prefix: app/prod}`, or the prefix alone.
template <SourceKind Kind>
Result<void> assign_store(Source& source, const Value& value) {
    source.kind = Kind;
    const Value* prefix = &value;
    if (value.is_map()) {
        prefix = value.find("prefix");
        if (prefix == nullptr || value.entries().size() != 1)
            return refuse("needs a prefix of keys and nothing else: {prefix: app/prod}");
    }
    KG_LET(text, read_prefix(*prefix));
    if (Kind == SourceKind::consul && text.starts_with('/')) text.erase(0, 1);
    source.prefix = std::move(text);
    return {};
}

Result<void> assign_format(Source& source, const Value& value) {
    const std::string& word = value.text();
    if (word == "scalar")
        source.format = SourceFormat::scalar;
    else if (word == "yaml")
        source.format = SourceFormat::yaml;
    else if (word == "json")
        source.format = SourceFormat::json;
    else
        return refuse("needs scalar, yaml or json");
    return {};
}

bool is_header_name(std::string_view name) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [others](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || others.find(c) != others.npos;
    });
}

Result<void> assign_headers(Source& source, const Value& value) {
    if (!value.is_map()) return refuse("has 'headers' that are no map of names and values");
    for (const Value::Entry& header : value.entries()) {
        if (!is_header_name(header.key) || !header.value.is_scalar())
            return refuse(fmt::format("has a header '{}' that is none: NAME: text",
                                      text::printable(header.key)));
        source.headers.emplace_back(header.key, header.value.text());
    }
    return {};
}

// `{url, headers, path, format}`, or the URL alone.
Result<void> assign_http(Source& source, const Value& value) {
    source.kind = SourceKind::http;
    if (value.is_scalar()) return assign_text<Source, &Source::url>(source, value);
    constexpr std::array<std::string_view, 4> names = {"url", "headers", "path", "format"};
    for (const Value::Entry& entry : value.entries()) {
        if (entry.key == "url")
            KG_TRY((assign_text<Source, &Source::url>(source, entry.value)));
        else if (entry.key == "headers")
            KG_TRY(assign_headers(source, entry.value));
        else if (entry.key == "path")
            KG_TRY(assign_document_path(source, entry.value));
        else if (entry.key == "format")
            KG_TRY(assign_format(source, entry.value));
        else
            return refuse(fmt::format("has no '{}'{}", text::printable(entry.key),
                                      text::did_you_mean(entry.key, names)));
    }
    if (source.url.empty()) return refuse("needs a url: {url: https://...}");
    if (source.format == SourceFormat::scalar) return refuse("has a 'format' of yaml or json");
    return {};
}

Result<void> assign_at(Source& source, const Value& value) {
    KG_LET(path, read_metadata_path(value));
    source.at = path.starts_with('.') ? path.substr(1) : std::move(path);
    return {};
}

Result<void> assign_timeout(Source& source, const Value& value) {
    if (!value.is_scalar()) return refuse("needs a duration, such as 30s");
    auto duration = parse_duration(value.text());
    if (!duration) return refuse(duration.error().message);
    source.timeout = *duration;
    return {};
}

Result<void> assign_retries(Source& source, const Value& value) {
    constexpr unsigned most = 1'000;
    const auto number = text::parse_number(value.text(), most);
    if (!number) return refuse(fmt::format("needs a number from 0 to {}", most));
    source.retries = static_cast<unsigned>(*number);
    return {};
}

Result<void> assign_target(FileEntry& entry, const Value& value) {
    KG_LET(path, read_text(value));
    if (!path.starts_with('/') || path.ends_with('/'))
        return refuse("needs the absolute path of a file, such as /etc/nginx/nginx.conf");
    entry.target = std::move(path);
    return {};
}

Result<void> assign_mode(FileEntry& entry, const Value& value) {
    std::string_view digits = value.text();
    if (digits.starts_with("0o")) digits.remove_prefix(2);
    mode_t mode = 0;
    const bool good = !digits.empty() && digits.size() <= 5 &&
                      digits.find_first_not_of("01234567") == std::string_view::npos;
    for (const char digit : digits) mode = mode * 8 + static_cast<mode_t>(digit - '0');
    if (!good || mode > 07777) return refuse("needs an octal mode, such as 0640");
    entry.mode = mode;
    return {};
}

Result<void> assign_on_change(FileEntry& entry, const Value& value) {
    KG_LET(text, read_text(value));
    const std::string_view what = text;
    const bool known = what == "reload" || what == "restart" || what == "none" ||
                       (what.starts_with("run:") && what.size() > 4) ||
                       (what.starts_with("signal:") && platform::parse_signal(what.substr(7)));
    if (!known) return refuse("needs reload, restart, signal:SIG, run:CMD or none");
    entry.on_change = std::move(text);
    return {};
}

constexpr std::string_view environment_schema =
    R"({"type": "object", "minProperties": 1, "additionalProperties": {"type": "string", "minLength": 1}})";
constexpr std::string_view store_schema =
    R"({"anyOf": [{"type": "string", "minLength": 1}, {"type": "object", "required": ["prefix"], "additionalProperties": false, "properties": {"prefix": {"type": "string", "minLength": 1}}}]})";
constexpr std::string_view http_schema =
    R"({"anyOf": [{"type": "string", "minLength": 1}, {"type": "object", "required": ["url"], "additionalProperties": false, "properties": {"url": {"type": "string", "minLength": 1}, "headers": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}, "path": {"type": "string", "minLength": 1}, "format": {"enum": ["yaml", "json"]}}}]})";
constexpr std::string_view format_schema = R"({"enum": ["scalar", "yaml", "json"]})";
constexpr std::string_view on_change_schema =
    R"({"type": "string", "pattern": "^(reload|restart|none|signal:.+|run:.+)$"})";
constexpr std::string_view target_schema = R"({"type": "string", "pattern": "^/.*[^/]$"})";

// clang-format off
constexpr std::array<ObjectKey<Source>, 13> source_table = {{
    {"file", kind::path, "a YAML or JSON file", assign_path<SourceKind::file>, true},
    {"directory", kind::path, "a directory that holds a key a file, as ConfigMaps and Docker secrets are", assign_path<SourceKind::directory>, true},
    {"environment", environment_schema, "a path for each plain variable's name, or prefix: MYAPP_", assign_environment, true},
    {"command", kind::command, "a command that writes YAML or JSON to stdout", assign_command, true},
    {"consul", store_schema, "the keys below a prefix of Consul's KV store", assign_store<SourceKind::consul>, true},
    {"etcd", store_schema, "the keys below a prefix of etcd", assign_store<SourceKind::etcd>, true},
    {"http", http_schema, "a YAML or JSON document of an HTTP(S) server", assign_http, true},
    {"format", format_schema, "what the values of consul and etcd are written in (default scalar)", assign_format},
    {"at", kind::metadata_path, "the path that the source's values are mounted at", assign_at},
    {"optional", kind::flag, "absent or unreachable is a warning, no error", assign_flag<&Source::optional>},
    {"secret", kind::flag, "every value of the source is secret", assign_flag<&Source::secret>},
    {"timeout", kind::duration, "of one attempt (default 10s; of a command --resolve-timeout)", assign_timeout},
    {"retries", kind::count, "further attempts after one that failed (default as many as --resolve-timeout allows; of a command 0)", assign_retries},
}};

constexpr std::array<ObjectKey<FileEntry>, 6> file_entry_table = {{
    {"source", kind::text, "a template of the resources directory, with or without its .tmpl, or a path", assign_text<FileEntry, &FileEntry::source>, false, true},
    {"target", target_schema, "the absolute path of the file", assign_target, false, true},
    {"mode", kind::octal, "octal, such as 0640 (default: an existing file's; a new one is 0644, or 0600 with a secret in it)", assign_mode},
    {"owner", kind::user, "user[:group], by name or id (default: an existing file's, or kaigara's user)", assign_text<FileEntry, &FileEntry::owner>},
    {"check", kind::text, "a command for sh -c that has to accept the new file, {{target}}, before it is put in place", assign_text<FileEntry, &FileEntry::check>},
    {"on-change", on_change_schema, "what a running application needs when the file changes: reload, restart, signal:SIG, run:CMD or none", assign_on_change},
}};
// clang-format on

}  // namespace

std::span<const ObjectKey<Source>> source_keys() noexcept { return source_table; }

std::span<const ObjectKey<FileEntry>> file_entry_keys() noexcept { return file_entry_table; }

Result<std::string> read_metadata_path(const Value& value) {
    if (!value.is_scalar()) return refuse("needs a metadata path, such as app.db.host");
    if (auto steps = metadata::split_path(value.text()); !steps)
        return refuse(fmt::format("needs a metadata path: {}", steps.error().message));
    return value.text();
}

Result<Source> read_store_source(SourceKind kind, std::string_view prefix, std::string_view where) {
    Source source;
    const Value value = Value::plain(std::string(prefix));
    auto assigned = kind == SourceKind::consul ? assign_store<SourceKind::consul>(source, value)
                                               : assign_store<SourceKind::etcd>(source, value);
    if (!assigned) {
        Error error = std::move(assigned).error();
        error.where = where;
        return error;
    }
    source.where = where;
    return source;
}

Result<std::vector<std::string>> read_command_words(const Value& value) {
    constexpr const char* needs = "needs a list of words, or a text for /bin/sh";
    if (value.is_scalar() && !value.text().empty())
        return std::vector<std::string>{"/bin/sh", "-c", value.text()};
    std::vector<std::string> words;
    for (const Value& word : value.items()) {
        if (!word.is_scalar()) return refuse("has an item that is no word");
        words.push_back(word.text());
    }
    if (words.empty() || words.front().empty()) return refuse(needs);
    return words;
}

}  // namespace kaigara::app
