// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: a ledger that is cut short or damaged. Whatever has become of the file, no operation
// is run again after a recorded success that can be read, and none is skipped without one.

#include <algorithm>
#include <filesystem>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/file_facts.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

const Strings names{"10-a", "20-b", "30-c"};

// Three operations that are done, a fourth that failed. Each tells whether it was interrupted.
std::string furnish(const LedgerScene& scene) {
    const char* const tells = "echo \"${KAIGARA_INTERRUPTED-no}\" >>\"$scene/runs\"";
    for (const std::string& name : names) scene.annotated(name, "run=once", tells);
    CHECK(scene.provision().ending == "exit 0");
    scene.runs();
    return scene.text();
}

void write_ledger(const LedgerScene& scene, std::string_view text) {
    std::filesystem::remove_all(scene.folder() / "state");
    scene.folder().make_dir("state");
    scene.folder().write("state/ledger", text, 0600);
}

// Names beside the ledger that begin so.
Strings kept(const LedgerScene& scene, std::string_view begin) {
    Strings found;
    for (const std::string& name : names_in(scene.folder() / "state")) {
        if (name.starts_with(begin)) found.push_back(name);
    }
    return found;
}

// What has to run on a ledger of which only whole lines count, and what it is to know.
Strings due(std::string_view text) {
    const std::string whole(text.substr(0, text.rfind('\n') + 1));
    Strings expected;
    for (const std::string& name : names) {
        if (has(whole, " done " + name + " ")) continue;
        expected.push_back(name);
        expected.emplace_back(has(whole, " started " + name + " ") ? "1" : "no");
    }
    return expected;
}

void check_cut(const LedgerScene& scene, const std::string& text, std::size_t size) {
    CAPTURE(size);
    const std::string_view left = std::string_view(text).substr(0, size);
    write_ledger(scene, left);
    // Of a line that lacks only its end everything is known: it may count, or be set aside.
    const bool is_whole_but_for_its_end = size < text.size() && text[size] == '\n';
    const Outcome outcome = scene.provision();
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    const Strings ran = scene.runs();
    const bool is_as_due =
        ran == due(left) || (is_whole_but_for_its_end && ran == due(std::string(left) + '\n'));
    CHECK_MESSAGE(is_as_due, fmt::format("{} lines ran", ran.size()));
    const std::string_view torn = left.substr(left.rfind('\n') + 1);
    if (!torn.empty() && !is_whole_but_for_its_end) {
        check_message(outcome, "warn", {scene.ledger() + ".torn-"});
        const Strings copies = kept(scene, "ledger.torn-");
        REQUIRE(copies.size() == 1);
        CHECK(scene.folder().read("state/" + copies[0]) == torn);
    } else if (torn.empty()) {
        CHECK(kept(scene, "ledger.torn-").empty());
    }
    scene.provisions({});
    checked_lines(scene.text());
}

std::string joined(const Strings& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    return text;
}

// 65 with the line and what to do, nothing runs, not even what always does, nothing is changed.
void check_damaged(const LedgerScene& scene, std::string_view text, int line) {
    CAPTURE(text);
    const std::string place = fmt::format("{}:{}", scene.ledger(), line);
    write_ledger(scene, text);
    const FileFacts before = facts_of(scene.ledger());
    scene.refuses("exit 65", {place, "kaigara ledger salvage"});
    CHECK(is_untouched(scene.ledger(), before));
    const Outcome verify = scene.ledger_command({"verify"});
    CHECK(verify.ending == "exit 65");
    CHECK_MESSAGE(has(verify.output + verify.errors, place), verify.errors);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a torn last line is set aside with a warning, and its copy is kept") {
    const LedgerScene scene;
    const std::string text = furnish(scene);
    // Without the lock nobody can tell what is torn from what another is about to write: it is set
    // aside by the one who has the lock, because something is pending.
    scene.annotated("40-d", "run=once");
    write_ledger(scene, text + "8 2026-01-02T03:04:05Z star");
    const Outcome outcome = scene.provisions({"40-d"});
    check_message(outcome, "warn", {scene.ledger() + ".torn-"});
    const Strings copies = kept(scene, "ledger.torn-");
    REQUIRE(copies.size() == 1);
    CHECK(scene.folder().read("state/" + copies[0]) == "8 2026-01-02T03:04:05Z star");
    CHECK(scene.text().starts_with(text));
    checked_lines(scene.text());
    CHECK(count(scene.provisions({}).errors, "kaigara: warn: ") == 0);
    // A block that was never written is zeros.
    write_ledger(scene, text + std::string(500, '\0'));
    scene.provisions({"40-d"});
    CHECK(scene.text().starts_with(text));
    checked_lines(scene.text());
}

TEST_CASE("a ledger that was cut anywhere forgets no whole line and makes none up") {
    const LedgerScene scene;
    const std::string text = furnish(scene);
    const std::size_t first = text.find('\n');
    for (std::size_t size = first + 1; size <= text.size(); size += 17)
        check_cut(scene, text, size);
    check_cut(scene, text, first + 2);
    for (std::size_t at = text.find('\n', first + 1); at != std::string::npos;
         at = text.find('\n', at + 1)) {
        for (const std::size_t size : {at - 1, at, at + 1}) check_cut(scene, text, size);
        if (at + 2 <= text.size()) check_cut(scene, text, at + 2);
    }
}

