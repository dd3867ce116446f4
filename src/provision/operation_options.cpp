// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_options.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/wait_target.h"
#include "provision/operation_condition.h"

namespace kaigara::provision {

namespace {

constexpr unsigned most_retries = 1'000;

Error refuse(std::string message) { return {Fault::configuration, 0, std::move(message), ""}; }

template <class E>
struct Word {
    std::string_view name;
    E value;
};

constexpr std::array<Word<RunKind>, 3> run_words{{
    {"always", RunKind::always},
    {"once", RunKind::once},
    {"on-change", RunKind::on_change},
}};
constexpr std::array<Word<OnFailure>, 2> failure_words{{
    {"stop", OnFailure::stop},
    {"continue", OnFailure::go_on},
}};
constexpr std::array<Word<OnInterrupt>, 2> interrupt_words{{
    {"rerun", OnInterrupt::rerun},
    {"fail", OnInterrupt::fail},
}};
constexpr std::array<Word<OnEdit>, 3> edit_words{{
    {"warn", OnEdit::warn},
    {"fail", OnEdit::fail},
    {"rerun", OnEdit::rerun},
}};
// The first two are told to the user; the others are what switches are elsewhere.
constexpr std::array<Word<bool>, 6> switch_words{{
    {"yes", true},
    {"no", false},
    {"true", true},
    {"false", false},
    {"1", true},
    {"0", false},
}};

// "always, once or on-change"
std::string alternatives(std::span<const std::string_view> names) {
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i)
        all += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
    return all;
}

// The value of a word; `told` is how many of the words an error names.
template <class E, std::size_t N>
Result<E> pick(std::string_view text, const std::array<Word<E>, N>& words, std::size_t told = N) {
    const auto found = std::ranges::find(words, text, &Word<E>::name);
    if (found != words.end()) return found->value;
    std::array<std::string_view, N> names;
    std::ranges::transform(words, names.begin(), &Word<E>::name);
    const std::span<const std::string_view> shown(names.data(), told);
    return refuse(fmt::format("'{}' is not accepted: {}{}", text::printable(text, 40),
                              alternatives(shown), text::did_you_mean(text, shown)));
}

Result<void> assign_run(OperationOptions& options, std::string_view text) {
    KG_LET(kind, pick(text, run_words));
    options.run = kind;
    return {};
}

Result<void> assign_on_failure(OperationOptions& options, std::string_view text) {
    KG_LET(what, pick(text, failure_words));
    options.on_failure = what;
    return {};
}

Result<void> assign_interrupted(OperationOptions& options, std::string_view text) {
    KG_LET(what, pick(text, interrupt_words));
    options.interrupted = what;
    return {};
}

Result<void> assign_on_edit(OperationOptions& options, std::string_view text) {
    KG_LET(what, pick(text, edit_words));
    options.on_edit = what;
    return {};
}

Result<void> assign_barrier(OperationOptions& options, std::string_view text) {
    KG_LET(on, pick(text, switch_words, 2));
    options.barrier = on;
    return {};
}

template <Milliseconds OperationOptions::* Member>
Result<void> assign_duration(OperationOptions& options, std::string_view text) {
    const auto duration = parse_duration(text);
    if (!duration) return refuse(duration.error().message);
    options.*Member = *duration;
    return {};
}

// As with 'kaigara wait': without any time nothing can answer.
Result<void> assign_wait_timeout(OperationOptions& options, std::string_view text) {
    KG_TRY(assign_duration<&OperationOptions::wait_timeout>(options, text));
    if (options.wait_timeout.count() == 0) return refuse("targets need some time, such as 60s");
    return {};
}

Result<void> assign_retries(OperationOptions& options, std::string_view text) {
    const auto number = text::parse_number(text, most_retries);
    if (!number)
        return refuse(fmt::format("'{}' is not accepted: a number from 0 to {}",
                                  text::printable(text, 40), most_retries));
    options.retries = static_cast<unsigned>(*number);
    return {};
}

// The items of a list that is written as a text; none of an empty one.
Result<std::vector<std::string>> items_of(std::string_view text) {
    std::vector<std::string> items;
    if (text.empty()) return items;
    for (const std::string_view part : text::split(text, ',')) {
        const std::string_view item = text::trim(part);
        // The items themselves are not shown: a target may be a URL with a token in it.
        if (item.empty()) return refuse("has an empty item: separate the items by one comma");
        items.emplace_back(item);
    }
    return items;
}

Result<void> assign_inputs(OperationOptions& options, std::string_view text) {
    KG_LET(inputs, items_of(text));
    for (const std::string& input : inputs) {
        if (input.find('\0') != std::string::npos) return refuse("an input holds no null byte");
        if (input.starts_with('/')) continue;
        if (input.find('/') != std::string::npos)
            return refuse(fmt::format("'{}' is no absolute path: a file begins with '/', and a "
                                      "metadata path is written with dots, as app.db.host",
                                      text::printable(input, 100)));
        if (auto good = check_metadata_path(input); !good)
            return refuse(good.error().message + ": an input is a metadata path, such as "
                                                 "app.db.host, or the absolute path of a file");
    }
    options.inputs = std::move(inputs);
    return {};
}

Result<void> assign_wait(OperationOptions& options, std::string_view text) {
    KG_LET(targets, items_of(text));
    for (const std::string& target : targets) {
        if (auto good = platform::parse_wait_target(target); !good)
            return refuse(good.error().message);
    }
    options.wait = std::move(targets);
    return {};
}

Result<void> assign_when(OperationOptions& options, std::string_view text) {
    if (!text.empty()) KG_TRY(check_when(text));
    options.when = text;
    return {};
}

// Whether the user exists is asked when the operation is about to start: operations make users.
Result<void> assign_user(OperationOptions& options, std::string_view text) {
    const bool is_named = text.empty() || (text.front() != ':' && text.back() != ':');
    if (!is_named || text.find_first_of(" \t\r\n") != std::string_view::npos ||
        std::ranges::count(text, ':') > 1)
        return refuse(
            fmt::format("'{}' is not accepted: name[:group], or ids", text::printable(text, 40)));
    options.user = text;
    return {};
}

// clang-format off
constexpr std::array<OperationOption, 14> table{{
    {"run", "when it runs: always (every start), once (per ledger) or on-change (of its content or inputs)", false, assign_run},
    {"inputs", "metadata paths and files whose change makes an on-change operation run again", true, assign_inputs},
    {"when", "runs only when this holds: a.path, !a.path or a.path=text", false, assign_when},
    {"wait", "targets that have to answer before it starts, as of 'kaigara wait'", true, assign_wait},
    {"wait-timeout", "how long they are waited for (default 60s)", false, assign_wait_timeout},
    {"timeout", "how long one attempt may take (default: any time)", false, assign_duration<&OperationOptions::timeout>},
    {"kill-after", "from TERM to KILL when it is ended (default 5s)", false, assign_duration<&OperationOptions::kill_after>},
    {"retries", "further attempts after one that failed (default 0)", false, assign_retries},
    {"retry-delay", "before the first further attempt, doubled each time to 30s (default 1s)", false, assign_duration<&OperationOptions::retry_delay>},
    {"user", "name[:group] or ids that it runs as (default: kaigara's)", false, assign_user},
    {"on-failure", "what a failure does to the start: stop or continue (default stop)", false, assign_on_failure},
    {"interrupted", "when a once operation's last end is unknown: rerun or fail (default rerun)", false, assign_interrupted},
    {"on-edit", "when a once operation was edited after it was done: warn, fail or rerun (default warn)", false, assign_on_edit},
    {"barrier", "once it has been applied, an image without it does not start on this ledger: yes or no (default no)", false, assign_barrier},
}};
// clang-format on

}  // namespace

