// SPDX-License-Identifier: Apache-2.0
#include "app/settings_objects.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/settings_kinds.h"
#include "app/settings_table.h"
#include "base/text.h"
#include "metadata/sources/assignment.h"
#include "platform/signals.h"

namespace kaigara::app {

namespace {

using metadata::Source;
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
constexpr std::string_view on_change_schema =
    R"({"type": "string", "pattern": "^(reload|restart|none|signal:.+|run:.+)$"})";
constexpr std::string_view target_schema = R"({"type": "string", "pattern": "^/.*[^/]$"})";

// clang-format off
constexpr std::array<ObjectKey<Source>, 9> source_table = {{
    {"file", kind::path, "a YAML or JSON file", assign_path<SourceKind::file>, true},
    {"directory", kind::path, "a directory that holds a key a file, as ConfigMaps and Docker secrets are", assign_path<SourceKind::directory>, true},
    {"environment", environment_schema, "a path for each plain variable's name, or prefix: MYAPP_", assign_environment, true},
    {"command", kind::command, "a command that writes YAML or JSON to stdout", assign_command, true},
    {"at", kind::metadata_path, "the path that the source's values are mounted at", assign_at},
    {"optional", kind::flag, "absent or unreachable is a warning, no error", assign_flag<&Source::optional>},
    {"secret", kind::flag, "every value of the source is secret", assign_flag<&Source::secret>},
    {"timeout", kind::duration, "of one attempt (default --resolve-timeout)", assign_timeout},
    {"retries", kind::count, "further attempts after one that failed (default 0)", assign_retries},
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
