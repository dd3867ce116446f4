// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: how often an operation runs: run, inputs, when, retries, its exit status and what a
// failure does, over several starts on one ledger.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/file_facts.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// What plan says of an operation: action and, behind a blank, why.
std::string planned(const LedgerScene& scene, std::string_view name, std::string_view ending) {
    const Strings before = listing_of(scene.folder().path());
    const Outcome plan = run({.words = scene.ledger_words("plan", {"--json"})});
    CHECK_MESSAGE(plan.ending == ending, plan.errors);
    CHECK(listing_of(scene.folder().path()) == before);
    const nlohmann::json document = nlohmann::json::parse(plan.output, nullptr, false);
    REQUIRE_MESSAGE(document.is_object(), plan.output);
    for (const nlohmann::json& operation : document.at("operations")) {
        if (operation.at("name") != std::string(name)) continue;
        CHECK(operation.at("run").is_string());
        CHECK(operation.at("why").is_string());
        return operation.at("action");
    }
    return "none";
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("always runs at every start, once in a ledger's life, each in its place") {
    const LedgerScene scene;
    scene.annotated("10-always", "run=always");
    scene.annotated("20-once", "run=once");
    scene.annotated("30-plain", "timeout=1m");
    CHECK(planned(scene, "20-once", "exit 2") == "run");
    scene.provisions({"10-always", "20-once", "30-plain"});
    CHECK(scene.events() == Strings{"started 20-once", "done 20-once"});
    const std::string before = scene.text();
    CHECK(planned(scene, "20-once", "exit 2") == "skip");
    CHECK(planned(scene, "10-always", "exit 2") == "run");
    scene.provisions({"10-always", "30-plain"});
    CHECK(scene.text() == before);
    // Another ledger is another life.
    std::filesystem::remove_all(scene.folder() / "state");
    scene.provisions({"10-always", "20-once", "30-plain"});
}

TEST_CASE("start does with operations what provision does, and the application begins") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once");
    for (const Strings& expected : {Strings{"10-once"}, Strings{}}) {
        const Outcome outcome = run({.words = scene.start({"--ledger", scene.ledger()})});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(has(outcome.output, "application\n"));
        CHECK(scene.runs() == expected);
    }
    CHECK(
        run({.words = scene.start(), .environment = {"KAIGARA_LEDGER=" + scene.ledger()}}).ending ==
        "exit 0");
    CHECK(scene.runs() == Strings{});
}

TEST_CASE("the name is the identity: another directory is the same, another name is not") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once");
    scene.provisions({"10-once"});
    std::filesystem::rename(scene.folder() / "operations/10-once",
                            scene.folder() / "operations/11-once");
    // The script is the same; it is its name that it tells.
    scene.provisions({"11-once"});
    const LedgerScene other;
    other.annotated("11-once", "run=once");
    const Outcome outcome = other.outcome("provision", {"--ledger", scene.ledger()});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(other.runs() == Strings{});
}

TEST_CASE("a once operation that failed runs again until it succeeds, then never") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once", "test -e \"$scene/good\"");
    scene.annotated("20-next", "run=once");
    for (int time = 0; time < 2; ++time) {
        CHECK(scene.provision().ending == "exit 80");
        CHECK(scene.runs() == Strings{"10-once"});
    }
    scene.folder().write("good", "");
    scene.provisions({"10-once", "20-next"});
    scene.provisions({});
    CHECK(scene.events() == Strings{"started 10-once", "failed 10-once", "started 10-once",
                                    "failed 10-once", "started 10-once", "done 10-once",
                                    "started 20-next", "done 20-next"});
}

TEST_CASE("on-change runs when its own content changes, every byte of it") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=on-change");
    scene.provisions({"10-op"});
    scene.provisions({});
    scene.annotated("10-op", "run=on-change", "# a comment");
    CHECK(planned(scene, "10-op", "exit 2") == "run");
    scene.provisions({"10-op"});
    CHECK(planned(scene, "10-op", "exit 0") == "skip");
    scene.provisions({});
    // What it was before is no longer the last success.
    scene.annotated("10-op", "run=on-change");
    scene.provisions({"10-op"});
    // Written anew with the same bytes and another mode and time.
    scene.folder().write("operations/10-op", scene.folder().read("operations/10-op"), 0700);
    scene.provisions({});
}

