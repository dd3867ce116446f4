// SPDX-License-Identifier: Apache-2.0
#include "supervise/change_action.h"

#include <doctest/doctest.h>
#include <signal.h>

using namespace kaigara;
using namespace kaigara::supervise;
using Kind = ChangeAction::Kind;

namespace {

ChangeActions table_of(const std::vector<std::string>& on_change) {
    auto table = ChangeActions::make(on_change);
    REQUIRE(table);
    return std::move(*table);
}

// The kinds of the steps, in order.
std::vector<Kind> steps(PendingActions& pending) {
    std::vector<Kind> kinds;
    while (const auto step = pending.next()) kinds.push_back(step->kind);
    return kinds;
}

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("on-change is read as kaigara.yml has it") {
    CHECK(parse_change_action("reload")->kind == Kind::reload);
    CHECK(parse_change_action("restart")->kind == Kind::restart);
    CHECK(parse_change_action("signal:SIGUSR1")->number == SIGUSR1);
    CHECK(parse_change_action("run:echo a b")->command == "echo a b");
    for (const char* text : {"", "none", "run:", "signal:", "signal:NOPE", "Reload", "restart "})
        CHECK_FALSE(parse_change_action(text));
}

TEST_CASE("each different action has one row, and what needs nothing has none") {
    const ChangeActions table =
        table_of({"reload", "none", "run:a", "reload", "", "run:b", "signal:HUP", "signal:1"});
    CHECK(table.all().size() == 4);
    CHECK(table.row_of("run:b") == 2);
    CHECK(table.row_of("signal:SIGHUP") == 3);
    CHECK_FALSE(table.row_of("none"));
    CHECK_FALSE(table.row_of("run:c"));
    CHECK_FALSE(table.may_restart());
    CHECK(table_of({"restart"}).may_restart());
}

TEST_CASE("the digest tells tables apart") {
    CHECK(table_of({"run:a", "run:b"}).digest() == table_of({"run:a", "none", "run:b"}).digest());
    CHECK(table_of({"run:a", "run:b"}).digest() != table_of({"run:b", "run:a"}).digest());
    CHECK(table_of({"run:ab"}).digest() != table_of({"run:a", "run:b"}).digest());
    CHECK(table_of({"signal:1"}).digest() != table_of({"signal:2"}).digest());
}

TEST_CASE("commands come first and once, then each signal") {
    const ChangeActions table = table_of({"reload", "signal:USR1", "run:a", "run:b"});
    PendingActions pending(table);
    for (const std::size_t row : {0U, 3U, 1U, 2U, 0U, 3U}) pending.add(row);
    CHECK(pending.next()->command == "a");
    CHECK(pending.next()->command == "b");
    CHECK(steps(pending) == std::vector{Kind::reload, Kind::signal});
    CHECK(pending.empty());
}

TEST_CASE("a restart swallows reloads and signals, not commands") {
    const ChangeActions table = table_of({"reload", "signal:USR1", "restart", "run:a"});
    PendingActions pending(table);
    for (const std::size_t row : {0U, 1U, 2U, 3U}) pending.add(row);
    CHECK(steps(pending) == std::vector{Kind::run, Kind::restart});
}

TEST_CASE("a command that is wanted again while it runs, runs again") {
    const ChangeActions table = table_of({"run:a"});
    PendingActions pending(table);
    pending.add(0);
    REQUIRE(pending.next());
    pending.add(0);
    CHECK(pending.next());
    CHECK_FALSE(pending.next());
}

TEST_CASE("more actions than the limit are refused") {
    std::vector<std::string> many;
    for (std::size_t i = 0; i <= ChangeActions::most; ++i)
        many.push_back("run:" + std::to_string(i));
    const auto table = ChangeActions::make(many);
    REQUIRE_FALSE(table);
    CHECK(table.error().fault == Fault::configuration);
}
}  // TEST_SUITE("supervise")
