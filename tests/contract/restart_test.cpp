// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6: `--restart`, its delays and its limit. What comes after a stop is in
// restart_stop_test.cpp, and what is left of a former run in restart_left_test.cpp.

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervision_scene.h"
#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// Counts its runs in a file, and on stdout.
constexpr std::string_view counted =
    "echo x >>\"$scene/runs\"; n=$(wc -l <\"$scene/runs\"); echo \"run $n\"; ";

// Ends with what the list has for its run.
std::string ends_with(std::string_view statuses) {
    return fmt::format("{}set -- {}; shift $((n - 1)); exit $1", counted, statuses);
}

std::size_t runs(const Outcome& outcome) { return count(outcome.output, "run "); }

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("without --restart, and with no, an application that failed is not started again") {
    for (const Strings& options :
         {Strings{}, Strings{"--restart", "no"}, Strings{"--restart=no"}}) {
        const SupervisionScene scene;
        const Outcome outcome = scene.outcome(options, ends_with("3 0"));
        CHECK(outcome.ending == "exit 3");
        CHECK(runs(outcome) == 1);
        CHECK(outcome.errors == "");
    }
}

TEST_CASE("on-failure starts it again until it succeeds") {
    const SupervisionScene scene;
    const Outcome outcome =
        scene.outcome({"--restart", "on-failure", "--restart-delay", "1ms"}, ends_with("3 4 0 5"));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(runs(outcome) == 3);
}

TEST_CASE("on-failure takes an end by a signal that nobody sent through kaigara for a failure") {
    for (const int signal : {SIGKILL, SIGSEGV, SIGTERM}) {
        CAPTURE(signal);
        const SupervisionScene scene;
        const Outcome outcome = scene.outcome(
            {"--restart", "on-failure", "--restart-delay", "1ms"},
            fmt::format("{}[ $n = 1 ] && exec \"$actor\" raise {}; exit 0", counted, signal));
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(runs(outcome) == 2);
        check_message(outcome, "warn",
                      {fmt::format("signal {} ", signal), "it is started again in "});
    }
}

TEST_CASE("a status in --success is a success for on-failure, and no other") {
    const SupervisionScene scene;
    const Outcome outcome =
        scene.outcome({"--restart", "on-failure", "--restart-delay", "1ms", "--success", "3"},
                      ends_with("4 3 0"));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(runs(outcome) == 2);
}

TEST_CASE("always starts it again after a success, too") {
    const SupervisionScene scene;
    const Outcome outcome =
        scene.outcome({"--restart", "always", "--restart-delay", "1ms", "--restart-limit", "3"},
                      ends_with("0 7 0 0 9"));
    CHECK(outcome.ending == "exit 0");
    CHECK(runs(outcome) == 4);
}

TEST_CASE("each restart is a warning with the status and the delay") {
    const SupervisionScene scene;
    const Outcome outcome =
        scene.outcome({"--restart", "on-failure", "--restart-delay", "1ms"}, ends_with("3 4 0"));
    check_message(outcome, "warn",
                  {"the application ended with status 3 after ", "it is started again in "});
    check_message(outcome, "warn",
                  {"the application ended with status 4 after ", "it is started again in "});
    CHECK(count(outcome.errors, "it is started again in ") == 2);
}

TEST_CASE("after --restart-limit restarts the last status is kaigara's, and an error says so") {
    for (const std::string& policy : Strings{"on-failure", "always"}) {
        const SupervisionScene scene;
        const Outcome outcome =
            scene.outcome({"--restart", policy, "--restart-delay", "1ms", "--restart-limit", "2"},
                          ends_with("3 4 5 6"));
        CHECK(outcome.ending == "exit 5");
        CHECK(runs(outcome) == 3);
        check_message(outcome, "error", {"giving up"});
        CHECK(count(outcome.errors, "it is started again in ") == 2);
    }
}

TEST_CASE("a status in --success becomes 0 when the limit is reached, too") {
    const SupervisionScene scene;
    const Outcome outcome = scene.outcome(
        {"--restart", "always", "--restart-delay", "1ms", "--restart-limit", "1", "--success", "5"},
        ends_with("5 5 5"));
    CHECK(outcome.ending == "exit 0");
    CHECK(runs(outcome) == 2);
}

