// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1 and 6: what the words of supervision are not. "An unknown option or value: one line on
// stderr that says what and suggests the nearest; exit 64"; in kaigara.yml 78.

#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/scenes.h"

using namespace kaigara::test;

namespace {

struct Bad {
    std::string name;
    std::string value;
    std::string help;  // what of the accepted forms has to be in the line
};

const std::vector<Bad>& bad_values() {
    static const std::vector<Bad> all = {
        {"restart", "sometimes", "on-failure"},
        {"restart", "on-failures", "on-failure"},
        {"restart", "", "always"},
        {"restart-delay", "soon", "soon"},
        {"restart-delay", "-1s", "-1s"},
        {"restart-max-delay", "1 fortnight", "fortnight"},
        {"restart-reset", "x", "x"},
        {"restart-limit", "0", "1"},
        {"restart-limit", "-1", "1"},
        {"restart-limit", "many", "many"},
        {"ready", "perhaps", "notify"},
        {"ready", "tcp:", "tcp:"},
        {"ready", "tcp:70000", "tcp:"},
        {"ready", "exec:", "exec:"},
        {"ready", "ftp://host/", "http"},
        {"live", "notfy", "notify"},
        {"live", "http://", "http"},
        {"check-interval", "0", "check-interval"},
        {"check-interval", "often", "often"},
        {"check-timeout", "0", "check-timeout"},
        {"check-failures", "0", "1"},
        {"check-failures", "three", "three"},
        {"start-timeout", "late", "late"},
        {"pre-stop-timeout", "x", "x"},
        {"on-reload-timeout", "x", "x"},
        {"stop-timeout", "x", "x"},
    };
    return all;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a bad value of a word of supervision is 64, one line, with what is accepted") {
    for (const Bad& bad : bad_values()) {
        CAPTURE(bad.name);
        CAPTURE(bad.value);
        const Outcome outcome = run(
            {.words = exec_actor({"say", "never"}, {fmt::format("--{}={}", bad.name, bad.value)})});
        check_refused(outcome, "exit 64", {bad.name, bad.help});
        CHECK(count(outcome.errors, "\n") == 1);
    }
}

TEST_CASE("a bad value of a word of supervision in kaigara.yml is 78, with its line") {
    for (const Bad& bad : bad_values()) {
        CAPTURE(bad.name);
        CAPTURE(bad.value);
        const ProvisionScene scene;
        scene.config(fmt::format("application:\n  {}: '{}'\n", bad.name, bad.value));
        const Outcome outcome = run({.words = scene.start({"--socket", "off"}, {})});
        check_refused(outcome, "exit 78", {"kaigara.yml:2:", bad.name, bad.help});
    }
}

TEST_CASE("a bad value in a variable is named with the variable") {
    for (const Bad& bad : {Bad{"RESTART", "sometimes", "on-failure"},
                           Bad{"READY", "perhaps", "notify"}, Bad{"RESTART_LIMIT", "0", "1"}}) {
        const Outcome outcome =
            run({.words = exec_actor({"say", "never"}),
                 .environment = {fmt::format("KAIGARA_{}={}", bad.name, bad.value)}});
        const bool is_refused = outcome.ending == "exit 64" || outcome.ending == "exit 78";
        CHECK_MESSAGE(is_refused, outcome.ending);
        CHECK(outcome.output == "");
        CHECK_MESSAGE(has(outcome.errors, "KAIGARA_" + bad.name), outcome.errors);
        CHECK_MESSAGE(has(outcome.errors, bad.help), outcome.errors);
    }
}

TEST_CASE("a misspelt word of supervision is 64, and the nearest is named") {
    for (const auto& [wrong, right] :
         {std::pair("--restrat=always", "--restart"), std::pair("--pre-stp=x", "--pre-stop"),
          std::pair("--check-intervall=1s", "--check-interval"),
          std::pair("--start-timout=1s", "--start-timeout"),
          std::pair("--on-reloads=HUP", "--on-reload")}) {
        const Outcome outcome = run({.words = exec_actor({"say", "never"}, {wrong})});
        check_refused(outcome, "exit 64", {right});
    }
    for (const auto& [wrong, right] :
         {std::pair("statsu", "status"), std::pair("helth", "health"), std::pair("relod", "reload"),
          std::pair("restrat", "restart")})
        check_refused(run({.words = command({wrong})}), "exit 64", {right});
    const ProvisionScene scene;
    scene.config("application:\n  restrat: always\n");
    check_refused(run({.words = scene.start({"--socket", "off"}, {})}), "exit 78",
                  {"kaigara.yml:2:", "restrat", "restart"});
}

TEST_CASE("those who ask take no words, and health one question at a time") {
    for (const Strings& words :
         {Strings{"status", "now"}, Strings{"reload", "now"}, Strings{"restart", "--force"},
          Strings{"health", "--dead"}, Strings{"health", "ready"}, Strings{"reload", "--json"}})
        check_refused(run({.words = command(words)}), "exit 64", {words[1]});
}

}  // TEST_SUITE("contract")
