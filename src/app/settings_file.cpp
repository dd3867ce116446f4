// SPDX-License-Identifier: Apache-2.0
#include "app/settings_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/settings_structure.h"
#include "base/text.h"
#include "metadata/tree.h"
#include "metadata/yaml.h"
#include "platform/files.h"

namespace kaigara::app {

namespace {

using metadata::Origin;
using metadata::Tree;
using metadata::Value;

constexpr std::size_t largest_file = std::size_t{1} * 1024 * 1024;

// The directory of a file, with its slash; empty for one in the working directory.
std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

class Reader {
public:
    Reader(Settings& settings, Commands command, const std::bitset<64>& chosen, Tree tree,
           Errors& errors)
        : settings_(settings), command_(command), chosen_(chosen), tree_(std::move(tree)),
          errors_(errors), directory_(directory_of(settings.config.path)),
          reading_{[this](Origin at, std::string message) { fail(at, std::move(message)); },
                   [this](const Value& value) { return tree_.origin_text(value.origin()); },
                   [this](const std::string& path) { return resolve_path(path); }} {}

    void read() {
        read_map(tree_.root(), "");
        // Maps are in the order of their keys, a person reads from the top.
        std::ranges::stable_sort(complaints_, {}, [](const Complaint& complaint) {
            return std::pair(complaint.at.line, complaint.at.column);
        });
        for (Complaint& complaint : complaints_)
            errors_.push_back({Fault::configuration, 0, std::move(complaint.message),
                               tree_.origin_text(complaint.at)});
    }

private:
    struct Complaint {
        Origin at;
        std::string message;
    };

    void fail(Origin at, std::string message) { complaints_.push_back({at, std::move(message)}); }

    // A path in the file starts from the file's directory.
    std::string resolve_path(const std::string& path) const {
        return path.starts_with('/') ? path : directory_ + path;
    }

    // Walks down to the keys of the tables; a map on the way is a group of keys.
    void read_map(const Value& map, const std::string& path) {
        for (const Value::Entry& entry : map.entries()) {
            const std::string key = path.empty() ? entry.key : path + "." + entry.key;
            if (entry.key.find('.') != std::string::npos)
                fail(entry.key_origin,
                     fmt::format("unknown key '{}': the parts of a key are maps in each other",
                                 text::printable(key, 100)));
            else
                read_key(key, entry);
        }
    }

    void read_key(const std::string& key, const Value::Entry& entry) {
        const Value& value = entry.value;
        const auto structured = structured_keys();
        if (const auto found = std::ranges::find(structured, key, &StructuredKey::name);
            found != structured.end()) {
            found->read(settings_, value, reading_);
            return;
        }
        const auto table = settings_table();
        if (const auto found = std::ranges::find(table, key, &Setting::key);
            found != table.end() && !key.empty()) {
            read_setting(*found, static_cast<std::size_t>(found - table.begin()), value);
        } else if (!is_group(key)) {
            fail(entry.key_origin, fmt::format("unknown key '{}'{}", text::printable(key, 100),
                                               text::did_you_mean(key, known_names())));
        } else if (value.is_map() || value.is_null()) {
            read_map(value, key);
        } else {
            fail(value.origin(), fmt::format("'{}' must be a map of settings", key));
        }
    }

    static std::vector<std::string_view> known_keys() {
        std::vector<std::string_view> keys;
        for (const StructuredKey& key : structured_keys()) keys.push_back(key.name);
        for (const Setting& setting : settings_table()) {
            if (!setting.key.empty()) keys.push_back(setting.key);
        }
        return keys;
    }

    // The keys, and the groups that they lie in.
    static std::vector<std::string_view> known_names() {
        std::vector<std::string_view> names = known_keys();
        for (const std::string_view key : known_keys()) {
            if (const auto dot = key.find('.'); dot != std::string_view::npos)
                names.push_back(key.substr(0, dot));
        }
        return names;
    }

    static bool is_group(std::string_view key) {
        return std::ranges::any_of(known_keys(), [key](std::string_view known) {
            return known.size() > key.size() && known.starts_with(key) && known[key.size()] == '.';
        });
    }

    void read_setting(const Setting& setting, std::size_t place, const Value& value) {
        if (value.is_list() && setting.repeats) {
            for (const Value& item : value.items()) assign(setting, place, item);
        } else {
            assign(setting, place, value);
        }
    }

    void assign(const Setting& setting, std::size_t place, const Value& value) {
        if (!value.is_scalar()) {
            fail(value.origin(),
                 fmt::format("'{}' needs {}", setting.key,
                             setting.repeats ? "a value or a list of values" : "a value"));
            return;
        }
        // A setting that is not used now is checked all the same, on a copy nobody keeps.
        Settings unused;
        const bool used = !chosen_[place] && (setting.commands & command_) != 0;
        const std::string& text = value.text();
        // A ledger may lie elsewhere than in a file, and there may be no control socket at all.
        const bool is_off = setting.name == "socket" && text == "off";
        const bool is_place = setting.key.starts_with("paths.") && !text.empty() && !is_off &&
                              !text.starts_with("consul:") && !text.starts_with("etcd:");
        const auto assigned =
            setting.assign(used ? settings_ : unused, is_place ? resolve_path(text) : text);
        if (!assigned)
            fail(value.origin(), fmt::format("{}: {}", setting.key, assigned.error().message));
    }

    Settings& settings_;
    Commands command_;
    const std::bitset<64>& chosen_;
    Tree tree_;
    Errors& errors_;
    std::vector<Complaint> complaints_;
    std::string directory_;
    SettingsReading reading_;
};

}  // namespace

void read_settings_file(Settings& settings, Commands command, const std::bitset<64>& chosen,
                        Errors& errors) {
    const Place place = settings.config;
    const auto content = platform::read_file(place.path, largest_file);
    if (!content) {
        if (content.error().code == ENOENT && !place.named) return;
        Error error = content.error();
        error.fault = Fault::configuration;
        errors.push_back(std::move(error));
        return;
    }
    Tree tree;
    const std::uint32_t source = tree.add_source(place.path);
    auto root = metadata::read_yaml(*content, source, place.path);
    if (!root) {
        for (Error& error : root.error()) {
            error.fault = Fault::configuration;
            errors.push_back(std::move(error));
        }
        return;
    }
    tree.root() = std::move(*root);
    Reader(settings, command, chosen, std::move(tree), errors).read();
}

}  // namespace kaigara::app
