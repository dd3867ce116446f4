// SPDX-License-Identifier: Apache-2.0

// The sources of kaigara.yml, as the gatherer piles them up.

#include <signal.h>

#include <optional>

#include <fmt/format.h>

#include "metadata/gatherer.h"
#include "reading.h"
#include "support/scratch.h"
#include "unit/platform/children.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

using Outcome = Result<Gathered, Errors>;

Source file(std::string path) {
    Source source;
    source.path = std::move(path);
    source.where = "k.yml:1:1";
    return source;
}

Source directory(std::string path) {
    Source source = file(std::move(path));
    source.kind = SourceKind::directory;
    return source;
}

Source command(std::string_view script) {
    Source source;
    source.kind = SourceKind::command;
    source.command = {"/bin/sh", "-c", std::string(script)};
    source.where = "k.yml:2:3";
    return source;
}

// What the gatherer makes of the sources, on a loop.
Outcome waited(std::vector<Source> sources, Milliseconds timeout = Milliseconds(60'000)) {
    test::Children children;
    GatherPlan plan;
    plan.sources = std::move(sources);
    plan.timeout = timeout;
    std::optional<Outcome> outcome;
    Gatherer gatherer(children.loop, children.reaper, plan, environ,
                      [&outcome](Outcome made) { outcome = std::move(made); });
    gatherer.start();
    const bool ended = children.wait_until([&] {
        gatherer.on_reaped();
        return outcome.has_value();
    });
    REQUIRE(ended);
    return *outcome;
}

std::string text_of(const Outcome& outcome) {
    return outcome ? json_of(outcome->tree) : lines(outcome.error());
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("sources lie over the defaults in their order, and below the environment") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.defaults_path = scratch.write("m.yml", "a: 0\nb: 0\nc: 0\nd: 0\n");
    plan.sources = {file(scratch.write("1.yml", "b: 1\nc: 1\nd: 1\n")),
                    file(scratch.write("2.json", R"({"c": 2, "d": 2})"))};
    plan.environment = {"KAIGARA_META_d=3"};
    CHECK(text_of(gather(plan)) == R"({"a":0,"b":1,"c":2,"d":3})");
    std::swap(plan.sources[0], plan.sources[1]);
    CHECK(text_of(gather(plan)) == R"({"a":0,"b":1,"c":1,"d":3})");
}

TEST_CASE("a bound variable ranks where it stands, below KAIGARA_META_") {
    const test::ScratchDir scratch;
    Source bound;
    bound.kind = SourceKind::environment;
    bound.bindings = {{"A", "a"}, {"B", "b"}, {"C", "c"}};
    GatherPlan plan;
    plan.environment = {"A=env", "B=env", "C=env", "KAIGARA_META_c=meta"};
    plan.sources = {bound, file(scratch.write("1.yml", "b: file\n"))};
    CHECK(text_of(gather(plan)) == R"({"a":"env","b":"file","c":"meta"})");
}

TEST_CASE("a source is mounted at its path, and a prefix adopts the spelling that is there") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.defaults_path = scratch.write("m.yml", "app: {cache: {maxItems: 1}, db: {host: x}}\n");
    plan.sources = {directory(scratch.make_dir("d")), Source{}};
    scratch.write("d/port", "5432\n");
    plan.sources[0].at = "app.db";
    plan.sources[1].kind = SourceKind::environment;
    plan.sources[1].prefix = "MYAPP_";
    plan.sources[1].at = "app";
    plan.environment = {"MYAPP_CACHE__MAXITEMS=7"};
    CHECK(text_of(gather(plan)) ==
          R"({"app":{"cache":{"maxItems":7},"db":{"host":"x","port":5432}}})");
}

TEST_CASE("all values of a secret source are masked, and stay so under the environment") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.sources = {directory(scratch.make_dir("d"))};
    scratch.write("d/password", "x");
    plan.sources[0].secret = true;
    plan.environment = {"KAIGARA_META_password=y"};
    CHECK(text_of(gather(plan)) == R"({"password":"***"})");
}

TEST_CASE("an absent source is an error at its place in kaigara.yml, an optional one a warning") {
    const test::ScratchDir scratch;
    for (const Source& absent : {file(scratch / "x.yml"), directory(scratch / "x")}) {
        GatherPlan plan;
        plan.sources = {absent};
        const auto refused = gather(plan);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().front().fault == Fault::configuration);
        CHECK(refused.error().front().where == "k.yml:1:1");
        CHECK(has(lines(refused.error()), "does not exist (optional: true would allow it)"));
        plan.sources[0].optional = true;
        const auto allowed = gather(plan);
        REQUIRE(allowed);
        CHECK(allowed->warnings.size() == 1);
        CHECK(has(allowed->warnings.front(), "k.yml:1:1"));
    }
}

