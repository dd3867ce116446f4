// SPDX-License-Identifier: Apache-2.0
#include "supervise/change_action.h"

#include <algorithm>

#include <fmt/format.h>

#include "platform/signals.h"

namespace kaigara::supervise {

using Kind = ChangeAction::Kind;

std::optional<ChangeAction> parse_change_action(std::string_view text) {
    constexpr std::string_view run = "run:";
    constexpr std::string_view signal = "signal:";
    if (text == "reload") return ChangeAction{Kind::reload, 0, ""};
    if (text == "restart") return ChangeAction{Kind::restart, 0, ""};
    if (text.starts_with(run) && text.size() > run.size())
        return ChangeAction{Kind::run, 0, std::string(text.substr(run.size()))};
    if (!text.starts_with(signal)) return std::nullopt;
    const auto number = platform::parse_signal(text.substr(signal.size()));
    if (!number) return std::nullopt;
    return ChangeAction{Kind::signal, *number, ""};
}

Result<ChangeActions> ChangeActions::make(std::span<const std::string> on_change) {
    ChangeActions table;
    for (const std::string& text : on_change) {
        auto action = parse_change_action(text);
        if (!action || std::ranges::find(table.actions_, *action) != table.actions_.end()) continue;
        if (table.actions_.size() == most)
            return Error{Fault::configuration, 0,
                         fmt::format("'templates:' has more than {} different on-change", most),
                         ""};
        table.actions_.push_back(*std::move(action));
    }
    return table;
}

std::optional<std::size_t> ChangeActions::row_of(std::string_view on_change) const {
    const auto action = parse_change_action(on_change);
    if (!action) return std::nullopt;
    const auto found = std::ranges::find(actions_, *action);
    if (found == actions_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - actions_.begin());
}

bool ChangeActions::may_restart() const noexcept {
    return std::ranges::find(actions_, Kind::restart, &ChangeAction::kind) != actions_.end();
}

std::uint32_t ChangeActions::digest() const noexcept {
    // FNV-1a; the end of a command is marked, so that two cannot run into each other.
    std::uint32_t digest = 2'166'136'261U;
    const auto take = [&digest](std::uint32_t byte) { digest = (digest ^ byte) * 16'777'619U; };
    for (const ChangeAction& action : actions_) {
        take(static_cast<std::uint32_t>(action.kind));
        take(static_cast<std::uint32_t>(action.number));
        for (const char c : action.command) take(static_cast<unsigned char>(c));
        take(256);
    }
    return digest;
}

PendingActions::PendingActions(const ChangeActions& table)
    : table_(table.all()), pending_(table_.size()) {}

void PendingActions::add(std::size_t row) { pending_.at(row) = true; }

std::optional<ChangeAction> PendingActions::next() {
    constexpr Kind order[] = {Kind::run, Kind::restart, Kind::reload, Kind::signal};
    for (const Kind kind : order) {
        for (std::size_t i = 0; i < table_.size(); ++i) {
            if (!pending_[i] || table_[i].kind != kind) continue;
            if (kind == Kind::restart)
                clear();
            else
                pending_[i] = false;
            return table_[i];
        }
    }
    return std::nullopt;
}

bool PendingActions::empty() const noexcept {
    return std::ranges::find(pending_, true) == pending_.end();
}

void PendingActions::clear() { pending_.assign(table_.size(), false); }

}  // namespace kaigara::supervise
