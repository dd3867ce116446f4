// SPDX-License-Identifier: Apache-2.0

// `kaigara status` for people: see status_text.h.

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "app/status_text.h"
#include "base/text.h"
#include "metadata/json.h"
#include "provision/operation_outcome.h"

namespace kaigara::app {

namespace {

using metadata::Value;

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

constexpr std::size_t widest_name = 40;

// The text of a scalar member, fit for a terminal; empty where there is none.
std::string shown(const Value& map, std::string_view key, std::size_t limit = 200) {
    const Value* value = map.find(key);
    return value == nullptr || !value->is_scalar() ? "" : text::printable(value->text(), limit);
}

std::optional<std::int64_t> number(const Value& map, std::string_view key) {
    const Value* value = map.find(key);
    if (value == nullptr || !value->is_plain()) return std::nullopt;
    const auto parsed = text::parse_number(
        value->text(), static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    return parsed ? std::optional(static_cast<std::int64_t>(*parsed)) : std::nullopt;
}

bool is_true(const Value& map, std::string_view key) { return shown(map, key) == "true"; }

std::string duration(std::int64_t milliseconds) {
    return provision::rounded(Milliseconds(std::max<std::int64_t>(milliseconds, 0)));
}

// Columns as wide as their widest text; the last one has no end.
class Table {
public:
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    void print(std::string& out) const {
        std::vector<std::size_t> widths;
        for (const auto& row : rows_) {
            widths.resize(std::max(widths.size(), row.size()));
            for (std::size_t i = 0; i < row.size(); ++i)
                widths[i] = std::max(widths[i], width_of(row[i]));
        }
        for (const auto& row : rows_) {
            std::string line = "  ";
            for (std::size_t i = 0; i < row.size(); ++i) {
                line += row[i];
                line.append(widths[i] - width_of(row[i]) + 2, ' ');
            }
            out += line.substr(0, line.find_last_not_of(' ') + 1);
            out += '\n';
        }
    }

private:
    // Characters, not bytes.
    static std::size_t width_of(std::string_view text) {
        return static_cast<std::size_t>(std::ranges::count_if(
            text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    }

    std::vector<std::vector<std::string>> rows_;
};

class Summary {
public:
    Summary(const Value& status, std::int64_t now_ms, bool colour)
        : status_(status), now_ms_(now_ms), colour_(colour) {}

    std::string print() {
        add_first_line();
        add_health();
        add_operations();
        add_exits();
        add_sources();
        add_last_line();
        return std::move(out_);
    }

private:
    std::string painted(std::string_view colour, std::string_view text) const {
        return colour_ ? fmt::format("{}{}{}", colour, text, plain) : std::string(text);
    }

    std::string ago(std::int64_t at_ms) const { return duration(now_ms_ - at_ms); }

    // "running  pid 17  since 3m12s  restarts 2"
    void add_first_line() {
        const std::string state = shown(status_, "state", widest_name);
        const bool is_well = state == "running" || state == "reloading";
        out_ += painted(!is_well ? yellow : is_true(status_, "ready") ? green : red, state);
        if (const auto pid = number(status_, "pid")) out_ += fmt::format("  pid {}", *pid);
        if (const auto since = number(status_, "since_ms"))
            out_ += fmt::format("  since {}", ago(*since));
        if (const auto next = number(status_, "next_start_ms"))
            out_ += fmt::format("  next start in {}", duration(*next));
        if (const auto restarts = number(status_, "restarts"))
            out_ += fmt::format("  restarts {}", *restarts);
        out_ += '\n';
    }

    void add_health() {
        const bool is_supervised = shown(status_, "stage") == "supervise";
        const bool is_live = is_true(status_, "live");
        const bool is_ready = is_true(status_, "ready");
        const std::string reason = shown(status_, "last_reason");
        const std::string why = reason.empty() ? "" : ": " + reason;
        if (is_supervised) {
            const std::string live_why = is_live ? "" : why;
            const std::string ready_why = is_ready || !is_live ? "" : why;
            out_ +=
                fmt::format("  ready  {}{}\n", is_ready ? "yes" : painted(red, "no"), ready_why);
            out_ += fmt::format("  live   {}{}\n", is_live ? "yes" : painted(red, "no"), live_why);
        }
        if (const std::string says = shown(status_, "message"); !says.empty())
            out_ += fmt::format("  says   {}\n", says);
    }

    const std::vector<Value>& list(std::string_view key) const {
        static const std::vector<Value> none;
        const Value* value = status_.find(key);
        return value == nullptr ? none : value->items();
    }

    void title(std::string_view text) { out_ += painted(bold, text) + "\n"; }

    void add_operations() {
        Table table;
        for (const Value& operation : list("operations")) {
            const auto attempts = number(operation, "attempts").value_or(0);
            const auto took = number(operation, "duration_ms");
            table.add({shown(operation, "name", widest_name),
                       shown(operation, "result", widest_name), took ? duration(*took) : "",
                       attempts > 1 ? fmt::format("{} attempts", attempts) : ""});
        }
        if (list("operations").empty()) return;
        title("operations");
        table.print(out_);
    }

    void add_exits() {
        Table table;
        for (const Value& exit : list("last_exits")) {
            const auto at = number(exit, "at_ms");
            const auto ran = number(exit, "ran_ms");
            const std::string signal = shown(exit, "signal", widest_name);
            const std::string reason = shown(exit, "reason", widest_name);
            table.add({at ? ago(*at) + " ago" : "", "status " + shown(exit, "status", widest_name),
                       signal.empty() ? "" : "signal " + signal,
                       // What the columns before say already.
                       reason == "exited" || reason == "signal" ? "" : reason,
                       ran ? "after " + duration(*ran) : ""});
        }
        if (list("last_exits").empty()) return;
        title("last ends");
        table.print(out_);
    }

    void add_sources() {
        Table table;
        for (const Value& source : list("sources")) {
            const auto age = number(source, "age_ms");
            table.add({shown(source, "name", widest_name),
                       age ? fmt::format("read {} ago", duration(*age)) : ""});
        }
        if (list("sources").empty()) return;
        title("sources");
        table.print(out_);
    }

    void add_last_line() {
        std::string line = "kaigara " + shown(status_, "version", widest_name);
        if (const auto uptime = number(status_, "uptime_ms"))
            line += fmt::format("  up {}", duration(*uptime));
        if (const auto orphans = number(status_, "orphans_reaped"))
            line += fmt::format("  orphans reaped {}", *orphans);
        if (const auto signals = number(status_, "signals_forwarded"))
            line += fmt::format("  signals forwarded {}", *signals);
        out_ += painted(dim, line) + "\n";
    }

    const Value& status_;
    std::int64_t now_ms_;
    bool colour_;
    std::string out_;
};

}  // namespace

std::string status_summary(std::string_view json, std::int64_t now_ms, bool colour) {
    const auto status = metadata::read_json(json, 0, "the answer");
    if (!status || shown(*status, "state").empty())
        return fmt::format("kaigara answered what is no status: {}\n", text::printable(json));
    return Summary(*status, now_ms, colour).print();
}

}  // namespace kaigara::app
