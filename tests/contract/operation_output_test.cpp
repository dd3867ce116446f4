// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: an operation's output is passed on a line at a time, under its name.

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

Outcome output_of(std::string_view script, std::vector<std::string> options = {}) {
    const ProvisionScene scene;
    scene.operation("10-op", script);
    Outcome outcome = run({.words = scene.start(std::move(options))});
    CHECK(outcome.ending == "exit 0");
    return outcome;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("each line of both streams has the operation's name before it") {
    CHECK(operation_lines(output_of("echo one; echo; echo ' two '")) ==
          Strings{"[10-op] one", "[10-op] ", "[10-op]  two "});
    CHECK(operation_lines(output_of("echo wrong >&2")) == Strings{"[10-op] wrong"});
}

TEST_CASE("a line that comes in parts is passed on whole, one without its end too") {
    CHECK(operation_lines(output_of("printf 'a'; printf 'b\\nc'; printf 'd'")) ==
          Strings{"[10-op] ab", "[10-op] cd"});
}

TEST_CASE("bytes that are no text come through") {
    const Outcome outcome = output_of("printf 'x\\000\\377\\001y\\n'");
    const std::string all = outcome.output + outcome.errors;
    CHECK(has(all, std::string("[10-op] x\0\xff\x01y\n", 14)));
}

TEST_CASE("of an over-long line nothing is lost") {
    const Outcome outcome = output_of("\"$actor\" bytes 300000; echo; echo end");
    std::size_t total = 0;
    for (const std::string& line : operation_lines(outcome)) {
        REQUIRE(line.starts_with("[10-op"));
        total += count(line, "x");
    }
    CHECK(total == 300000);
    CHECK(operation_lines(outcome).back() == "[10-op] end");
}

TEST_CASE("all that was written before the end is passed on") {
    const Outcome outcome = output_of("\"$actor\" lines 5000");
    const Strings lines = operation_lines(outcome);
    REQUIRE(lines.size() == 5000);
    CHECK(lines.front() == "[10-op] line 1");
    CHECK(lines.back() == "[10-op] line 5000");
}

TEST_CASE("raw output is passed on as it is") {
    const Outcome outcome =
        output_of("printf 'one\\ntwo'", {"--operation-output", "raw", "--log-level", "error"});
    CHECK(has(outcome.output + outcome.errors, "one\ntwo"));
    CHECK(!has(outcome.output + outcome.errors, "[10-op]"));
}

TEST_CASE("json output is an object a line, with the operation and the text") {
    const Outcome outcome = output_of("echo 'a \"quoted\" line'; printf '\\377\\n'",
                                      {"--operation-output=json", "--log-level", "error"});
    std::size_t found = 0;
    for (const std::string& line : lines_of(outcome.output + outcome.errors)) {
        if (line == "application") continue;
        CAPTURE(line);
        const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
        REQUIRE(object.is_object());
        CHECK(has(line, "10-op"));
        if (has(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                "a \\\"quoted\\\" line")) {
            ++found;
        }
    }
    CHECK(found == 1);
}

TEST_CASE("how output is passed on can be said by the environment") {
    const ProvisionScene scene;
    scene.operation("10-op", "echo one");
    const Outcome outcome = run({.words = scene.start({"--log-level", "error"}),
                                 .environment = {"KAIGARA_OPERATION_OUTPUT=raw"}});
    CHECK(has(outcome.output + outcome.errors, "one\n"));
    CHECK(!has(outcome.output + outcome.errors, "[10-op]"));
}

TEST_CASE("the application has its streams as they were, whatever operations wrote to them") {
    const ProvisionScene scene;
    scene.play("10-op", "lines 1000");
    const Outcome outcome = run({.words = scene.start({}, {"stdio"}), .input = Input::pipe});
    CHECK(outcome.output.ends_with(
        "application\n0: pipe blocking\n1: pipe blocking\n2: pipe blocking\n"));
}

TEST_CASE("the application's output is not touched") {
    const ProvisionScene scene;
    scene.operation("10-op", "echo one");
    const Outcome outcome = run({.words = scene.start({}, {"bytes", "100000"})});
    CHECK(outcome.output.ends_with("application\n" + std::string(100000, 'x')));
}

}  // TEST_SUITE("contract")
