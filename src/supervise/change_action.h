// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a running application needs when one of its files has changed: `on-change` of `templates:`.
//
// PID 1 and the watcher each make the same table of it from kaigara.yml, so that the watcher only
// has to tell the number of a row. The digest of the table proves that it is the same.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kaigara::supervise {

struct ChangeAction {
    enum class Kind : std::uint8_t { run, restart, reload, signal };
    Kind kind = Kind::reload;
    int number = 0;       // of the signal
    std::string command;  // of run
    bool operator==(const ChangeAction&) const = default;
};

// "reload", "restart", "signal:SIG", "run:CMD"; nothing for "none", "" and all else.
std::optional<ChangeAction> parse_change_action(std::string_view text);

class ChangeActions {
public:
    // More than this many different ones are an error (Fault::configuration).
    static constexpr std::size_t most = 1'000;

    // Of the files, in their order; each different action once.
    static Result<ChangeActions> make(std::span<const std::string> on_change);

    std::span<const ChangeAction> all() const noexcept { return actions_; }
    // The row of an action of a file; nothing where there is nothing to do.
    std::optional<std::size_t> row_of(std::string_view on_change) const;
    bool may_restart() const noexcept;
    std::uint32_t digest() const noexcept;

private:
    std::vector<ChangeAction> actions_;
};

// What is to be done, and in which order, from one burst of changes or more: first each `run`, one
// after the other in the order of the table, since the application may need what it makes; then,
// when the last one has ended, either the restart or the reload and each signal. A restart swallows
// those that came with it: the new run reads the new files anyway.
class PendingActions {
public:
    explicit PendingActions(const ChangeActions& table);

    void add(std::size_t row);
    // The next step; nothing where none is pending. A step that is handed out is pending no more.
    std::optional<ChangeAction> next();
    bool empty() const noexcept;
    void clear();

private:
    std::span<const ChangeAction> table_;
    std::vector<bool> pending_;
};

}  // namespace kaigara::supervise