std::span<const OperationOption> operation_options() noexcept { return table; }

const OperationOption* find_option(std::string_view name) noexcept {
    const auto found = std::ranges::find(table, name, &OperationOption::name);
    return found == table.end() ? nullptr : &*found;
}

std::string unknown_option(std::string_view name) {
    std::array<std::string_view, table.size()> names;
    std::ranges::transform(table, names.begin(), &OperationOption::name);
    return fmt::format("unknown option '{}'{}", text::printable(name, 100),
                       text::did_you_mean(name, names));
}

std::string_view run_kind_name(RunKind kind) noexcept {
    const auto found = std::ranges::find(run_words, kind, &Word<RunKind>::value);
    return found == run_words.end() ? std::string_view() : found->name;
}

Result<void> check_combination(const OperationOptions& options) {
    std::string faults;
    const auto say = [&faults](std::string_view fault) {
        fmt::format_to(std::back_inserter(faults), "{}{}", faults.empty() ? "" : "; ", fault);
    };
    if (!options.inputs.empty() && options.run != RunKind::on_change)
        say("'inputs' says when to run again, so it needs run=on-change");
    if (options.barrier && options.run == RunKind::always)
        say("'barrier' is a matter of the ledger, so it needs run=once or run=on-change");
    if (options.interrupted != OnInterrupt::rerun && options.run != RunKind::once)
        say("'interrupted' needs run=once: every other operation runs again anyway");
    if (options.on_edit != OnEdit::warn && options.run != RunKind::once)
        say("'on-edit' needs run=once: every other operation runs what its file says now");
    if (faults.empty()) return {};
    return refuse(fmt::format("{} (it has run={})", faults, run_kind_name(options.run)));
}

}  // namespace kaigara::provision
