// SPDX-License-Identifier: Apache-2.0
#include "app/ledger_print.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/output.h"
#include "metadata/value.h"

namespace kaigara::app {

namespace {

using metadata::Value;
using provision::LedgerEvent;
using provision::LedgerLine;
using provision::OperationPast;
using provision::RunKind;

constexpr std::size_t shown_of_digest = 12;

Value text_value(std::string_view text) { return Value::quoted(std::string(text)); }
Value flag_value(bool on) { return Value::plain(on ? "true" : "false"); }

// Where an operation stands that has succeeded and is in the image.
std::string_view state_of_done(const KnownOperation& known, const OperationPast& past) {
    if (known.operation.options.run == RunKind::once)
        return !past.success.code.empty() && past.success.code != known.digests.code ? "edited"
                                                                                     : "done";
    return past.success.content != known.digests.content ? "changed" : "done";
}

std::string_view state_of(const KnownOperation* known, const OperationPast& past) {
    if (past.is_interrupted()) return "interrupted";
    const bool is_once = known == nullptr || known->operation.options.run == RunKind::once;
    if (past.ended_in_success() || (past.has_succeeded && is_once))
        return known == nullptr ? "done" : state_of_done(*known, past);
    if (past.last == LedgerEvent::forgotten) return "pending";
    return provision::event_word(past.last);
}

// Digests are for programs: their beginning is enough to see that two differ.
std::string shortened(std::string_view details) {
    std::string out;
    for (std::string_view field : text::split(details, ' ')) {
        if (field.empty()) continue;
        const std::size_t digest = field.find("=sha256:");
        if (digest != std::string_view::npos)
            field = field.substr(0, digest + std::string_view("=sha256:").size() + shown_of_digest);
        out += fmt::format(" {}", field);
    }
    return out;
}

bool is_wanted(const LedgerLine& line, std::string_view name) {
    return name.empty() || (line.name != "-" && provision::decode_name(line.name) == name);
}

}  // namespace

std::vector<LedgerRow> ledger_rows(const provision::LedgerHistory& history,
                                   const std::vector<KnownOperation>& image) {
    std::map<std::string, LedgerRow> rows;
    for (const KnownOperation& known : image) {
        const provision::OperationOptions& options = known.operation.options;
        if (!options.is_recorded()) continue;
        LedgerRow row{known.operation.name, "pending"};
        row.run = provision::run_kind_name(options.run);
        row.barrier = options.barrier;
        row.in_image = true;
        rows.emplace(row.name, row);
    }
    for (const auto& [name, past] : history) {
        const auto known = std::ranges::find(image, name, [](const KnownOperation& operation) {
            return std::string_view(operation.operation.name);
        });
        const bool is_known = known != image.end();
        LedgerRow& row = rows[name];
        row.name = name;
        row.state = state_of(is_known ? &*known : nullptr, past);
        row.since =
            past.has_succeeded && !past.is_interrupted() ? past.success_time : past.last_time;
        row.starts = past.starts;
        row.barrier = row.barrier || past.success_is_barrier;
        row.in_image = is_known;
        if (is_known) row.run = provision::run_kind_name(known->operation.options.run);
    }
    std::vector<LedgerRow> all;
    for (auto& [name, row] : rows) all.push_back(std::move(row));
    return all;
}

std::string list_as_text(const std::vector<LedgerRow>& rows, bool knows_image) {
    std::size_t width = std::string_view("OPERATION").size();
    for (const LedgerRow& row : rows) width = std::max(width, text::printable(row.name).size());
    std::string out = fmt::format("{:<{}}  {:<11}  {:<24}  {:<9}  STARTS\n", "OPERATION", width,
                                  "STATE", "SINCE", "RUN");
    for (const LedgerRow& row : rows) {
        out += fmt::format("{:<{}}  {:<11}  {:<24}  {:<9}  {:>6}", text::printable(row.name), width,
                           row.state, row.since.empty() ? "-" : row.since,
                           row.run.empty() ? "-" : row.run, row.starts);
        if (row.barrier) out += "  barrier";
        if (!row.in_image && knows_image) out += "  not in this image";
        out += '\n';
    }
    return out;
}

std::string list_as_json(const std::vector<LedgerRow>& rows) {
    std::vector<Value> items;
    for (const LedgerRow& row : rows) {
        items.push_back(Value::map({{"name", text_value(text::printable(row.name))},
                                    {"state", text_value(row.state)},
                                    {"since", text_value(row.since)},
                                    {"run", text_value(row.run)},
                                    {"starts", Value::plain(std::to_string(row.starts))},
                                    {"barrier", flag_value(row.barrier)},
                                    {"in_image", flag_value(row.in_image)}}));
    }
    return metadata::to_json(Value::list(std::move(items)), 2) + "\n";
}

std::string history_as_text(const provision::LedgerText& ledger, std::string_view name) {
    std::string out;
    for (const LedgerLine& line : ledger.lines) {
        if (!is_wanted(line, name)) continue;
        out += fmt::format("{:>4}  {}  {:<9}  {}{}\n", line.number, line.time, line.event,
                           text::printable(provision::decode_name(line.name)),
                           shortened(line.details));
    }
    return out;
}

std::string history_as_json(const provision::LedgerText& ledger, std::string_view name) {
    std::vector<Value> items;
    for (const LedgerLine& line : ledger.lines) {
        if (!is_wanted(line, name)) continue;
        std::vector<Value::Entry> entries;
        entries.push_back({"number", Value::plain(std::to_string(line.number))});
        entries.push_back({"time", text_value(line.time)});
        entries.push_back({"event", text_value(line.event)});
        entries.push_back({"name", text_value(provision::decode_name(line.name))});
        for (const std::string_view field : text::split(line.details, ' ')) {
            const std::size_t equals = field.find('=');
            if (equals != std::string_view::npos)
                entries.push_back({std::string(field.substr(0, equals)),
                                   text_value(provision::decode_name(field.substr(equals + 1)))});
        }
        items.push_back(Value::map(std::move(entries)));
    }
    return metadata::to_json(Value::list(std::move(items)), 2) + "\n";
}

}  // namespace kaigara::app
