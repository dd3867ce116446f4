// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1 and 5, `kaigara ledger`: what it shows and what it mends; each change is itself
// recorded.

#include <filesystem>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>

#include "ledger_scene.h"
#include "support/descriptor.h"
#include "support/expect.h"
#include "support/file_facts.h"
#include "support/world.h"

using namespace kaigara::test;
using nlohmann::json;

namespace {

// Ends with 0; what it wrote.
std::string well(const LedgerScene& scene, Strings words) {
    const std::string word = words.at(0);
    CAPTURE(word);
    const Outcome outcome = scene.ledger_command(std::move(words));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    return outcome.output;
}

// What the directory of the ledger has, and the ledger itself: it was looked at and no more. The
// lock beside it may have been taken.
Strings state_of(const LedgerScene& scene) {
    Strings state = names_in(scene.folder() / "state");
    state.push_back(scene.text());
    state.push_back(std::to_string(facts_of(scene.ledger()).changed));
    return state;
}

// Ends so, names the texts, and has changed nothing.
void refused(const LedgerScene& scene, Strings words, std::string_view ending,
             const Strings& texts) {
    const std::string word = words.at(0);
    CAPTURE(word);
    const Strings before = state_of(scene);
    check_refused(scene.ledger_command(std::move(words)), ending, texts);
    CHECK(state_of(scene) == before);
}

// The one line that has the text, or nothing.
std::string line_with(const std::string& text, std::string_view part) {
    std::string found;
    for (const std::string& line : lines_of(text)) {
        if (!has(line, part)) continue;
        CHECK_MESSAGE(found.empty(), text);
        found = line;
    }
    return found;
}

// One that is done, one that failed, one that does not apply.
void furnish(const LedgerScene& scene) {
    scene.annotated("10-done", "run=once");
    scene.annotated("20-failed", "run=once on-failure=continue", "exit 3");
    scene.annotated("30-skipped", "run=once", "exit 77");
    scene.provisions({"10-done", "20-failed", "30-skipped"});
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("list has a line for each operation of the ledger that says how it stands") {
    const LedgerScene scene;
    furnish(scene);
    const Strings before = listing_of(scene.folder().path());
    const std::string text = well(scene, {"list"});
    CHECK_MESSAGE(has(line_with(text, "10-done"), "done"), text);
    CHECK_MESSAGE(has(line_with(text, "20-failed"), "failed"), text);
    CHECK_MESSAGE(has(line_with(text, "30-skipped"), "skipped"), text);
    const json document = json::parse(well(scene, {"list", "--json"}), nullptr, false);
    CHECK(!document.is_discarded());
    for (const char* const name : {"10-done", "20-failed", "30-skipped"}) {
        CHECK_MESSAGE(has(document.dump(), fmt::format("\"{}\"", name)), document.dump());
    }
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("history has all records in their order, or those of one operation") {
    const LedgerScene scene;
    furnish(scene);
    scene.provisions({"20-failed", "30-skipped"});
    const Strings before = listing_of(scene.folder().path());
    const std::string all = well(scene, {"history"});
    std::size_t at = 0;
    for (const char* const name : {"10-done", "20-failed", "30-skipped", "20-failed"}) {
        at = all.find(name, at + 1);
        CHECK_MESSAGE(at != std::string::npos, all);
    }
    const std::string one = well(scene, {"history", "20-failed"});
    CHECK(!has(one, "10-done"));
    CHECK_MESSAGE(count(one, "failed ") + count(one, "failed\n") >= 2, one);
    CHECK(count(one, "started") == 2);
    const json document = json::parse(well(scene, {"history", "--json"}), nullptr, false);
    CHECK(!document.is_discarded());
    CHECK(count(document.dump(), "\"started\"") == 5);
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("without a ledger list and history have nothing to tell, and make none") {
    const LedgerScene scene;
    for (const char* const word : {"list", "history", "verify"}) well(scene, {word});
    CHECK(!json::parse(well(scene, {"list", "--json"}), nullptr, false).is_discarded());
    CHECK(!scene.folder().exists("state"));
}

TEST_CASE("forget has an operation run again, and it is recorded") {
    const LedgerScene scene;
    furnish(scene);
    well(scene, {"forget", "10-done"});
    CHECK(scene.events().back() == "forgotten 10-done");
    scene.provisions({"10-done", "20-failed", "30-skipped"});
    scene.provisions({"20-failed", "30-skipped"});
    // One that the image lacks by now can be forgotten as well.
    std::filesystem::remove(scene.folder() / "operations/10-done");
    well(scene, {"forget", "10-done"});
    CHECK(count(scene.provisions({"20-failed", "30-skipped"}).errors, "10-done") == 0);
}

TEST_CASE("baseline of a name takes it as done, without running it") {
    const LedgerScene scene;
    scene.annotated("10-a", "run=once");
    scene.annotated("20-b", "run=once");
    well(scene, {"baseline", "10-a"});
    CHECK(scene.runs() == Strings{});
    CHECK(scene.events() == Strings{"baselined 10-a"});
    CHECK(scene.folder().mode("state/ledger") == 0600);
    scene.provisions({"20-b"});
    scene.provisions({});
}

TEST_CASE("baseline without a name takes all once operations as done, new ones still run") {
    const LedgerScene scene;
    scene.annotated("10-a", "run=once");
    scene.annotated("20-b", "run=once");
    scene.annotated("30-always", "run=always");
    well(scene, {"baseline"});
    CHECK(scene.events() == Strings{"baselined 10-a", "baselined 20-b"});
    scene.annotated("40-new", "run=once");
    scene.provisions({"30-always", "40-new"});
    // What is done already is not done anew.
    well(scene, {"baseline"});
    CHECK(scene.events() ==
          Strings{"baselined 10-a", "baselined 20-b", "started 40-new", "done 40-new"});
}

TEST_CASE("what was taken as done and is then edited is an edit as any other") {
    const LedgerScene scene;
    scene.annotated("10-a", "run=once on-edit=fail");
    well(scene, {"baseline"});
    scene.provisions({});
    scene.annotated("10-a", "run=once on-edit=fail", "true");
    scene.refuses("exit 78", {"10-a"});
}

TEST_CASE("what was forgotten may be baselined, what was baselined forgotten") {
    const LedgerScene scene;
    scene.annotated("10-a", "run=once");
    well(scene, {"baseline", "10-a"});
    well(scene, {"forget", "10-a"});
    well(scene, {"baseline", "10-a"});
    scene.provisions({});
    well(scene, {"forget", "10-a"});
    scene.provisions({"10-a"});
}

TEST_CASE("baseline takes an on-change operation as it is now") {
    const LedgerScene scene;
    const std::string input = scene.folder().write("input", "1\n");
    scene.annotated("10-a", "run=on-change inputs=" + input);
    well(scene, {"baseline", "10-a"});
    scene.provisions({});
    scene.folder().write("input", "2\n");
    scene.provisions({"10-a"});
}

TEST_CASE("where there is nothing to accept that is said, and nothing is recorded") {
    const LedgerScene scene;
    furnish(scene);
    scene.annotated("40-new", "run=once");
    for (const char* const name : {"10-done", "20-failed", "40-new"}) {
        refused(scene, {"accept", name}, "exit 78", {name});
    }
}

TEST_CASE("an unknown name is 78 with the nearest, and nothing is recorded") {
    const LedgerScene scene;
    furnish(scene);
    for (const char* const word : {"forget", "baseline", "accept", "history"}) {
        refused(scene, {word, "10-dnoe"}, "exit 78", {"'10-dnoe'", "'10-done'"});
    }
}

TEST_CASE("words of the command that are missing or wrong are 64 and name the nearest") {
    const LedgerScene scene;
    furnish(scene);
    refused(scene, {"lits"}, "exit 64", {"'lits'", "'list'"});
    refused(scene, {"forget"}, "exit 64", {"forget"});
    refused(scene, {"accept"}, "exit 64", {"accept"});
    refused(scene, {"list", "10-done"}, "exit 64", {"ledger list"});
    refused(scene, {"forget", "10-done", "20-failed"}, "exit 64", {"20-failed"});
    refused(scene, {"verify", "--jsn"}, "exit 64", {"--jsn"});
    check_refused(run({.words = command({"ledger"})}), "exit 64", {"ledger"});
}

TEST_CASE("verify is 0 for a ledger that is well, 65 with the line for a damaged one") {
    const LedgerScene scene;
    furnish(scene);
    well(scene, {"verify"});
    std::string text = scene.text();
    text.replace(text.find("started 20-failed"), 17, "started 20-fooled");
    scene.folder().write("state/ledger", text, 0600);
    const Strings before = listing_of(scene.folder().path());
    const Outcome outcome = scene.ledger_command({"verify"});
    CHECK(outcome.ending == "exit 65");
    CHECK_MESSAGE(has(outcome.output + outcome.errors, scene.ledger() + ":4"), outcome.errors);
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("a damaged ledger is changed by salvage alone") {
    const LedgerScene scene;
    furnish(scene);
    std::string text = scene.text();
    text.replace(text.find("started 20-failed"), 17, "started 20-fooled");
    scene.folder().write("state/ledger", text, 0600);
    for (const char* const word : {"forget", "baseline", "accept"}) {
        refused(scene, {word, "10-done"}, "exit 65", {"kaigara ledger salvage"});
    }
    well(scene, {"salvage"});
    well(scene, {"forget", "10-done"});
    scene.provisions({"10-done", "20-failed", "30-skipped"});
}

TEST_CASE("salvage of a ledger that is well takes nothing from it") {
    const LedgerScene scene;
    furnish(scene);
    const std::string before = scene.text();
    well(scene, {"salvage"});
    CHECK(scene.text().starts_with(before));
    checked_lines(scene.text());
    scene.provisions({"20-failed", "30-skipped"});
}

TEST_CASE("changes wait for the lock, what only looks does not") {
    const LedgerScene scene;
    furnish(scene);
    const Descriptor held(::open((scene.ledger() + ".lock").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(held.number(), LOCK_EX | LOCK_NB) == 0);
    const std::string before = scene.text();
    for (const Strings& words : {Strings{"forget", "10-done"}, Strings{"baseline"},
                                 Strings{"accept", "10-done"}, Strings{"salvage"}}) {
        CAPTURE(words[0]);
        Strings more = words;
        more.insert(more.end(), {"--lock-timeout", "100ms"});
        const Outcome outcome = scene.ledger_command(more);
        CHECK_MESSAGE(outcome.ending == "exit 75", outcome.errors);
        CHECK(scene.text() == before);
    }
    for (const char* const word : {"list", "history", "verify"}) well(scene, {word});
}

TEST_CASE("options may stand before the word, and the ledger may be named by the environment") {
    const LedgerScene scene;
    furnish(scene);
    const Outcome outcome = run({.words = command({"ledger", "--json", "list"}),
                                 .environment = {"KAIGARA_LEDGER=" + scene.ledger()}});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK_MESSAGE(has(outcome.output, "10-done"), outcome.output);
    scene.config(fmt::format("paths: {{ledger: {}}}\n", scene.ledger()));
    const Outcome configured =
        run({.words = command({"ledger", "list", "--config", scene.folder() / "kaigara.yml"})});
    CHECK_MESSAGE(has(configured.output, "10-done"), configured.errors);
}

TEST_CASE("names with blanks are shown as they are") {
    const LedgerScene scene;
    scene.annotated("10 with blank\xc3\xa9", "run=once");
    CHECK(scene.provision().ending == "exit 0");
    CHECK(has(well(scene, {"list"}), "10 with blank\xc3\xa9"));
    well(scene, {"forget", "10 with blank\xc3\xa9"});
    CHECK(checked_lines(scene.text()).back().event == "forgotten");
}

}  // TEST_SUITE("contract")