TEST_CASE("an optional source that is there and broken is an error all the same") {
    const test::ScratchDir scratch;
    GatherPlan plan;
    plan.sources = {file(scratch.write("x.yml", "a: b: c\n")), directory(scratch.make_dir("d"))};
    scratch.write("d/latin", "\xE9");
    for (Source& source : plan.sources) source.optional = true;
    const auto refused = gather(plan);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().size() == 2);
}

TEST_CASE("a command's output is YAML or JSON") {
    CHECK(text_of(waited({command("echo 'a: 1.10'"), command(R"(echo '{"b": "\ud83d\ude00"}')"),
                          command("echo '{c: d}'"), command("true")})) ==
          R"({"a":1.10,"b":"😀","c":"d"})");
}

TEST_CASE("what is wrong in a command's output has line and column") {
    const std::string all = text_of(waited({command("echo 'a: 1'; echo 'a: 2'")}));
    CHECK(has(all, ":2:1: duplicate key 'a'"));
    CHECK(has(all, "k.yml:2:3: command /bin/sh -c"));
}

TEST_CASE("commands run at the same time, each in a session of its own, without our stdin") {
    const test::ScratchDir scratch;
    const std::string meet =
        fmt::format("cd {} && : > $1 && while ! [ -e $2 ]; do sleep 0.01; done; "
                    "cat; echo \"$1: $(ps -o sid= -p $$ | tr -d ' ')=$$\"",
                    scratch.path());
    Source one = command(meet);
    Source two = command(meet);
    one.command.insert(one.command.end(), {"sh", "one", "two"});
    two.command.insert(two.command.end(), {"sh", "two", "one"});
    const Outcome outcome = waited({one, two});
    REQUIRE(outcome);
    for (const char* name : {"one", "two"}) {
        const std::string& text = at(outcome->tree, name).text();
        const std::size_t equals = text.find('=');
        CHECK(text.substr(0, equals) == text.substr(equals + 1));
    }
}

TEST_CASE("a command that fails is unavailable, and its stderr is shown") {
    const Outcome outcome = waited({command("echo half; echo 'no key' >&2; exit 3")});
    REQUIRE_FALSE(outcome);
    const Error& error = outcome.error().front();
    CHECK(error.fault == Fault::unavailable);
    CHECK(error.where == "k.yml:2:3");
    CHECK(has(error.message, "failed with status 3; it said:\n    no key"));
    CHECK_FALSE(has(error.message, "half\n"));
}

TEST_CASE("a command that is not there says so") {
    Source source = command("");
    source.command = {"no-such-program-anywhere"};
    CHECK(has(text_of(waited({source})), "cannot be started"));
    source.optional = true;
    const Outcome outcome = waited({source});
    REQUIRE(outcome);
    CHECK(outcome->warnings.size() == 1);
}

TEST_CASE("a command that takes too long is ended, with all that it started") {
    const test::ScratchDir scratch;
    Source slow = command(fmt::format("sleep 600 & echo $! > {}; wait", scratch / "pid"));
    slow.timeout = Milliseconds(300);
    CHECK(has(text_of(waited({slow})), "was ended after 300ms"));
    const int pid = std::stoi(scratch.read("pid"));
    test::Children children;
    CHECK(children.wait_until([&] {
        children.reaper.reap();
        return ::kill(pid, 0) != 0;
    }));
    CHECK(has(text_of(waited({command("sleep 600")}, Milliseconds(200))), "was ended after"));
}

TEST_CASE("a command that never stops writing is ended") {
    CHECK(has(text_of(waited({command("yes")})), "it wrote more than 16 MiB"));
}

TEST_CASE("a failed command is tried again as often as it says") {
    const test::ScratchDir scratch;
    Source source =
        command(fmt::format("cd {}; echo x >> tries; [ $(wc -l < tries) = 3 ] || exit 1; "
                            "echo done: yes",
                            scratch.path()));
    source.retries = 2;
    CHECK(text_of(waited({source})) == R"({"done":"yes"})");
    CHECK(scratch.read("tries") == "x\nx\nx\n");
}

TEST_CASE("without an answer a command is skipped, and noted") {
    GatherPlan plan;
    plan.sources = {command("exit 1")};
    CHECK(has_to_wait(plan));
    const auto gathered = gather(plan);
    REQUIRE(gathered);
    REQUIRE(gathered->skipped.size() == 1);
    CHECK(has(gathered->skipped.front(), "(k.yml:2:3)"));
}

}  // TEST_SUITE("metadata")