TEST_CASE("a ledger without a whole first line was never made like that: nothing runs") {
    const LedgerScene scene;
    const std::string text = furnish(scene);
    for (std::size_t size = 0; size <= text.find('\n'); size += 9) {
        const std::string left = text.substr(0, size);
        CAPTURE(size);
        write_ledger(scene, left);
        check_refused(scene.provision(), "exit 65", {scene.ledger()});
        CHECK(scene.runs() == Strings{});
        CHECK(scene.text() == left);
    }
}

TEST_CASE("a flipped bit anywhere is damage, and nothing runs") {
    const LedgerScene scene;
    const std::string text = furnish(scene);
    scene.annotated("05-always", "run=always");
    const std::size_t first_line = text.find('\n');
    std::vector<std::size_t> places{text.size() - 1};
    for (std::size_t at = 0; at < text.size(); at += 5) places.push_back(at);
    for (const std::size_t at : places) {
        std::string flipped = text;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
        CAPTURE(at);
        CAPTURE(flipped);
        write_ledger(scene, flipped);
        const Outcome outcome = scene.provision();
        const bool is_refused =
            outcome.ending == "exit 65" || (at < first_line && outcome.ending == "exit 78");
        CHECK_MESSAGE(is_refused, outcome.errors);
        CHECK(scene.runs() == Strings{});
        CHECK(scene.text() == flipped);
    }
}

TEST_CASE("changed, dropped, doubled and swapped lines are damage, told with the line") {
    const LedgerScene scene;
    const std::string text = furnish(scene);
    scene.annotated("05-always", "run=always");
    const Strings lines = lines_of(text);
    REQUIRE(lines.size() == 7);
    Strings changed = lines;
    changed[2].replace(changed[2].find("done"), 4, "gone");
    check_damaged(scene, joined(changed), 3);
    changed = lines;
    changed.erase(changed.begin() + 3);
    check_damaged(scene, joined(changed), 4);
    changed = lines;
    changed.insert(changed.begin() + 2, changed[2]);
    check_damaged(scene, joined(changed), 4);
    changed = lines;
    std::swap(changed[3], changed[4]);
    check_damaged(scene, joined(changed), 4);
    changed = lines;
    changed.erase(changed.begin());
    check_damaged(scene, joined(changed), 1);
    changed = lines;
    changed[4] += '\r';
    check_damaged(scene, joined(changed), 5);
    changed = lines;
    changed[4] = "";
    check_damaged(scene, joined(changed), 5);
    check_damaged(scene, text + text, 8);
    check_damaged(scene, "something else\n" + text, 1);
}

TEST_CASE("a line whose sum is right but that does not follow from the one before is damage") {
    const LedgerScene scene;
    furnish(scene);
    const Strings right = lines_of(make_ledger({"started 10-a", "done 10-a", "started 20-b"}));
    const Strings other =
        lines_of(make_ledger({"started 10-a", "failed 10-a status=3", "started 20-b"}));
    check_damaged(scene, joined({right[0], right[1], right[2], other[3]}), 4);
}

TEST_CASE("a file of something else is refused, and neither written over nor salvaged") {
    const LedgerScene scene;
    furnish(scene);
    for (const std::string& text : Strings{"10-a\n20-b\n", "{}\n", "\n", "a\nb"}) {
        CAPTURE(text);
        write_ledger(scene, text);
        const FileFacts before = facts_of(scene.ledger());
        scene.refuses("exit 65", {scene.ledger()});
        for (const char* const word : {"verify", "salvage", "list"}) {
            check_refused(scene.ledger_command({word}), "exit 65", {scene.ledger()});
        }
        CHECK(is_untouched(scene.ledger(), before));
    }
}

TEST_CASE("salvage keeps a copy and all lines that are right, and then it goes on") {
    const LedgerScene scene;
    const std::string text = furnish(scene);
    Strings lines = lines_of(text);
    lines[4].replace(lines[4].find("done"), 4, "gone");  // of 20-b
    const std::string damaged = joined(lines);
    check_damaged(scene, damaged, 5);
    const Outcome salvage = scene.ledger_command({"salvage"});
    CHECK_MESSAGE(salvage.ending == "exit 0", salvage.errors);
    const std::string said = salvage.output + salvage.errors;
    const Strings copies = kept(scene, "ledger.damaged-");
    REQUIRE(copies.size() == 1);
    CHECK_MESSAGE(has(said, copies[0]), said);
    CHECK(scene.folder().read("state/" + copies[0]) == damaged);
    CHECK(scene.folder().mode("state/ledger") == 0600);
    CHECK(has(scene.text(), " salvaged "));
    CHECK(scene.ledger_command({"verify"}).ending == "exit 0");
    // 20-b was begun, and nobody knows how it ended.
    scene.provisions({"20-b", "1"});
    scene.provisions({});
    checked_lines(scene.text());
}

}  // TEST_SUITE("contract")
