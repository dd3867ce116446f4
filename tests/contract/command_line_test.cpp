// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1: commands, options, their environment variables, and what bad ones get.

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>

#include "support/scenes.h"
#include "support/scratch.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// One line on stderr, status 64, nothing on stdout; the text is returned.
std::string usage_error(std::vector<std::string> arguments) {
    const Outcome outcome = run({.words = command(std::move(arguments))});
    CHECK(outcome.ending == "exit 64");
    CHECK(outcome.output == "");
    CHECK_MESSAGE(std::count(outcome.errors.begin(), outcome.errors.end(), '\n') == 1,
                  outcome.errors);
    CHECK_MESSAGE(outcome.errors.starts_with("kaigara: error: "), outcome.errors);
    return outcome.errors;
}

void check_names(const std::string& error, std::string_view wrong, std::string_view nearest) {
    CHECK_MESSAGE(has(error, wrong), error);
    CHECK_MESSAGE(has(error, nearest), error);
}

Outcome exec_with(std::vector<std::string> environment, std::vector<std::string> options,
                  std::vector<std::string> play) {
    return run({.words = exec_actor(std::move(play), std::move(options)),
                .environment = std::move(environment)});
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("an unknown option is named with the nearest one") {
    check_names(usage_error({"exec", "--sucess", "3", "--", "true"}), "--sucess", "--success");
    check_names(usage_error({"exec", "--stop-signl=TERM", "true"}), "--stop-signl",
                "--stop-signal");
    check_names(usage_error({"start", "--metadta", "x", "true"}), "--metadta", "--metadata");
    check_names(usage_error({"get", "app.port", "--defualt", "1"}), "--defualt", "--default");
    CHECK(has(usage_error({"exec", "-y", "true"}), "-y"));
}

TEST_CASE("an unknown command is named with the nearest one") {
    check_names(usage_error({"strat", "true"}), "strat", "start");
    check_names(usage_error({"rendr", "x"}), "rendr", "render");
    check_names(usage_error({"metdata"}), "metdata", "metadata");
}

TEST_CASE("an unknown value is named, with the nearest one where there is a list") {
    check_names(usage_error({"exec", "--stop-signal", "TREM", "true"}), "TREM", "TERM");
    check_names(usage_error({"exec", "--log-format", "jsno", "true"}), "jsno", "json");
    check_names(usage_error({"exec", "--log-level", "debgu", "true"}), "debgu", "debug");
    check_names(usage_error({"metadata", "--format", "yml"}), "yml", "yaml");
}

TEST_CASE("a bad value is named with its option") {
    struct Bad {
        std::string option, value, named;
    };
    const Bad all[] = {
        {"--success", "256", "256"},      {"--success", "-1", "-1"},
        {"--success", "x", "x"},          {"--success", "", "--success"},
        {"--rewrite", "TERM", "TERM"},    {"--rewrite", "TERM:NOPE", "NOPE"},
        {"--rewrite", "99:1", "99"},      {"--stop-signal", "0", "0"},
        {"--parent-death", "XCP", "XCP"}, {"--grace", "soon", "soon"},
        {"--stop-timeout", "-1s", "-1s"}, {"--umask", "9", "9"},
        {"--umask", "10000", "10000"},
    };
    for (const Bad& bad : all) {
        CAPTURE(bad.option);
        CAPTURE(bad.value);
        const std::string error = usage_error({"exec", bad.option, bad.value, "--", "true"});
        check_names(error, bad.option, bad.named);
    }
}

TEST_CASE("an option without its value is an error") {
    CHECK(has(usage_error({"exec", "--success"}), "--success"));
    CHECK(has(usage_error({"exec", "--user"}), "--user"));
}

TEST_CASE("start and exec without a program are errors") {
    usage_error({"start"});
    usage_error({"start", "--"});
    usage_error({"exec"});
    usage_error({"exec", "--"});
    usage_error({"exec", "-g"});
}

TEST_CASE("kaigara without a word is an error that tells how to begin") {
    const Outcome outcome = run({.words = command({})});
    CHECK(outcome.ending == "exit 64");
    CHECK_MESSAGE(has(outcome.errors, "help"), outcome.errors);
}

TEST_CASE("a program behind -- alone is started") {
    CHECK(run({.words = with_actor(command({"--"}), {"exit", "5"})}).ending == "exit 5");
    CHECK(run({.words = with_actor(command({"start", "--"}), {"exit", "5"})}).ending == "exit 5");
    CHECK(run({.words = with_actor(command({"start"}), {"exit", "5"})}).ending == "exit 5");
}

TEST_CASE("the first word that is no option ends the options") {
    const Outcome outcome = run(
        {.words = with_actor(command({"exec", "-e", "9"}), {"arguments", "-g", "--", "--help"})});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.output == "[-g]\n[--]\n[--help]\n");
    CHECK(run({.words = with_actor(command({"start", "-e", "9"}), {"exit", "9"})}).ending ==
          "exit 0");
}

