// SPDX-License-Identifier: Apache-2.0
#include "app/settings_file.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/tree.h"
#include "metadata/yaml.h"
#include "platform/files.h"

namespace kaigara::app {

namespace {

using metadata::Tree;
using metadata::Value;

constexpr std::size_t largest_file = std::size_t{1} * 1024 * 1024;
constexpr std::string_view command_key = "application.command";

class Reader {
public:
    Reader(Settings& settings, Commands command, const std::bitset<64>& chosen, Tree tree,
           Errors& errors)
        : settings_(settings), command_(command), chosen_(chosen), tree_(std::move(tree)),
          errors_(errors) {}

    void read() {
        read_map(tree_.root(), "");
        const Value* program = tree_.find(command_key);
        if (program != nullptr) read_program(*program);
    }

private:
    void fail(const Value& value, std::string message) {
        errors_.push_back(
            {Fault::configuration, 0, std::move(message), tree_.origin_text(value.origin())});
    }

    // Walks down to the keys of the table; a map on the way is a group of keys.
    void read_map(const Value& map, const std::string& path) {
        for (const Value::Entry& entry : map.entries()) {
            const std::string key = path.empty() ? entry.key : path + "." + entry.key;
            if (key == command_key) continue;
            const auto table = settings_table();
            const auto found = std::ranges::find(table, key, &Setting::key);
            if (found != table.end() && !found->key.empty()) {
                read_setting(*found, static_cast<std::size_t>(found - table.begin()), entry.value);
            } else if (is_group(key) && (entry.value.is_map() || entry.value.is_null())) {
                read_map(entry.value, key);
            } else if (is_group(key)) {
                fail(entry.value, fmt::format("'{}' must be a map of settings", key));
            } else {
                fail(entry.value, fmt::format("unknown key '{}'{}", text::printable(key, 100),
                                              text::did_you_mean(key, known_keys())));
            }
        }
    }

    static std::vector<std::string_view> known_keys() {
        std::vector<std::string_view> keys{command_key};
        for (const Setting& setting : settings_table()) {
            if (!setting.key.empty()) keys.push_back(setting.key);
        }
        return keys;
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
            fail(value, fmt::format("'{}' needs {}", setting.key,
                                    setting.repeats ? "a value or a list of values" : "a value"));
            return;
        }
        // A setting that is not used now is checked all the same, on a copy nobody keeps.
        Settings unused;
        const bool used = !chosen_[place] && (setting.commands & command_) != 0;
        const auto assigned = setting.assign(used ? settings_ : unused, value.text());
        if (!assigned) fail(value, fmt::format("{}: {}", setting.key, assigned.error().message));
    }

    void read_program(const Value& program) {
        if (program.is_scalar() && !program.text().empty()) {
            settings_.command = {"/bin/sh", "-c", program.text()};
            return;
        }
        for (const Value& word : program.items()) {
            if (!word.is_scalar()) {
                fail(word, "each word of application.command must be a text");
                return;
            }
            settings_.command.push_back(word.text());
        }
        if (settings_.command.empty())
            fail(program, "application.command must be a list of words, or a text for /bin/sh");
    }

    Settings& settings_;
    Commands command_;
    const std::bitset<64>& chosen_;
    Tree tree_;
    Errors& errors_;
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
