// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that a user can set, in one place. What each setting is called, how it is read and what it
// means stands in settings_table.cpp; options, environment and kaigara.yml all go through it.

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/log.h"
#include "metadata/sources/source.h"
#include "provision/file_entry.h"
#include "provision/operation_options.h"
#include "supervise/check_spec.h"
#include "supervise/launch.h"

namespace kaigara::app {

// A path with a default: one that the user named must exist.
struct Place {
    std::string path;
    bool named = false;
};

enum class OperationOutput : std::uint8_t { prefix, raw, json };
enum class MetadataFormat : std::uint8_t { yaml, json, env };

// One entry of `application.export`: a value of the metadata in the application's environment.
struct Export {
    std::string name;
    std::string path;
    std::string where;  // "kaigara.yml:7:3"
};

struct Settings {
    // The application.
    bool group = false;
    std::optional<bool> subreaper;  // unset: on when not PID 1
    int parent_death = 0;
    supervise::SignalMap signals;
    std::bitset<256> success;
    std::optional<std::string> user;
    bool no_new_privileges = false;
    std::optional<std::string> directory;
    std::optional<mode_t> umask;
    int stop_signal = 0;
    Milliseconds stop_timeout{0};
    Milliseconds grace{0};
    supervise::RestartRules restart;
    std::string pre_stop;
    Milliseconds pre_stop_timeout{5'000};
    std::string on_reload;  // a signal or a command
    Milliseconds on_reload_timeout{30'000};
    supervise::CheckSpec ready;
    supervise::CheckSpec live;
    Milliseconds check_interval{10'000};
    Milliseconds check_timeout{3'000};
    unsigned check_failures = 3;
    Milliseconds start_timeout{0};
    std::string metrics_file;
    bool watch = false;
    Milliseconds watch_quiet{2'000};
    Milliseconds watch_splay{0};
    Milliseconds watch_interval{30'000};
    std::vector<std::string> command;  // application.command of kaigara.yml
    std::vector<Export> exports;
    bool export_all = false;

    // Where things are.
    Place config{"/opt/provision/kaigara.yml"};
    Place metadata{"/opt/provision/metadata.yml"};
    Place resources{"/opt/provision/resources"};
    Place operations{"/opt/provision/operations"};
    Place ledger{"/var/lib/kaigara/ledger"};  // a path, consul:PREFIX or etcd:PREFIX
    Milliseconds lock_timeout{300'000};
    Milliseconds lock_ttl{15'000};  // of a ledger in a cluster

    Place socket{"/run/kaigara/control.sock"};  // or "off"

    // Stages 1 and 2.
    std::vector<metadata::Source> sources;
    std::vector<std::string> sets;
    Milliseconds resolve_timeout{60'000};
    std::vector<provision::FileEntry> files;
    std::vector<provision::OperationEntry> operation_entries;
    OperationOutput operation_output = OperationOutput::prefix;
    std::string only;

    // Messages; unset levels depend on the command.
    std::optional<log::Level> log_level;
    log::Format log_format = log::Format::text;

    // render, get, metadata, plan.
    std::string output;
    std::optional<std::string> default_value;
    MetadataFormat format = MetadataFormat::yaml;
    bool origin = false;
    bool show_secrets = false;
    bool as_json = false;

    // health.
    bool health_ready = false;
    bool health_live = false;
    bool health_startup = false;

    // wait.
    Milliseconds wait_timeout{60'000};
};

}  // namespace kaigara::app