TEST_CASE("a program may be called as an option or as -- is") {
    CHECK(run({.words = command({"exec", "--", "--", "x"})}).ending == "exit 127");
    CHECK(run({.words = command({"exec", "--", "-g"})}).ending == "exit 127");
}

TEST_CASE("version prints one line with the version, help the commands") {
    const Outcome version = run({.words = command({"version"})});
    CHECK(version.ending == "exit 0");
    CHECK(has(version.output, KAIGARA_VERSION));
    CHECK(std::count(version.output.begin(), version.output.end(), '\n') == 1);
    CHECK(version.errors == "");
    for (const std::string& ask : Strings{"help", "--help"}) {
        const Outcome help = run({.words = command({ask})});
        CHECK(help.ending == "exit 0");
        for (const std::string& command :
             Strings{"start", "exec", "provision", "render", "get", "metadata"}) {
            CHECK_MESSAGE(has(help.output, command), help.output);
        }
    }
}

TEST_CASE("help of a command prints its options") {
    for (const auto& words :
         {std::vector<std::string>{"help", "exec"}, std::vector<std::string>{"exec", "--help"}}) {
        const Outcome help = run({.words = command(words)});
        CHECK(help.ending == "exit 0");
        for (const std::string& option :
             Strings{"-g", "--group", "--subreaper", "--parent-death", "--rewrite", "--success",
                     "--user", "--cwd", "--umask", "--stop-signal", "--stop-timeout", "--grace"}) {
            CHECK_MESSAGE(has(help.output, option), option);
        }
    }
    check_names(usage_error({"help", "strat"}), "strat", "start");
}

TEST_CASE("every option of exec has its environment variable, and the option beats it") {
    CHECK(exec_with({"KAIGARA_SUCCESS=7"}, {}, {"exit", "7"}).ending == "exit 0");
    CHECK(exec_with({"KAIGARA_CWD=/usr"}, {}, {"cwd"}).output == "cwd /usr\n");
    CHECK(exec_with({"KAIGARA_UMASK=077"}, {}, {"umask"}).output == "umask 077\n");
    CHECK(exec_with({"KAIGARA_CWD=/usr"}, {"--cwd", "/etc"}, {"cwd"}).output == "cwd /etc\n");
    Program stopped(
        {.words = exec_actor({"log-signals", "3"}), .environment = {"KAIGARA_STOP_SIGNAL=QUIT"}});
    stopped.wait_for("ready\n");
    stopped.send(SIGTERM);
    CHECK(stopped.wait() == "exit 0");
}

TEST_CASE("a switch in the environment is on with 1, true or yes, and off otherwise") {
    const std::vector<std::string> play = {"fork", "{", "log-signals", "15", "exit",
                                           "1",    "}", "log-signals", "15", "reap"};
    for (const std::string& on : Strings{"1", "true", "yes"}) {
        Program program(
            {.words = exec_actor(play), .environment = {std::string("KAIGARA_GROUP=") + on}});
        program.wait_for("ready\n");
        program.wait_for("ready\n");
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 0");
        CHECK(has(program.output(), "child exit 1\n"));
    }
    for (const std::string& off : Strings{"0", "false", "no", ""}) {
        Program program(
            {.words = exec_actor(play), .environment = {std::string("KAIGARA_GROUP=") + off}});
        program.wait_for("ready\n");
        program.wait_for("ready\n");
        program.send(SIGTERM);
        program.wait_for("signal 15\n");
        CHECK(program.stays(std::chrono::milliseconds(30)));
        CHECK(!has(program.output(), "child exit 1\n"));
    }
}

