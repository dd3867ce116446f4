// SPDX-License-Identifier: Apache-2.0
#include "app/settings_table.h"

#include <array>

#include <fmt/format.h>

#include "app/ledger_access.h"
#include "app/settings_kinds.h"
#include "base/text.h"

namespace kaigara::app {

namespace {

Error bad_value(std::string_view value, std::string_view expected) {
    return {Fault::usage, 0,
            fmt::format("'{}' is not accepted: {}", text::printable(value, 60), expected), ""};
}

Result<int> parse_signal(std::string_view value) {
    if (const auto signal = platform::parse_signal(value)) return *signal;
    return bad_value(value, "a signal is TERM, SIGTERM, 15 or RTMIN+3");
}

template <class T>
struct Choice {
    std::string_view word;
    T value;
};

template <class T, std::size_t N>
Result<T> choose(std::string_view value, const std::array<Choice<T>, N>& choices) {
    std::array<std::string_view, N> words;
    std::string list;
    for (std::size_t i = 0; i < N; ++i) {
        if (choices[i].word == value) return choices[i].value;
        words[i] = choices[i].word;
        list += (i == 0 ? "" : i + 1 == N ? " or " : ", ");
        list += choices[i].word;
    }
    Error error = bad_value(value, list);
    error.message += text::did_you_mean(value, words);
    return error;
}

Result<void> assign_rewrite(Settings& settings, std::string_view value) {
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos)
        return bad_value(value, "a rewrite is A:B, or A:0 to drop A");
    KG_LET(from, parse_signal(value.substr(0, colon)));
    const std::string_view to = value.substr(colon + 1);
    if (to == "0") {
        settings.signals.rewrite(from, supervise::SignalMap::drop);
        return {};
    }
    KG_LET(target, parse_signal(to));
    settings.signals.rewrite(from, target);
    return {};
}

Result<void> assign_success(Settings& settings, std::string_view value) {
    const auto status = text::parse_number(value, 255);
    if (!status) return bad_value(value, "an exit status is a number from 0 to 255");
    settings.success.set(*status);
    return {};
}

Result<void> assign_umask(Settings& settings, std::string_view value) {
    mode_t mask = 0;
    bool good = !value.empty() && value.size() <= 4;
    for (const char digit : value) {
        good = good && digit >= '0' && digit <= '7';
        mask = mask * 8 + static_cast<mode_t>(digit - '0');
    }
    if (!good || mask > 0777) return bad_value(value, "a umask is octal, from 0 to 0777");
    settings.umask = mask;
    return {};
}

Result<void> assign_level(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<log::Level>, 4> levels{{{"error", log::Level::error},
                                                               {"warn", log::Level::warn},
                                                               {"info", log::Level::info},
                                                               {"debug", log::Level::debug}}};
    KG_LET(level, choose(value, levels));
    settings.log_level = level;
    return {};
}

Result<void> assign_log_format(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<log::Format>, 2> formats{
        {{"text", log::Format::text}, {"json", log::Format::json}}};
    KG_LET(format, choose(value, formats));
    settings.log_format = format;
    return {};
}

Result<void> assign_operation_output(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<OperationOutput>, 3> modes{
        {{"prefix", OperationOutput::prefix},
         {"raw", OperationOutput::raw},
         {"json", OperationOutput::json}}};
    KG_LET(mode, choose(value, modes));
    settings.operation_output = mode;
    return {};
}

Result<void> assign_format(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<MetadataFormat>, 3> formats{{{"yaml", MetadataFormat::yaml},
                                                                    {"json", MetadataFormat::json},
                                                                    {"env", MetadataFormat::env}}};
    KG_LET(format, choose(value, formats));
    settings.format = format;
    return {};
}

// A member that takes the text as it is; it may not be empty.
template <auto Member>
Result<void> assign_text(Settings& settings, std::string_view value) {
    if (value.empty()) return bad_value(value, "a value is needed");
    settings.*Member = std::string(value);
    return {};
}

template <auto Member>
Result<void> assign_place(Settings& settings, std::string_view value) {
    if (value.empty()) return bad_value(value, "a path is needed");
    settings.*Member = Place{std::string(value), true};
    return {};
}

Result<void> assign_ledger(Settings& settings, std::string_view value) {
    const auto address = parse_ledger_address(value);
    if (!address) return bad_value(value, address.error().message);
    settings.ledger = Place{std::string(value), true};
    return {};
}

template <auto Member>
Result<void> assign_switch(Settings& settings, std::string_view value) {
    KG_LET(on, parse_switch(value));
    settings.*Member = on;
    return {};
}

template <auto Member>
Result<void> assign_signal(Settings& settings, std::string_view value) {
    KG_LET(signal, parse_signal(value));
    settings.*Member = signal;
    return {};
}

template <auto Member>
Result<void> assign_duration(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    settings.*Member = duration;
    return {};
}

Result<void> assign_restart(Settings& settings, std::string_view value) {
    using When = supervise::RestartWhen;
    static constexpr std::array<Choice<When>, 3> policies{
        {{"no", When::never}, {"on-failure", When::on_failure}, {"always", When::always}}};
    // Without quotes "no" is false where YAML 1.1 is spoken.
    KG_LET(when, choose(value == "false" ? "no" : value, policies));
    settings.restart.when = when;
    return {};
}

template <auto Member>
Result<void> assign_restart_duration(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    settings.restart.*Member = duration;
    return {};
}

Result<void> assign_restart_limit(Settings& settings, std::string_view value) {
    const auto limit = text::parse_number(value, 1'000'000);
    if (!limit || *limit == 0)
        return bad_value(value, "from 1 to 1000000; for none at all say --restart no");
    settings.restart.limit = *limit;
    return {};
}

Result<void> assign_check_failures(Settings& settings, std::string_view value) {
    const auto number = text::parse_number(value, 1'000);
    if (!number || *number == 0) return bad_value(value, "from 1 to 1000");
    settings.check_failures = static_cast<unsigned>(*number);
    return {};
}

// A check without an end could never fail, and one without a pause would be a load of its own.
template <auto Member>
Result<void> assign_check_duration(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration < Milliseconds(100) || duration > std::chrono::hours(24))
        return bad_value(value, "from 100ms to 1d");
    settings.*Member = duration;
    return {};
}

// It holds up a stop, or the next reload.
template <auto Member>
Result<void> assign_hook_timeout(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration.count() == 0) return bad_value(value, "a command needs some time, such as 5s");
    settings.*Member = duration;
    return {};
}