TEST_CASE("on-change runs when metadata among its inputs changes, not when other metadata does") {
    const LedgerScene scene;
    scene.metadata("app: {db: {host: a, port: 1}, other: 1}\n");
    scene.annotated("10-op", "run=on-change inputs=app.db,gone.path");
    scene.provisions({"10-op"});
    scene.provisions({}, {"--set", "app.other=2"});
    // The same tree, written otherwise.
    scene.metadata("app:\n  other: 1\n  db:\n    port: 1\n    host: a\n");
    scene.provisions({});
    scene.provisions({"10-op"}, {"--set", "app.db.host=b"});
    scene.provisions({"10-op"}, {"--set", "app.db.extra=b"});
    scene.provisions({"10-op"});
    scene.provisions({"10-op"}, {"--set", "gone.path=x"});
    // Absent is another value than empty text.
    scene.provisions({"10-op"}, {}, {"KAIGARA_META_gone__path="});
    scene.provisions({"10-op"});
    scene.provisions({});
    scene.metadata("{}\n");
    scene.provisions({"10-op"});
    scene.provisions({});
}

TEST_CASE("on-change runs when a file among its inputs changes, comes or goes") {
    const LedgerScene scene;
    const std::string input = scene.folder().write("input", "1\n");
    scene.annotated("10-op", fmt::format("run=on-change inputs={}", input));
    scene.provisions({"10-op"});
    scene.folder().write("input", "1\n");
    scene.provisions({});
    scene.folder().write("input", "2\n");
    scene.provisions({"10-op"});
    scene.folder().write("input", "");
    scene.provisions({"10-op"});
    std::filesystem::remove(input);
    scene.provisions({"10-op"});
    scene.provisions({});
    scene.folder().write("input", "");
    scene.provisions({"10-op"});
    std::filesystem::remove(input);
    scene.folder().make_dir("input");
    scene.refuses("exit 78", {input});
    std::filesystem::remove(input);
    REQUIRE(::mkfifo(input.c_str(), 0644) == 0);
    scene.refuses("exit 78", {input});
}

TEST_CASE("an input that an earlier file of this start changes counts as it is then") {
    const LedgerScene scene;
    scene.metadata("a: 1\n");
    scene.root("etc/f.tmpl", "{{a}}\n");
    scene.annotated("10-op", fmt::format("run=on-change inputs={}", scene.folder() / "etc/f"));
    scene.provisions({"10-op"});
    CHECK(planned(scene, "10-op", "exit 0") == "skip");
    scene.provisions({"10-op"}, {"--set", "a=2"});
    scene.provisions({}, {"--set", "a=2"});
}

TEST_CASE("on-change that failed or was passed over runs again though nothing has changed") {
    for (const int status : {3, 77}) {
        CAPTURE(status);
        const LedgerScene scene;
        scene.annotated("10-op", "run=on-change inputs=a",
                        fmt::format("test -e \"$scene/good\" || exit {}", status));
        for (int time = 0; time < 2; ++time) {
            CHECK(scene.provision().ending == (status == 77 ? "exit 0" : "exit 80"));
            CHECK(scene.runs() == Strings{"10-op"});
        }
        scene.folder().write("good", "");
        scene.provisions({"10-op"});
        scene.provisions({});
        // It is the last end that counts: a success before is no excuse.
        std::filesystem::remove(scene.folder() / "good");
        scene.provision({"--set", "a=1"});
        CHECK(scene.runs() == Strings{"10-op"});
        scene.folder().write("good", "");
        scene.provisions({"10-op"});
    }
}

TEST_CASE("a once operation that does not apply is recorded so and asked again") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once", "test -e \"$scene/applies\" || exit 77");
    scene.provisions({"10-op"});
    scene.provisions({"10-op"});
    scene.folder().write("applies", "");
    scene.provisions({"10-op"});
    scene.provisions({});
    CHECK(scene.events() == Strings{"started 10-op", "skipped 10-op", "started 10-op",
                                    "skipped 10-op", "started 10-op", "done 10-op"});
}

TEST_CASE("when decides by a path, its absence, its text, and their contraries") {
    const LedgerScene scene;
    scene.metadata("app: {on: true, off: false, none: null, zero: 0, text: prod, blank: '', "
                   "list: [], map: {a: 1}, version: 1.10, no: no}\n");
    for (const char* const name :
         {"app.on", "app.zero", "app.text", "app.map", "app.no", "app", "!app.off", "!app.none",
          "!app.blank", "!app.list", "!app.gone", "!gone.too", "app.text=prod", "app.version=1.10",
          "app.on=true", "!app.text=test", "!app.gone=x", "!app.version=1.1", "app.map.a=1"}) {
        CAPTURE(name);
        scene.annotated("10-op", fmt::format("when={}", name));
        scene.provisions({"10-op"});
    }
    for (const char* const name :
         {"!app.on", "!app.zero", "!app.text", "!app.map", "app.off", "app.none", "app.blank",
          "app.list", "app.gone", "gone.too", "app.text=test", "app.version=1.1", "app.gone=x",
          "!app.text=prod", "app.gone="}) {
        CAPTURE(name);
        scene.annotated("10-op", fmt::format("when={}", name));
        check_message(scene.provisions({}), "info", {"10-op"});
    }
}

