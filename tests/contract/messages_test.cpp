// SPDX-License-Identifier: Apache-2.0

// CONTRACT 8, and the law that a full log never blocks PID 1.

#include <csignal>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "support/scenes.h"
#include "support/scratch.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// Each line is an object with the fields that every message has; returns them all.
std::vector<nlohmann::json> messages_of(const std::string& text) {
    std::vector<nlohmann::json> messages;
    for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        const nlohmann::json message = nlohmann::json::parse(line, nullptr, false);
        REQUIRE(message.is_object());
        for (const std::string& field : Strings{"time", "level", "stage", "msg"}) {
            CAPTURE(field);
            CHECK(message.contains(field));
        }
        messages.push_back(message);
    }
    return messages;
}

// An operation that writes without end.
std::string flooding_operations(const ScratchDir& scratch) {
    scratch.write("operations/10-flood", "#!/bin/sh\nexec " + actor_path() + " say begun flood\n",
                  0755);
    return scratch / "operations";
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("exec says nothing when all is well") {
    CHECK(run({.words = exec_actor({"exit", "3"})}).errors == "");
    CHECK(
        run({.words = exec_actor({"orphans", "3", "raise", "9"}), .place = Place::later}).errors ==
        "");
}

TEST_CASE("messages go to stderr, a line each, with their level") {
    const ScratchDir scratch;
    scratch.write("operations/10-first", "#!/bin/sh\nexit 0\n", 0755);
    const Outcome outcome =
        run({.words = with_actor(command({"start", "--log-level", "debug", "--operations",
                                          scratch / "operations", "--"}),
                                 {"exit", "3"})});
    CHECK(outcome.ending == "exit 3");
    CHECK(outcome.output == "");
    CHECK(has(outcome.errors, "kaigara: debug: "));
    CHECK(has(outcome.errors, "kaigara: info: "));
    for (const std::string& line : lines_of(outcome.errors)) {
        CHECK_MESSAGE(line.starts_with("kaigara: "), line);
    }
}

TEST_CASE("the level is chosen by option or variable") {
    const ScratchDir scratch;
    scratch.write("operations/10-first", "#!/bin/sh\nexit 0\n", 0755);
    const auto start = [&](std::vector<std::string> options) {
        std::vector<std::string> words = command({"start", "--operations", scratch / "operations"});
        for (std::string& option : options) words.push_back(std::move(option));
        words.emplace_back("--");
        return with_actor(std::move(words), {"exit", "0"});
    };
    CHECK(has(run({.words = start({})}).errors, "kaigara: info: "));
    CHECK(run({.words = start({"--log-level", "error"})}).errors == "");
    CHECK(run({.words = start({}), .environment = {"KAIGARA_LOG_LEVEL=error"}}).errors == "");
    CHECK(run({.words = start({"--log-level=debug"}), .environment = {"KAIGARA_LOG_LEVEL=error"}})
              .errors.starts_with("kaigara: debug: "));
}

TEST_CASE("with json each message is one object a line") {
    const Outcome failed =
        run({.words = command({"exec", "--log-format", "json", "/no/\"such\"\n"})});
    CHECK(failed.ending == "exit 127");
    const auto errors = messages_of(failed.errors);
    REQUIRE(errors.size() == 1);
    CHECK(errors.front()["level"] == "error");
    CHECK(errors.front()["msg"].get<std::string>().find("/no/\"such\"\n") != std::string::npos);

    const ScratchDir scratch;
    scratch.write("operations/10-first", "#!/bin/sh\nexit 0\n", 0755);
    const Outcome start =
        run({.words = with_actor(command({"start", "--log-format=json", "--log-level=debug",
                                          "--operations", scratch / "operations", "--"}),
                                 {"exit", "0"})});
    CHECK(start.ending == "exit 0");
    CHECK(messages_of(start.errors).size() >= 2);
}

TEST_CASE("a usage error is written in the format that was asked for") {
    const Outcome outcome = run({.words = command({"exec", "--sucess", "3", "true"}),
                                 .environment = {"KAIGARA_LOG_FORMAT=json"}});
    CHECK(outcome.ending == "exit 64");
    CHECK(messages_of(outcome.errors).size() == 1);
}

TEST_CASE("a full log never blocks exec") {
    const Outcome outcome =
        run({.words = exec_actor({"exit", "3"}, {"--log-level", "debug"}), .errors = Output::full});
    CHECK(outcome.ending == "exit 3");
    CHECK(run({.words = command({"exec", "/no/such/program"}), .errors = Output::full}).ending ==
          "exit 127");
}

TEST_CASE("a full log never keeps signals from an application") {
    Program program({.words = exec_actor({"say", "up", "pause"}, {"--log-level", "debug"}),
                     .errors = Output::full});
    program.wait_for("up\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("a full log never keeps kaigara from stopping while an operation writes") {
    const ScratchDir scratch;
    const std::vector<std::string> words = with_actor(
        command({"start", "--operations", flooding_operations(scratch), "--"}), {"exit", "0"});
    Program program({.words = words, .output = Output::full, .errors = Output::full});
    CHECK(program.stays(std::chrono::milliseconds(100)));
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("an operation waits for a stalled reader, and goes on where it was") {
    const ScratchDir scratch;
    scratch.write("operations/10-much",
                  "#!/bin/sh\nexec " + actor_path() + " lines 20000 say end exit 0\n", 0755);
    Program program({.words = with_actor(command({"start", "--operations", scratch / "operations",
                                                  "--log-level", "error", "--"}),
                                         {"say", "application"}),
                     .output = Output::full,
                     .errors = Output::full});
    CHECK(program.stays(std::chrono::milliseconds(100)));
    program.read_on();
    CHECK(program.wait() == "exit 0");
    const std::string all = program.output() + program.errors();
    CHECK(all.find("[10-much] line 20000\n[10-much] end\n") != std::string::npos);
    for (const int line : {1, 9999, 19999}) {
        CAPTURE(line);
        CHECK(all.find("[10-much] line " + std::to_string(line) + "\n") != std::string::npos);
    }
}

TEST_CASE("a log that nobody reads any more is no reason to end") {
    const Outcome outcome = run(
        {.words = exec_actor({"exit", "3"}, {"--log-level", "debug"}), .errors = Output::closed});
    CHECK(outcome.ending == "exit 3");
}

}  // TEST_SUITE("contract")
