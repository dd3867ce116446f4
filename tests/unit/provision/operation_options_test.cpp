// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_options.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace kaigara;
using namespace kaigara::provision;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

// Assigns; the message when that fails, "" when it does not.
std::string assign(OperationOptions& options, std::string_view name, std::string_view text) {
    const OperationOption* option = find_option(name);
    REQUIRE(option != nullptr);
    const auto assigned = option->assign(options, text);
    if (assigned) return {};
    CHECK(assigned.error().fault == Fault::configuration);
    CHECK(assigned.error().where.empty());
    return assigned.error().message;
}

std::string complaint(std::string_view name, std::string_view text) {
    OperationOptions options;
    const std::string message = assign(options, name, text);
    CHECK(options == OperationOptions());
    return message;
}

std::string combination(const OperationOptions& options) {
    const auto suits = check_combination(options);
    if (suits) return {};
    CHECK(suits.error().fault == Fault::configuration);
    return suits.error().message;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("every option of an operation is set by its name, and by no other") {
    OperationOptions options;
    CHECK(assign(options, "run", "on-change").empty());
    CHECK(assign(options, "inputs", "app.db , /etc/x").empty());
    CHECK(assign(options, "when", "!app.off").empty());
    CHECK(assign(options, "wait", "tcp:db:5432,file:/run/ready").empty());
    CHECK(assign(options, "wait-timeout", "90s").empty());
    CHECK(assign(options, "timeout", "1h30m").empty());
    CHECK(assign(options, "kill-after", "250ms").empty());
    CHECK(assign(options, "retries", "3").empty());
    CHECK(assign(options, "retry-delay", "2").empty());
    CHECK(assign(options, "user", "postgres:70").empty());
    CHECK(assign(options, "on-failure", "continue").empty());
    CHECK(assign(options, "interrupted", "fail").empty());
    CHECK(assign(options, "on-edit", "rerun").empty());
    CHECK(assign(options, "barrier", "yes").empty());

    CHECK(options.run == RunKind::on_change);
    CHECK(options.inputs == Words{"app.db", "/etc/x"});
    CHECK(options.when == "!app.off");
    CHECK(options.wait == Words{"tcp:db:5432", "file:/run/ready"});
    CHECK(options.wait_timeout == 90s);
    CHECK(options.timeout == 90min);
    CHECK(options.kill_after == 250ms);
    CHECK(options.retries == 3);
    CHECK(options.retry_delay == 2s);
    CHECK(options.user == "postgres:70");
    CHECK(options.on_failure == OnFailure::go_on);
    CHECK(options.interrupted == OnInterrupt::fail);
    CHECK(options.on_edit == OnEdit::rerun);
    CHECK(options.barrier);
    CHECK(operation_options().size() == 14);
}

TEST_CASE("an operation that says nothing runs always, as the contract has it") {
    const OperationOptions options;
    CHECK_FALSE(options.is_recorded());
    CHECK(options.wait_timeout == 60s);
    CHECK(options.timeout == 0s);
    CHECK(options.kill_after == 5s);
    CHECK(options.retries == 0);
    CHECK(options.retry_delay == 1s);
    CHECK(combination(options).empty());
}

TEST_CASE("a word that is not accepted is answered with those that are, and the nearest") {
    CHECK(complaint("run", "onc") ==
          "'onc' is not accepted: always, once or on-change (did you mean 'once'?)");
    CHECK(complaint("run", "on_change").ends_with("(did you mean 'on-change'?)"));
    CHECK(complaint("run", "") == "'' is not accepted: always, once or on-change");
    CHECK(complaint("on-failure", "halt") == "'halt' is not accepted: stop or continue");
    CHECK(complaint("interrupted", "warn") == "'warn' is not accepted: rerun or fail");
    CHECK(complaint("on-edit", "ignore") == "'ignore' is not accepted: warn, fail or rerun");
    CHECK(complaint("barrier", "yess") ==
          "'yess' is not accepted: yes or no (did you mean 'yes'?)");
    CHECK(unknown_option("rnu") == "unknown option 'rnu' (did you mean 'run'?)");
    CHECK(unknown_option("on_failure").ends_with("(did you mean 'on-failure'?)"));
    CHECK(find_option("Run") == nullptr);
}

TEST_CASE("values of the wrong form are refused, and change nothing") {
    CHECK(contains(complaint("timeout", "soon"), "'soon' is no duration"));
    CHECK(contains(complaint("retry-delay", "-1s"), "is no duration"));
    CHECK(complaint("retries", "1001") == "'1001' is not accepted: a number from 0 to 1000");
    CHECK_FALSE(complaint("retries", "-1").empty());
    CHECK_FALSE(complaint("retries", "").empty());
    CHECK(contains(complaint("inputs", "a,,b"), "empty item"));
    CHECK(contains(complaint("inputs", " "), "empty item"));
    CHECK(contains(complaint("inputs", "a..b"), "empty step in the metadata path 'a..b'"));
    CHECK(contains(complaint("inputs", std::string_view("/a\0b", 4)), "null byte"));
    CHECK(contains(complaint("wait", "tcp:db"), "a port is needed"));
    CHECK(contains(complaint("wait", "tcp:db:1,"), "empty item"));
    CHECK(contains(complaint("when", "a..b"), "is no condition"));
    for (const char* user : {":", "a:", ":b", "a:b:c", "a b", "a\n"}) {
        CAPTURE(user);
        CHECK(contains(complaint("user", user), "name[:group]"));
    }
}

TEST_CASE("an empty text takes back what an image says of inputs, wait, when and user") {
    OperationOptions options;
    for (const char* name : {"inputs", "wait", "when", "user"}) {
        CAPTURE(name);
        CHECK(assign(options, name, "").empty());
    }
    options.inputs = {"a"};
    options.wait = {"file:/a"};
    options.when = "a";
    options.user = "a";
    for (const char* name : {"inputs", "wait", "when", "user"}) assign(options, name, "");
    CHECK(options == OperationOptions());
}

TEST_CASE("a later assignment replaces a list, it does not add to it") {
    OperationOptions options;
    CHECK(assign(options, "inputs", "a,b").empty());
    CHECK(assign(options, "inputs", "c").empty());
    CHECK(options.inputs == Words{"c"});
}

TEST_CASE("every run kind is called what users write") {
    for (const RunKind kind : {RunKind::always, RunKind::once, RunKind::on_change}) {
        OperationOptions options;
        CHECK(assign(options, "run", run_kind_name(kind)).empty());
        CHECK(options.run == kind);
        CHECK(options.is_recorded() == (kind != RunKind::always));
    }
}

TEST_CASE("options that mean nothing together are refused, all in one message") {
    for (const RunKind kind : {RunKind::always, RunKind::once, RunKind::on_change}) {
        CAPTURE(run_kind_name(kind));
        OperationOptions inputs{.run = kind};
        inputs.inputs = {"a"};
        CHECK(combination(inputs).empty() == (kind == RunKind::on_change));
        const OperationOptions barrier{.run = kind, .barrier = true};
        CHECK(combination(barrier).empty() == (kind != RunKind::always));
        OperationOptions interrupted{.run = kind};
        interrupted.interrupted = OnInterrupt::fail;
        CHECK(combination(interrupted).empty() == (kind == RunKind::once));
        for (const OnEdit edit : {OnEdit::fail, OnEdit::rerun}) {
            OperationOptions edited{.run = kind};
            edited.on_edit = edit;
            CHECK(combination(edited).empty() == (kind == RunKind::once));
        }
    }
    OperationOptions all{.run = RunKind::always, .barrier = true};
    all.inputs = {"a"};
    all.interrupted = OnInterrupt::fail;
    all.on_edit = OnEdit::fail;
    const std::string message = combination(all);
    for (const char* part : {"'inputs'", "'barrier'", "'interrupted'", "'on-edit'", "run=always"})
        CHECK(contains(message, part));
}

TEST_CASE("targets cannot be waited for without any time") {
    OperationOptions options;
    CHECK_FALSE(find_option("wait-timeout")->assign(options, "0"));
    CHECK(find_option("wait-timeout")->assign(options, "1ms"));
}

}  // TEST_SUITE("provision")