template <auto Member>
Result<void> assign_check(Settings& settings, std::string_view value) {
    KG_LET(spec, supervise::parse_check_spec(value));
    settings.*Member = std::move(spec);
    return {};
}

// Without an end a source that hangs would keep the container from starting, without a word.
Result<void> assign_resolve_timeout(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration.count() == 0) return bad_value(value, "sources need some time, such as 30s");
    settings.resolve_timeout = duration;
    return {};
}

// Without an end a target that never answers would hold what comes after it, without a word.
Result<void> assign_wait_timeout(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration.count() == 0) return bad_value(value, "targets need some time, such as 60s");
    settings.wait_timeout = duration;
    return {};
}

// A source is asked at most so often, whatever it is.
Result<void> assign_watch_interval(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration < Milliseconds(100)) return bad_value(value, "100ms is the least");
    settings.watch_interval = duration;
    return {};
}

// Consul knows no shorter one, and a holder that is dead is to be missed within the hour.
Result<void> assign_lock_ttl(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration < std::chrono::seconds(10) || duration > std::chrono::hours(1))
        return bad_value(value, "from 10s to 1h");
    settings.lock_ttl = duration;
    return {};
}

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
            "yaml (default), json or env", kind::none, assign_format},
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

Result<bool> parse_switch(std::string_view value) {
    if (value == "1" || value == "true" || value == "yes") return true;
    if (value.empty() || value == "0" || value == "false" || value == "no") return false;
    return bad_value(value, "a switch is on with 1, true or yes, off with 0, false, no or empty");
}

std::span<const Setting> settings_table() noexcept { return table; }

std::string variable_of(const Setting& setting) {
    std::string name = "KAIGARA_";
    for (const char c : setting.name)
        name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

}  // namespace kaigara::app
