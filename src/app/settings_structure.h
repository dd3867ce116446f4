// SPDX-License-Identifier: Apache-2.0
#pragma once

// The keys of kaigara.yml that are more than one value: they have no option and no variable.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "metadata/value.h"

namespace kaigara::app {

// What a key is read with.
struct SettingsReading {
    // Notes an error.
    std::function<void(metadata::Origin, std::string message)> fail;
    // "kaigara.yml:4:5"
    std::function<std::string(const metadata::Value&)> where;
    // A path of the file as one that holds from the working directory.
    std::function<std::string(const std::string&)> resolve_path;
};

struct StructuredKey {
    std::string_view name;  // "application.command"
    std::string_view help;  // one line, no full stop
    std::string (*schema)();
    void (*read)(Settings& settings, const metadata::Value& value, const SettingsReading& reading);
};

std::span<const StructuredKey> structured_keys() noexcept;

}  // namespace kaigara::app