TEST_CASE("a bad value in the environment is named with its variable") {
    for (const std::string& variable : Strings{"KAIGARA_GROUP=perhaps", "KAIGARA_GRACE=soon",
                                               "KAIGARA_SUCCESS=256", "KAIGARA_LOG_FORMAT=xml"}) {
        CAPTURE(variable);
        const Outcome outcome = exec_with({variable}, {}, {"say", "started"});
        const bool is_refused = outcome.ending == "exit 64" || outcome.ending == "exit 78";
        CHECK_MESSAGE(is_refused, outcome.ending);
        CHECK(outcome.output == "");
        const std::string text = variable;
        CHECK_MESSAGE(has(outcome.errors, text.substr(0, text.find('='))), outcome.errors);
    }
}

TEST_CASE("exec reads no file and no variable but those of its options") {
    const ScratchDir scratch;
    scratch.write("provision/kaigara.yml", "not: [valid\n");
    scratch.write("provision/metadata.yml", "not: [valid\n");
    scratch.write("provision/operations/10-fail", "#!/bin/sh\nexit 1\n", 0755);
    const Outcome outcome =
        run({.words = exec_actor({"exit", "6"}),
             .environment = {"KAIGARA_METADATA=/no/such/file", "KAIGARA_CONFIG=/no/such/file",
                             "KAIGARA_META_x=1", "KAIGARA_OPERATIONS=/no/such/directory"},
             .binds = {{scratch / "provision", "/opt/provision"}}});
    CHECK(outcome.ending == "exit 6");
    CHECK(outcome.errors == "");
}

TEST_CASE("a path that was named and is absent is an error, a default one is not") {
    CHECK(run({.words = with_actor(command({"start", "--"}), {"exit", "2"})}).ending == "exit 2");
    for (const std::string& option :
         Strings{"--metadata", "--operations", "--config", "--resources"}) {
        const Outcome outcome =
            run({.words = with_actor(command({"start", option, "/no/such/path", "--"}),
                                     {"say", "started"})});
        CAPTURE(option);
        CHECK(outcome.ending == "exit 78");
        CHECK(outcome.output == "");
        CHECK_MESSAGE(has(outcome.errors, "/no/such/path"), outcome.errors);
    }
    CHECK(run({.words = with_actor(command({"start", "--"}), {"exit", "2"}),
               .environment = {"KAIGARA_METADATA=/no/such/path"}})
              .ending == "exit 78");
}

TEST_CASE("the configuration file names the application and its options") {
    const ScratchDir scratch;
    scratch.write("kaigara.yml", "application:\n"
                                 "  command: [" +
                                     actor_path() +
                                     ", exit, \"7\"]\n"
                                     "  success: [7]\n");
    const std::string config = scratch / "kaigara.yml";
    CHECK(run({.words = command({"start", "--config", config})}).ending == "exit 0");
    CHECK(run({.words = command({"start"}), .environment = {"KAIGARA_CONFIG=" + config}}).ending ==
          "exit 0");
    CHECK(run({.words = with_actor(command({"start", "--config", config, "-e", "8", "--"}),
                                   {"exit", "8"})})
              .ending == "exit 0");
}

TEST_CASE("an unknown key of the configuration file is named with the nearest one") {
    const ScratchDir scratch;
    const std::string config = scratch.write("kaigara.yml", "application:\n  comand: [true]\n");
    const Outcome outcome = run({.words = command({"start", "--config", config})});
    CHECK(outcome.ending == "exit 78");
    check_names(outcome.errors, "comand", "command");
    CHECK_MESSAGE(has(outcome.errors, config + ":2:"), outcome.errors);
}

}  // TEST_SUITE("contract")