TEST_CASE("the delay is the first one within a fifth, and doubles after each short run") {
    const SupervisionScene scene;
    const Outcome outcome =
        scene.outcome({"--restart", "always", "--restart-delay", "200ms", "--restart-limit", "3"},
                      "\"$actor\" clock; exec \"$actor\" clock exit 1");
    const std::vector<long> times = clocks(outcome.output);
    REQUIRE(times.size() == 8);
    // From the end of a run to the beginning of the next; nothing holds a machine to be fast.
    constexpr long slack = 10'000;
    for (const long delay : {200L, 400L, 800L}) {
        const std::size_t end = delay == 200 ? 1 : delay == 400 ? 3 : 5;
        const long waited = times[end + 1] - times[end];
        CAPTURE(delay);
        CHECK(waited >= delay * 8 / 10);
        CHECK(waited <= delay * 12 / 10 + slack);
    }
}

TEST_CASE("the delay is 100 ms first where nothing is said") {
    const SupervisionScene scene;
    const Outcome outcome = scene.outcome({"--restart", "always", "--restart-limit", "1"},
                                          "\"$actor\" clock; exec \"$actor\" clock exit 1");
    const std::vector<long> times = clocks(outcome.output);
    REQUIRE(times.size() == 4);
    CHECK(times[2] - times[1] >= 80);
}

TEST_CASE("the delay grows no further than --restart-max-delay") {
    const SupervisionScene scene;
    // Doubled each time the last of them would be more than a minute.
    const Outcome outcome = scene.outcome({"--restart", "always", "--restart-delay", "250ms",
                                           "--restart-max-delay", "250ms", "--restart-limit", "9"},
                                          "\"$actor\" clock; exec \"$actor\" clock exit 1");
    CHECK(outcome.ending == "exit 1");
    const std::vector<long> times = clocks(outcome.output);
    REQUIRE(times.size() == 20);
    for (std::size_t end = 1; end + 1 < times.size(); end += 2)
        CHECK(times[end + 1] - times[end] >= 200);
}

TEST_CASE("with a delay of 0 it is started again at once, a hundred times") {
    const SupervisionScene scene;
    const Outcome outcome = run({.words = scene.actor({"--restart", "always", "--restart-delay",
                                                       "0", "--restart-limit", "100"},
                                                      {"say", "run x", "exit", "6"})});
    CHECK(outcome.ending == "exit 6");
    CHECK(runs(outcome) == 101);
}

TEST_CASE("a run of --restart-reset makes the count begin anew, and a shorter one does not") {
    const SupervisionScene scene;
    const Strings options = {"--restart",       "always", "--restart-delay", "1ms",
                             "--restart-limit", "1",      "--restart-reset", "100ms"};
    const auto program = scene.play(options, {"say", "run", "linger", "150", "exit", "1"});
    for (int round = 0; round < 4; ++round) program->wait_for("run\n");
    program->send(SIGTERM);
    program->wait();
    CHECK(!has(program->errors(), "giving up"));

    const Outcome brief =
        run({.words = scene.actor(
                 {"--restart", "always", "--restart-delay", "1ms", "--restart-limit", "1"},
                 {"say", "run x", "linger", "150", "exit", "1"})});
    CHECK(brief.ending == "exit 1");
    CHECK(runs(brief) == 2);
}

TEST_CASE("a run of --restart-reset makes the delay the first one again") {
    const SupervisionScene scene;
    // Without the reset, the ninth delay alone would take more than half a minute.
    const auto program = scene.play({"--restart", "always", "--restart-delay", "150ms",
                                     "--restart-max-delay", "1h", "--restart-reset", "100ms"},
                                    {"say", "run", "linger", "120", "exit", "1"});
    for (int round = 0; round < 10; ++round) program->wait_for("run\n");
    program->send(SIGTERM);
    program->wait();
}

