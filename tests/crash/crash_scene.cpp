// SPDX-License-Identifier: Apache-2.0
#include "crash/crash_scene.h"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/world.h"

namespace kaigara::test {

namespace fs = std::filesystem;

namespace {

constexpr const char* set_now = "app.version=2";

std::string whole_lines(const std::string& text) { return text.substr(0, text.rfind('\n') + 1); }

std::string joined(const Strings& words) { return fmt::format("{}", fmt::join(words, " ")); }

// An operation that runs on change is done when its last success was with the inputs of now;
// those before are `old_inputs`. One that runs once stays done whatever comes later.
std::map<std::string, Standing> standings_in(const std::string& text,
                                             const std::string& old_inputs) {
    std::map<std::string, Standing> found;
    const std::string lines = whole_lines(text);
    if (lines.empty()) return found;
    for (const LedgerLine& line : checked_lines(lines)) {
        if (line.name.empty()) continue;
        Standing& standing = found[line.name];
        standing.last = line.event;
        if (line.event == "started") ++standing.starts;
        if (line.event == "started" && line.facts.at("run") == "on-change") standing.holds = false;
        if (line.event == "done") {
            ++standing.successes;
            const auto inputs = line.facts.find("inputs");
            standing.holds = inputs == line.facts.end() || inputs->second != old_inputs;
        }
        if (line.event == "accepted") standing.holds = true;
        if (line.event == "forgotten") standing.holds = false;
    }
    return found;
}

}  // namespace

CrashScene::CrashScene() {
    metadata("app: {version: 1}\n");
    add("10-a", "run=once");
    add("20-b", "run=once retries=1 retry-delay=1ms", "test \"$KAIGARA_ATTEMPT\" != 1 || exit 3");
    operation("25-always", ":");
    add("30-c", "run=on-change inputs=app.version");
}

void CrashScene::remove_operations() const {
    fs::remove_all(folder() / "operations");
    folder().make_dir("operations");
}

void CrashScene::forget_runs() const {
    for (const char* const name : {"began", "finished"}) fs::remove(folder() / name);
}

void CrashScene::add(std::string_view name, std::string_view options,
                     std::string_view script) const {
    operation(name, fmt::format("# kaigara: {}\n"
                                "echo \"$KAIGARA_OPERATION ${{KAIGARA_INTERRUPTED-0}}\" "
                                ">>\"$scene/began\"\n{}\n"
                                "echo \"$KAIGARA_OPERATION\" >>\"$scene/finished\"\n",
                                options, script));
}

std::string CrashScene::older_ledger() {
    begin_with("");
    CHECK(provision({"--only", "10-a"}).ending == "exit 0");
    CHECK(provision({"--only", "30-c"}).ending == "exit 0");
    for (const LedgerLine& line : checked_lines(text())) {
        if (line.facts.contains("inputs")) old_inputs_ = line.facts.at("inputs");
    }
    REQUIRE_FALSE(old_inputs_.empty());
    return text();
}

void CrashScene::begin_with(const std::string& ledger) const {
    fs::remove_all(directory());
    forget_runs();
    if (!ledger.empty()) write_ledger(ledger);
}

void CrashScene::write_ledger(const std::string& text) const {
    folder().make_dir("state");
    folder().write("state/ledger", text, 0600);
}

TracedEnd CrashScene::traced(const Trouble& trouble,
                             const std::function<void(std::size_t)>& on_call) const {
    return traced_run(ledger_words("provision", {"--set", set_now}), directory(), trouble, on_call);
}

TracedEnd CrashScene::traced_command(const Strings& arguments, const Trouble& trouble) const {
    Strings words = command({"ledger"});
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--ledger", ledger(), "--operations", folder() / "operations"});
    return traced_run(words, directory(), trouble);
}

std::vector<Ran> CrashScene::began() const {
    std::vector<Ran> all;
    if (!folder().exists("began")) return all;
    for (const std::string& line : lines_of(folder().read("began"))) {
        const std::size_t blank = line.find(' ');
        all.push_back({line.substr(0, blank), line.substr(blank + 1) == "1"});
    }
    return all;
}

Strings CrashScene::finished() const {
    if (!folder().exists("finished")) return {};
    return lines_of(folder().read("finished"));
}

std::map<std::string, Standing> CrashScene::standings() const {
    if (!folder().exists("state/ledger")) return {};
    return standings_in(text(), old_inputs_);
}

void CrashScene::check_nothing_unrecorded(const std::string& before) const {
    auto then = standings_in(before, old_inputs_);
    std::map<std::string, std::size_t> runs;
    for (const Ran& ran : began()) {
        ++runs[ran.name];
        CHECK_FALSE(ran.was_told);  // no run of these began with an interrupted one
    }
    for (auto& [name, now] : standings()) {
        const Strings ends = finished();
        const auto ended = static_cast<std::size_t>(std::count(ends.begin(), ends.end(), name));
        CHECK(runs[name] <= now.starts - then[name].starts);
        CHECK(ended >= now.successes - then[name].successes);
        runs.erase(name);
    }
    for (const auto& [name, times] : runs) {
        if (times != 0) FAIL_CHECK(name << " ran and is not in the ledger");
    }
}

void CrashScene::check_recovery() const {
    auto before = standings();
    forget_runs();
    const Outcome next = provision({"--set", set_now});
    CHECK_MESSAGE(next.ending == "exit 0", next.errors);
    Strings names;
    for (const Ran& ran : began()) {
        if (!names.empty() && names.back() == ran.name) continue;  // its next attempt
        names.push_back(ran.name);
        CHECK(ran.was_told == before[ran.name].is_interrupted());
    }
    Strings due;
    for (const char* const name : {"10-a", "20-b", "30-c"}) {
        if (!before[name].holds) due.emplace_back(name);
    }
    CHECK(joined(names) == joined(due));
    CHECK(joined(finished()) == joined(due));
    for (const auto& [name, now] : standings()) {
        CHECK(now.holds);
        CHECK(now.last == "done");
    }
    const std::string after = text();
    CHECK(after.ends_with('\n'));
    CHECK(ledger_command({"verify"}).ending == "exit 0");
    const Outcome third = provision({"--set", set_now});
    CHECK_MESSAGE(third.ending == "exit 0", third.errors);
    CHECK(joined(finished()) == joined(due));
    CHECK(text() == after);
}

std::size_t check_power_loss(const CrashScene& scene, const TracedEnd& end,
                             const std::string& before) {
    if (!scene.folder().exists("state/ledger")) return 0;
    const std::string text = scene.text();
    const std::size_t kept = end.synced;
    Strings ways;
    // A name that is not on disk may be lost, and the file with it.
    if (!end.is_named) ways.emplace_back();
    if (kept < text.size()) {
        const std::string left = text.substr(0, kept);
        const std::string lost = text.substr(kept);
        for (const std::string& way :
             {left, left + lost.substr(0, lost.size() / 2), left + std::string(lost.size(), '\0')})
            ways.push_back(way);
    }
    const auto began = scene.folder().exists("began") ? scene.folder().read("began") : "";
    const auto finished = scene.folder().exists("finished") ? scene.folder().read("finished") : "";
    for (const std::string& way : ways) {
        CAPTURE(way);
        scene.begin_with(way);
        scene.folder().write("began", began);
        scene.folder().write("finished", finished);
        scene.check_nothing_unrecorded(before);
        scene.check_recovery();
    }
    return ways.size();
}

}  // namespace kaigara::test