TEST_CASE("an operation whose when is false is not recorded, and runs when it is true") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once when=app.on");
    CHECK(planned(scene, "10-op", "exit 0") == "skip");
    scene.provisions({});
    CHECK(!scene.folder().exists("state"));
    scene.provisions({"10-op"}, {"--set", "app.on=true"});
    scene.provisions({}, {"--set", "app.on=true"});
}

TEST_CASE("a late operation runs, with a warning") {
    const LedgerScene scene;
    scene.annotated("20-op", "run=once");
    scene.provisions({"20-op"});
    scene.annotated("10-late", "run=once");
    scene.annotated("30-new", "run=once");
    const Outcome outcome = scene.provisions({"10-late", "30-new"});
    check_message(outcome, "warn", {"10-late"});
    CHECK(count(outcome.errors, "kaigara: warn: ") == 1);
    CHECK(count(scene.provisions({}).errors, "warn") == 0);
}

TEST_CASE("operations that the image lacks are one warning that lists them") {
    const LedgerScene scene;
    for (const char* const name : {"10-a", "20-b", "30-c"}) scene.annotated(name, "run=once");
    scene.provisions({"10-a", "20-b", "30-c"});
    std::filesystem::remove(scene.folder() / "operations/10-a");
    std::filesystem::remove(scene.folder() / "operations/20-b");
    const Outcome outcome = scene.provisions({});
    check_message(outcome, "warn", {"10-a", "20-b"});
    CHECK(count(outcome.errors, "kaigara: warn: ") == 1);
    CHECK(!has(outcome.errors, "30-c"));
}

TEST_CASE("retries run an operation again in the same start, and each attempt knows its number") {
    const LedgerScene scene;
    scene.annotated(
        "10-op", "run=once retries=3 retry-delay=10ms",
        "echo \"attempt $KAIGARA_ATTEMPT ${KAIGARA_INTERRUPTED-no}\" >>\"$scene/runs\"\n"
        "test \"$KAIGARA_ATTEMPT\" = 3 || exit 5");
    scene.provisions({"10-op", "attempt 1 no", "10-op", "attempt 2 no", "10-op", "attempt 3 no"});
    scene.provisions({});
    CHECK(scene.events().back() == "done 10-op");
}

TEST_CASE("when no retry is left the operation has failed, with the status of the last attempt") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once retries=2 retry-delay=10ms",
                    "exit $((KAIGARA_ATTEMPT + 4))");
    const Outcome outcome = scene.provision();
    CHECK(outcome.ending == "exit 80");
    check_message(outcome, "error", {"10-op", "7"});
    CHECK(scene.runs().size() == 3);
    scene.annotated("10-op", "retries=2 retry-delay=10ms");
    scene.provisions({"10-op"});
}

TEST_CASE("the delay between attempts is doubled each time") {
    const LedgerScene scene;
    scene.annotated("10-op", "retries=3 retry-delay=100ms", "exit 1");
    const auto begin = Clock::now();
    CHECK(scene.provision().ending == "exit 80");
    CHECK(Clock::now() - begin >= 700ms);  // 100 + 200 + 400
    CHECK(scene.runs().size() == 4);
}

TEST_CASE("75 is retried like a failure, 77 is not, nor is a success") {
    const LedgerScene scene;
    scene.annotated("10-op", "retries=2 retry-delay=10ms", "exit 75");
    const Outcome outcome = scene.provision();
    CHECK(outcome.ending == "exit 80");
    check_message(outcome, "error", {"10-op", "asks to be tried again later", "75"});
    CHECK(scene.runs() == Strings{"10-op", "10-op", "10-op"});
    scene.annotated("10-op", "retries=2 retry-delay=10ms", "exit 77");
    scene.provisions({"10-op"});
}

TEST_CASE("on-failure=continue goes on with the next, tells the failure, and the start is well") {
    const LedgerScene scene;
    scene.annotated("10-bad", "run=once on-failure=continue", "exit 3");
    scene.annotated("20-next", "run=once");
    const Outcome outcome = scene.provisions({"10-bad", "20-next"});
    CHECK_MESSAGE(has(outcome.errors, "10-bad"), outcome.errors);
    CHECK(scene.events() ==
          Strings{"started 10-bad", "failed 10-bad", "started 20-next", "done 20-next"});
    scene.provisions({"10-bad"});
}

TEST_CASE("--only runs a once operation that is due, and not one that is done") {
    const LedgerScene scene;
    for (const char* const name : {"10-a", "20-b"}) scene.annotated(name, "run=once");
    scene.provisions({"20-b"}, {"--only", "20-b"});
    scene.provisions({}, {"--only", "20-b"});
    scene.provisions({"10-a"});
    scene.provisions({});
}

}  // TEST_SUITE("contract")
