// SPDX-License-Identifier: Apache-2.0
#include "app/status_text.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/signals.h"

namespace kaigara::app {

namespace {

constexpr std::string_view null = "null";

std::string_view truth(bool value) { return value ? "true" : "false"; }

template <class T>
std::string number_or_null(const std::optional<T>& value) {
    return value ? fmt::format("{}", *value) : std::string(null);
}

std::string text_or_null(const std::optional<std::string>& value) {
    return value ? text::json_string(*value) : std::string(null);
}

std::string exit_json(const Status::Exit& exit) {
    return fmt::format(R"({{"status":{},"signal":{},"reason":"{}","at_ms":{},"ran_ms":{}}})",
                       exit.status,
                       exit.signal == 0 ? std::string(null)
                                        : text::json_string(platform::signal_name(exit.signal)),
                       word_of(exit.reason), exit.at_ms, exit.ran.count());
}

std::string operation_json(const Status::Operation& operation) {
    return fmt::format(R"({{"name":{},"result":{},"duration_ms":{},"attempts":{}}})",
                       text::json_string(operation.name), text::json_string(operation.result),
                       operation.duration.count(), operation.attempts);
}

std::string source_json(const Status::Source& source) {
    return fmt::format(R"({{"name":{},"age_ms":{}}})", text::json_string(source.name),
                       source.age.count());
}

template <class T>
std::string list_json(const std::vector<T>& items, std::string (*item_json)(const T&)) {
    std::string out = "[";
    for (const T& item : items) {
        if (out.size() > 1) out += ',';
        out += item_json(item);
    }
    return out + ']';
}

// --- Prometheus --------------------------------------------------------------------------------

// Within the quotes of a label's value.
std::string label(std::string_view value) {
    std::string out;
    for (const char c : text::valid_utf8(value)) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

// Milliseconds as the seconds that Prometheus wants, exactly.
std::string seconds(std::int64_t milliseconds) {
    const std::uint64_t size = milliseconds < 0
                                   ? std::uint64_t{0} - static_cast<std::uint64_t>(milliseconds)
                                   : static_cast<std::uint64_t>(milliseconds);
    return fmt::format("{}{}.{:03}", milliseconds < 0 ? "-" : "", size / 1000, size % 1000);
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP kaigara_{} {}\n# TYPE kaigara_{} {}\n", name, help, name, type);
}

void gauge(std::string& out, std::string_view name, std::string_view value, std::string_view help) {
    head(out, name, "gauge", help);
    out += fmt::format("kaigara_{} {}\n", name, value);
}

void counter(std::string& out, std::string_view name, std::uint64_t value, std::string_view help) {
    head(out, name, "counter", help);
    out += fmt::format("kaigara_{} {}\n", name, value);
}

std::string_view bit(bool value) { return value ? "1" : "0"; }

void add_state(std::string& out, const Status& status, bool is_up) {
    using State = Status::State;
    static constexpr std::array states{State::resolving, State::provisioning, State::starting,
                                       State::running,   State::reloading,    State::restarting,
                                       State::waiting,   State::stopping};
    head(out, "state", "gauge", "1 for the state that kaigara is in, 0 for the others.");
    for (const State state : states)
        out += fmt::format("kaigara_state{{state=\"{}\"}} {}\n", word_of(state),
                           bit(is_up && state == status.state));
}

void add_last_exit(std::string& out, const Status& status) {
    if (status.last_exits.empty()) return;
    const Status::Exit& exit = status.last_exits.front();
    head(out, "last_exit_status", "gauge",
         "Status of the run that ended last, 128+n for a signal.");
    out += fmt::format("kaigara_last_exit_status{{reason=\"{}\"}} {}\n", word_of(exit.reason),
                       exit.status);
    gauge(out, "last_exit_time_seconds", seconds(exit.at_ms),
          "When the run that ended last did so, since 1970.");
    gauge(out, "last_run_duration_seconds", seconds(exit.ran.count()),
          "How long the run that ended last took.");
}

void add_operations(std::string& out, const Status& status) {
    if (status.operations.empty()) return;
    head(out, "operation_duration_seconds", "gauge", "How long each operation took at this start.");
    for (const Status::Operation& operation : status.operations)
        out += fmt::format(
            "kaigara_operation_duration_seconds{{operation=\"{}\",result=\"{}\"}} {}\n",
            label(operation.name), label(operation.result), seconds(operation.duration.count()));
    head(out, "operation_attempts", "gauge", "How often each operation was tried at this start.");
    for (const Status::Operation& operation : status.operations)
        out += fmt::format("kaigara_operation_attempts{{operation=\"{}\"}} {}\n",
                           label(operation.name), operation.attempts);
}

}  // namespace

std::string status_json(const Status& status) {
    const auto next_start = status.next_start ? std::optional(status.next_start->count())
                                              : std::optional<Milliseconds::rep>();
    std::string out = fmt::format(
        R"({{"version":{},"stage":"{}","state":"{}","pid":{},"restarts":{},"ready":{},"live":{},)"
        R"("started":{},"message":{},"since_ms":{},"uptime_ms":{},"next_start_ms":{},)",
        text::json_string(KAIGARA_VERSION), word_of(status.stage), word_of(status.state),
        number_or_null(status.pid), status.restarts, truth(status.ready), truth(status.live),
        truth(status.started), text_or_null(status.message), number_or_null(status.since_ms),
        status.uptime.count(), number_or_null(next_start));
    out += fmt::format(
        R"("last_exits":{},"operations":{},"sources":{},)", list_json(status.last_exits, exit_json),
        list_json(status.operations, operation_json), list_json(status.sources, source_json));
    out += fmt::format(R"("orphans_reaped":{},"signals_forwarded":{},"last_reason":{}}})",
                       status.orphans_reaped, status.signals_forwarded,
                       text_or_null(status.last_reason));
    return out;
}

std::string metrics_text(const Status& status, bool is_up) {
    std::string out;
    gauge(out, "up", bit(is_up), "Whether kaigara runs.");
    head(out, "info", "gauge", "The version of kaigara.");
    out += fmt::format("kaigara_info{{version=\"{}\"}} 1\n", label(KAIGARA_VERSION));
    add_state(out, status, is_up);
    gauge(out, "ready", bit(is_up && health_of(status, HealthKind::ready).ok),
          "Whether the application is ready.");
    gauge(out, "live", bit(is_up && health_of(status, HealthKind::live).ok),
          "Whether the application is live.");
    gauge(out, "started", bit(is_up && health_of(status, HealthKind::startup).ok),
          "Whether the application was ready once.");
    counter(out, "restarts_total", status.restarts, "How often the application was started again.");
    counter(out, "orphans_reaped_total", status.orphans_reaped,
            "Processes reaped that kaigara had not started.");
    counter(out, "signals_forwarded_total", status.signals_forwarded,
            "Signals passed on to the application.");
    if (status.since_ms && is_up)
        gauge(out, "application_start_time_seconds", seconds(*status.since_ms),
              "When the present run of the application began, since 1970.");
    add_last_exit(out, status);
    add_operations(out, status);
    return out;
}

}  // namespace kaigara::app