TEST_CASE("126 and 127 are not restarted, however they came") {
    for (const std::string& status : Strings{"126", "127"}) {
        const SupervisionScene scene;
        const Outcome outcome = scene.outcome({"--restart", "always", "--restart-delay", "1ms"},
                                              ends_with(status + " 0"));
        CHECK(outcome.ending == "exit " + status);
        CHECK(runs(outcome) == 1);
    }
    const ScratchDir scratch;
    const std::string plain = scratch.write("plain", "text\n", 0644);
    const Strings options = {"exec", "--restart", "always", "--restart-delay", "1ms", "--"};
    for (const auto& [program, ending] :
         {std::pair(plain, "exit 126"), std::pair(std::string("/no/such/program"), "exit 127")}) {
        Strings words = options;
        words.push_back(program);
        const Outcome outcome = run({.words = command(words)});
        CHECK(outcome.ending == ending);
        CHECK(!has(outcome.errors, "started again"));
    }
}

TEST_CASE("a program that has gone when it is to be started again is 127, and that is final") {
    const SupervisionScene scene;
    scene.folder().write("app", "#!/bin/sh\necho run x\nrm \"$0\"\nexit 3\n", 0755);
    const Outcome outcome =
        run({.words = command({"exec", "--socket", scene.socket(), "--restart", "always",
                               "--restart-delay", "1ms", "--", scene.path("app")})});
    CHECK(outcome.ending == "exit 127");
    CHECK(runs(outcome) == 1);
    CHECK_MESSAGE(has(outcome.errors, scene.path("app")), outcome.errors);
}

TEST_CASE("the words of --restart are keys under application, and start knows them") {
    const ProvisionScene scene;
    const SupervisionScene files;
    scene.config(fmt::format("paths: {{socket: '{}'}}\napplication:\n  restart: on-failure\n"
                             "  restart-delay: 1ms\n  restart-max-delay: 2ms\n"
                             "  restart-reset: 1h\n  restart-limit: 2\n",
                             files.socket()));
    scene.operation("10-once", "echo provisioned");
    Strings words = scene.words("start");
    for (const std::string& word :
         Strings{"--", "/bin/sh", "-c", files.script(ends_with("3 4 5 6"))})
        words.push_back(word);
    const Outcome outcome = run({.words = words});
    CHECK(outcome.ending == "exit 5");
    CHECK(runs(outcome) == 3);
    check_message(outcome, "error", {"giving up"});
    // The application is started again, and nothing else.
    CHECK(count(outcome.output + outcome.errors, "[10-once] provisioned") == 1);

    words.insert(words.end() - 4, {"--restart", "no"});
    const SupervisionScene again;
    words.back() = again.script(ends_with("3 4"));
    CHECK(run({.words = words}).ending == "exit 3");
}

TEST_CASE("restart: no stands in kaigara.yml without quotes") {
    const ProvisionScene scene;
    scene.config("application: {restart: no}\n");
    const Outcome outcome = run({.words = scene.start({"--socket", "off"}, {"exit", "3"})});
    CHECK(outcome.ending == "exit 3");
    CHECK(count(outcome.output, "application") == 1);
}

TEST_CASE("each word of --restart has its variable, and the option beats it") {
    const SupervisionScene scene;
    const Strings environment = {"KAIGARA_RESTART=on-failure", "KAIGARA_RESTART_DELAY=1ms",
                                 "KAIGARA_RESTART_MAX_DELAY=2ms", "KAIGARA_RESTART_RESET=1h",
                                 "KAIGARA_RESTART_LIMIT=2"};
    const Outcome outcome =
        run({.words = scene.shell({}, ends_with("3 4 5 6")), .environment = environment});
    CHECK(outcome.ending == "exit 5");
    CHECK(runs(outcome) == 3);

    const SupervisionScene other;
    const Outcome beaten =
        run({.words = other.shell({"--restart-limit", "1"}, ends_with("3 4 5 6")),
             .environment = environment});
    CHECK(beaten.ending == "exit 4");
    // The application sees none of them.
    const SupervisionScene last;
    const Outcome seen =
        run({.words = last.actor({}, {"environment"}), .environment = environment});
    CHECK(!has(seen.output, "KAIGARA_"));
}

}  // TEST_SUITE("contract")
