// SPDX-License-Identifier: Apache-2.0
#include "app/settings_table.h"

#include <array>

#include <fmt/format.h>

#include "app/settings_kinds.h"
#include "app/settings_values.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

constexpr Commands supervising = command::start | command::exec;
constexpr Commands provisioning = command::start | command::provision;
constexpr Commands files = provisioning | command::plan | command::check;
constexpr Commands resolving =
    files | command::render | command::get | command::metadata | command::ledger;
constexpr Commands asking = command::status | command::health | command::reload | command::restart;
constexpr Commands all = resolving | command::exec | command::init | command::wait | asking;

// clang-format off
constexpr std::array table = {
    Setting{"group", 'g', "", "application.group", supervising, false,
            "forward signals to the application's process group", kind::flag, assign_switch<&Settings::group>},
    Setting{"subreaper", 's', "", "application.subreaper", supervising, false,
            "reap orphans when not PID 1 (on by default; =0 turns it off)", kind::flag, assign_switch<&Settings::subreaper>},
    Setting{"parent-death", 'p', "SIG", "application.parent-death", supervising, false,
            "signal that kaigara gets when its parent dies", kind::signal, assign_signal<&Settings::parent_death>},
    Setting{"rewrite", 'r', "A:B", "application.rewrite", supervising, true,
            "deliver signal B for A; A:0 drops A", kind::rewrite, assign_rewrite},
    Setting{"success", 'e', "CODE", "application.success", supervising, true,
            "this status of the application becomes 0", kind::status, assign_success},
    Setting{"user", 0, "USER[:GROUP]", "application.user", supervising, false,
            "user of the application, by name or id", kind::user, assign_text<&Settings::user>},
    Setting{"no-new-privs", 0, "", "application.no-new-privs", supervising, false,
            "the application never gains rights, by set-user-id programs or file capabilities",
            kind::flag, assign_switch<&Settings::no_new_privileges>},
    Setting{"cwd", 0, "DIR", "application.cwd", supervising, false,
            "working directory of the application", kind::text, assign_text<&Settings::directory>},
    Setting{"umask", 0, "MASK", "application.umask", supervising, false,
            "umask of the application, octal", kind::umask, assign_umask},
    Setting{"stop-signal", 0, "SIG", "application.stop-signal", supervising, false,
            "what TERM becomes", kind::signal, assign_signal<&Settings::stop_signal>},
    Setting{"stop-timeout", 0, "D", "application.stop-timeout", supervising, false,
            "KILL what is left this long after a stop; 0: never (default)", kind::duration, assign_duration<&Settings::stop_timeout>},
    Setting{"grace", 0, "D", "application.grace", supervising, false,
            "PID 1: when the application ended, TERM to the rest and KILL after D (default 0: at once)", kind::duration, assign_duration<&Settings::grace>},
    Setting{"restart", 0, "WHEN", "application.restart", supervising, false,
            "start the application again when it ends: no (default), on-failure or always", kind::restart, assign_restart},
    Setting{"restart-delay", 0, "D", "application.restart-delay", supervising, false,
            "before the first restart, doubled after each run that was short (default 100ms)", kind::duration, assign_restart_duration<&supervise::RestartRules::first_delay>},
    Setting{"restart-max-delay", 0, "D", "application.restart-max-delay", supervising, false,
            "longest delay before a restart (default 30s)", kind::duration, assign_restart_duration<&supervise::RestartRules::longest_delay>},
    Setting{"restart-reset", 0, "D", "application.restart-reset", supervising, false,
            "a run of this length is a good one: delay and count begin anew (default 10s)", kind::duration, assign_restart_duration<&supervise::RestartRules::reset>},
    Setting{"restart-limit", 0, "N", "application.restart-limit", supervising, false,
            "give up after N restarts without a good run between them (default: never)", kind::positive, assign_restart_limit},
    Setting{"pre-stop", 0, "CMD", "application.pre-stop", supervising, false,
            "shell command that runs before the application gets the stop signal", kind::text, assign_text<&Settings::pre_stop>},
    Setting{"pre-stop-timeout", 0, "D", "application.pre-stop-timeout", supervising, false,
            "end it by KILL after D (default 5s)", kind::duration, assign_hook_timeout<&Settings::pre_stop_timeout>},
    Setting{"on-reload", 0, "CMD|SIG", "application.on-reload", supervising, false,
            "what a reload does: a signal for the application (default HUP) or a shell command", kind::text, assign_text<&Settings::on_reload>},
    Setting{"on-reload-timeout", 0, "D", "application.on-reload-timeout", supervising, false,
            "end that command by KILL after D (default 30s)", kind::duration, assign_hook_timeout<&Settings::on_reload_timeout>},
    Setting{"ready", 0, "CHECK", "application.ready", supervising, false,
            "when the application is ready: notify, tcp:PORT, a URL or exec:CMD (default: when it runs)", kind::check, assign_check<&Settings::ready>},
    Setting{"live", 0, "CHECK", "application.live", supervising, false,
            "whether it is live, in the same words; when it is not it is stopped, and --restart asked", kind::check, assign_check<&Settings::live>},
    Setting{"check-interval", 0, "D", "application.check-interval", supervising, false,
            "between two checks of an application that was ready (default 10s)", kind::duration, assign_check_duration<&Settings::check_interval>},
    Setting{"check-timeout", 0, "D", "application.check-timeout", supervising, false,
            "a check that takes longer has failed, and is ended by KILL (default 3s)", kind::duration, assign_check_duration<&Settings::check_timeout>},
    Setting{"check-failures", 0, "N", "application.check-failures", supervising, false,
            "so many in a row count (default 3)", kind::positive, assign_check_failures},
    Setting{"start-timeout", 0, "D", "application.start-timeout", supervising, false,
            "stop an application that is not ready after D, and ask --restart (default 0: never)", kind::duration, assign_duration<&Settings::start_timeout>},
    Setting{"metrics-file", 0, "FILE", "metrics-file", supervising, false,
            "keep what status tells in FILE, as Prometheus text", kind::path, assign_text<&Settings::metrics_file>},
    Setting{"watch", 0, "", "application.watch", command::start, false,
            "keep following the sources, and do what a changed file's on-change says", kind::flag, assign_switch<&Settings::watch>},
    Setting{"watch-quiet", 0, "D", "application.watch-quiet", command::start, false,
            "act when nothing has changed for D (default 2s), after five times that at the latest", kind::duration, assign_duration<&Settings::watch_quiet>},
    Setting{"watch-splay", 0, "D", "application.watch-splay", command::start, false,
            "delay each restart after a change by a random time up to D (default 0)", kind::duration, assign_duration<&Settings::watch_splay>},
    Setting{"watch-interval", 0, "D", "application.watch-interval", command::start, false,
            "how often http and command sources are asked (default 30s)", kind::duration, assign_watch_interval},

    Setting{"config", 0, "FILE", "", resolving, false,
            "configuration (default /opt/provision/kaigara.yml)", kind::none, assign_place<&Settings::config>},
    Setting{"metadata", 0, "PATH", "paths.metadata", resolving, false,
            "metadata defaults, a file or a directory (default /opt/provision/metadata.yml)", kind::path, assign_place<&Settings::metadata>},
    Setting{"resources", 0, "DIR", "paths.resources", files | command::render, false,
            "templates (default /opt/provision/resources)", kind::path, assign_place<&Settings::resources>},
    Setting{"operations", 0, "DIR", "paths.operations", files | command::ledger, false,
            "operations (default /opt/provision/operations)", kind::path, assign_place<&Settings::operations>},
    Setting{"ledger", 0, "PLACE", "paths.ledger", files | command::ledger, false,
            "record of the operations: a file, consul:PREFIX or etcd:PREFIX (default /var/lib/kaigara/ledger)", kind::path, assign_ledger},
    Setting{"lock-timeout", 0, "D", "lock-timeout", provisioning | command::ledger, false,
            "how long to wait while another kaigara uses the ledger (default 5m)", kind::duration, assign_duration<&Settings::lock_timeout>},
    Setting{"lock-ttl", 0, "D", "lock-ttl", provisioning | command::ledger, false,
            "a ledger in a cluster: when a dead holder is forgotten, 10s to 1h (default 15s)", kind::duration, assign_lock_ttl},
    Setting{"socket", 0, "PATH", "paths.socket", supervising | asking, false,
            "control socket, or off (default /run/kaigara/control.sock)", kind::path, assign_place<&Settings::socket>},
    Setting{"set", 0, "PATH=VALUE", "set", resolving, true,
            "set one metadata value, above every other source", kind::text,
            [](Settings& settings, std::string_view value) -> Result<void> {
                settings.sets.emplace_back(value);
                return {};
            }},
    Setting{"resolve-timeout", 0, "D", "resolve-timeout", resolving, false,
            "how long all sources that have to be asked may take together (default 60s)", kind::duration, assign_resolve_timeout},
    Setting{"operation-output", 0, "MODE", "operation-output", provisioning, false,
            "prefix (default), raw or json", kind::output_mode, assign_operation_output},
    Setting{"only", 0, "NAME", "", command::provision, false,
            "run this operation alone", kind::none, assign_text<&Settings::only>},

    Setting{"output", 'o', "FILE", "", command::render, false,
            "write to FILE, atomically, instead of stdout", kind::none, assign_text<&Settings::output>},
    Setting{"default", 0, "VALUE", "", command::get, false,
            "printed when the path does not exist", kind::none,
            [](Settings& settings, std::string_view value) -> Result<void> {
                settings.default_value = std::string(value);
                return {};
            }},
    Setting{"format", 0, "FORMAT", "", command::metadata, false,
            "yaml (default), json or env", kind::metadata_format, assign_format},
    Setting{"origin", 0, "", "", command::metadata, false,
            "name the source of each value", kind::none, assign_switch<&Settings::origin>},
    Setting{"show-secrets", 0, "", "", command::metadata, false,
            "do not mask secret values", kind::none, assign_switch<&Settings::show_secrets>},

    Setting{"json", 0, "", "", command::plan | command::ledger | command::status, false,
            "one JSON object instead of text", kind::none, assign_switch<&Settings::as_json>},

    Setting{"ready", 0, "", "", command::health, false,
            "is the application ready? (default)", kind::none, assign_switch<&Settings::health_ready>},
    Setting{"live", 0, "", "", command::health, false,
            "is it live? yes also while operations run", kind::none, assign_switch<&Settings::health_live>},
    Setting{"startup", 0, "", "", command::health, false,
            "was it ready once?", kind::none, assign_switch<&Settings::health_startup>},

    Setting{"timeout", 0, "D", "", command::wait, false,
            "how long to wait for all of them (default 60s)", kind::none, assign_wait_timeout},

    Setting{"log-level", 0, "LEVEL", "log.level", all, false,
            "error, warn, info or debug (default info for start and provision, else warn)", kind::log_level, assign_level},
    Setting{"log-format", 0, "FORMAT", "log.format", all, false,
            "text (default) or json", kind::log_format, assign_log_format},
};
// clang-format on

}  // namespace

std::span<const Setting> settings_table() noexcept { return table; }

std::string variable_of(const Setting& setting) {
    std::string name = "KAIGARA_";
    for (const char c : setting.name)
        name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

}  // namespace kaigara::app
