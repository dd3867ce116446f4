// SPDX-License-Identifier: Apache-2.0

// kaigara.yml: each of its keys does what the option does, and what is wrong in it is told in one
// go, with line, column and the nearest key.

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/expect.h"
#include "support/proc.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// The configuration file's errors, for all commands that read it; returns the messages.
std::string refused(const ProvisionScene& scene, const std::string& yaml) {
    scene.config(yaml);
    const Outcome outcome = run({.words = scene.start()});
    check_refused(outcome, "exit 78", {scene.folder() / "kaigara.yml"});
    return outcome.errors;
}

void check_has(const std::string& errors, const Strings& texts) {
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK_MESSAGE(has(errors, text), errors);
    }
}

// start under that file; the words of the actor are the program.
Outcome start(const std::string& yaml, const Strings& play, const Strings& environment = {},
              const Strings& options = {}) {
    const ProvisionScene scene;
    scene.config(yaml);
    return run({.words = scene.start(options, play), .environment = environment});
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("all errors of kaigara.yml are told in one go, with their places and nearest keys") {
    const ProvisionScene scene;
    const std::string errors = refused(scene, "aplication: {}\n"               // 1
                                              "application:\n"                 // 2
                                              "  comand: [true]\n"             // 3
                                              "  stop-signal: TREM\n"          // 4
                                              "  success: [0, 300]\n"          // 5
                                              "  umask: 9\n"                   // 6
                                              "log: {level: loud}\n"           // 7
                                              "metadata:\n"                    // 8
                                              "  - fiel: x.yml\n"              // 9
                                              "  - {file: x.yml, at: }\n"      // 10
                                              "templates:\n"                   // 11
                                              "  - {source: a, traget: /b}\n"  // 12
                                              "set: {a: 1}\n");                // 13
    check_has(errors,
              {"kaigara.yml:1:1", "'application'", "kaigara.yml:3:3", "'application.command'",
               "kaigara.yml:4:", "TREM", "TERM", "kaigara.yml:5:", "300",
               "kaigara.yml:6:", "kaigara.yml:7:", "loud", "kaigara.yml:9:", "'file'",
               "kaigara.yml:10:", "kaigara.yml:12:", "'target'", "kaigara.yml:13:"});
}

TEST_CASE("a source has exactly one kind, and keys that fit") {
    const ProvisionScene scene;
    check_has(refused(scene, "metadata:\n  - {file: a.yml, directory: b}\n"), {":2:"});
    check_has(refused(scene, "metadata:\n  - {at: a}\n"), {":2:"});
    check_has(refused(scene, "metadata:\n  - a.yml\n"), {":2:"});
    check_has(refused(scene, "metadata:\n  - {file: a.yml, optional: perhaps}\n"),
              {":2:", "'optional'"});
    check_has(refused(scene, "metadata:\n  - {command: x, timeout: soon}\n"), {":2:", "soon"});
    check_has(refused(scene, "metadata:\n  - {command: x, retries: many}\n"), {":2:", "'retries'"});
    check_has(refused(scene, "metadata:\n  - {command: []}\n"), {":2:"});
    check_has(refused(scene, "metadata:\n  - {file: a.yml, at: a..b}\n"), {":2:", "a..b"});
    check_has(refused(scene, "metadata: {file: a.yml}\n"), {":1:"});
}

TEST_CASE("an entry of templates needs source and target, and a target is absolute") {
    const ProvisionScene scene;
    check_has(refused(scene, "templates:\n  - {source: a}\n  - {target: /b}\n"),
              {":2:", "target", ":3:", "source"});
    check_has(refused(scene, "templates:\n  - {source: a, target: b/c}\n"), {":2:25:", "absolute"});
    check_has(refused(scene, "templates:\n  - {source: a, target: /b, mode: 0888}\n"),
              {":2:35:", "octal"});
    check_has(refused(scene, "templates:\n  - {source: a, target: /b, check: [x]}\n"), {":2:"});
}

TEST_CASE("what is no YAML map, or has a key twice, is bad configuration") {
    const ProvisionScene scene;
    check_has(refused(scene, "application: [\n"), {"kaigara.yml:"});
    check_has(refused(scene, "- list\n"), {"kaigara.yml:1:1"});
    check_has(refused(scene, "log: {}\nlog: {}\n"), {"kaigara.yml:2:1"});
    check_has(refused(scene, "log: {level: \"\xff\"}\n"), {"kaigara.yml:1:"});
    check_has(refused(scene, std::string("log:\0 {}\n", 9)), {"kaigara.yml:1:"});
    check_has(refused(scene, "a: 1\n---\nb: 1\n"), {"kaigara.yml:2:"});
}

TEST_CASE("an empty kaigara.yml, or one whose parts are empty, is fine") {
    for (const std::string& yaml :
         Strings{"", "# nothing\n", "application:\nlog:\npaths:\nmetadata:\ntemplates:\n"}) {
        CAPTURE(yaml);
        CHECK(start(yaml, {"exit", "4"}).ending == "exit 4");
    }
}

TEST_CASE("paths of kaigara.yml start from its own directory") {
    const ScratchDir scratch;
    scratch.write("conf/data/base.yml", "a: base\nb: base\n");
    scratch.write("conf/more.yml", "b: more\n");
    scratch.write("conf/keys/c", "key\n");
    scratch.write("conf/res/t.tmpl", "{{a}} {{b}} {{c}}\n");
    scratch.write("conf/ops/10-say", "#!/bin/sh\necho ran\n", 0755);
    scratch.write("conf/kaigara.yml", "paths: {metadata: data/base.yml, resources: res, "
                                      "operations: ops}\n"
                                      "metadata: [{file: more.yml}, {directory: keys}]\n"
                                      "templates: [{source: t, target: " +
                                          (scratch / "out") + "}]\n");
    for (const std::string& where : {scratch.path(), std::string("/")}) {
        const std::string config = where == "/" ? scratch / "conf/kaigara.yml" : "conf/kaigara.yml";
        CAPTURE(config);
        const Outcome outcome =
            run({.words = with_actor(command({"start", "--config", config, "--"}), {"exit", "3"}),
                 .directory = where});
        CHECK_MESSAGE(outcome.ending == "exit 3", outcome.errors);
        CHECK(operation_lines(outcome) == Strings{"[10-say] ran"});
        CHECK(scratch.read("out") == "base more key\n");
    }
}

TEST_CASE("the default kaigara.yml is read, and what it names lies beside it") {
    const ScratchDir scratch;
    scratch.write("provision/kaigara.yml", "metadata: [{file: more.yml}]\n");
    scratch.write("provision/metadata.yml", "a: 1\n");
    scratch.write("provision/more.yml", "b: 2\n");
    const Outcome outcome = run({.words = command({"metadata", "--format=json"}),
                                 .binds = {{scratch / "provision", "/opt/provision"}}});
    CHECK(nlohmann::json::parse(quiet_success(outcome), nullptr, false) ==
          nlohmann::json({{"a", 1}, {"b", 2}}));
}

TEST_CASE("option beats environment beats kaigara.yml beats default") {
    const std::string yaml = "application: {success: [3]}\noperation-output: raw\n";
    CHECK(start("{}\n", {"exit", "3"}).ending == "exit 3");
    CHECK(start(yaml, {"exit", "3"}).ending == "exit 0");
    CHECK(start(yaml, {"exit", "3"}, {"KAIGARA_SUCCESS=4"}).ending == "exit 3");
    CHECK(start(yaml, {"exit", "4"}, {"KAIGARA_SUCCESS=4"}).ending == "exit 0");
    CHECK(start(yaml, {"exit", "4"}, {"KAIGARA_SUCCESS=4"}, {"-e", "5"}).ending == "exit 4");
    CHECK(start(yaml, {"exit", "5"}, {"KAIGARA_SUCCESS=4"}, {"-e", "5"}).ending == "exit 0");
}

TEST_CASE("application.command is words, or a text for the shell, and a program beats it") {
    const ProvisionScene scene;
    const auto run_with = [&](const std::string& yaml, const Strings& more) {
        scene.config(yaml);
        Strings all = scene.words("start");
        all.insert(all.end(), more.begin(), more.end());
        return run({.words = all});
    };
    CHECK(
        run_with(fmt::format("application: {{command: ['{}', arguments, a b, 7]}}\n", actor_path()),
                 {})
            .output == "[a b]\n[7]\n");
    CHECK(run_with("application: {command: \"echo a | tr a b; exit 4\"}\n", {}).ending == "exit 4");
    CHECK(run_with("application: {command: \"echo a | tr a b\"}\n", {}).output == "b\n");
    CHECK(run_with("application: {command: [false]}\n", {"--", actor_path(), "exit", "9"}).ending ==
          "exit 9");
    CHECK(run_with("log: {}\n", {}).ending == "exit 64");
}

TEST_CASE("cwd, umask and user of the application") {
    CHECK(start("application: {cwd: /usr}\n", {"cwd"}).output == "application\ncwd /usr\n");
    CHECK(has(start("application: {umask: 027}\n", {"umask"}).output, "27\n"));
    if (mode() != Mode::root) return;
    CHECK(has(start("application: {user: \"4711:4712\"}\n", {"ids"}).output,
              "uid 4711 4711 4711 gid 4712 4712 4712"));
}

TEST_CASE("rewrite and stop-signal of the application") {
    for (const std::string& yaml : Strings{"application: {rewrite: [\"HUP:USR1\"]}\n",
                                           "application: {rewrite: HUP:USR1}\n"}) {
        const ProvisionScene scene;
        scene.config(yaml);
        Program program({.words = scene.start({}, {"log-signals", "10", "exit", "6"})});
        program.wait_for("ready\n");
        program.send(SIGHUP);
        CHECK(program.wait() == "exit 6");
    }
    const ProvisionScene scene;
    scene.config("application: {stop-signal: USR2}\n");
    Program program({.words = scene.start({}, {"log-signals", "12", "exit", "6"})});
    program.wait_for("ready\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 6");
}

TEST_CASE("group, stop-timeout and grace of the application") {
    const ProvisionScene group;
    group.config("application: {group: true}\n");
    Program both({.words = group.start({}, {"fork", "{", "log-signals", "10", "say", "inner", "}",
                                            "log-signals", "10", "reap", "exit", "6"})});
    both.eventually("both ready", [&] { return count(both.output(), "ready\n") == 2; });
    both.send(SIGUSR1);
    CHECK(both.wait() == "exit 6");
    CHECK(has(both.output(), "inner\n"));

    const ProvisionScene timeout;
    timeout.config("application: {stop-timeout: 50ms}\n");
    Program stubborn({.words = timeout.start({}, {"log-signals", "64"})});
    stubborn.wait_for("ready\n");
    stubborn.send(SIGTERM);
    CHECK(stubborn.wait() == "exit 137");

    const ProvisionScene grace;
    grace.config("application: {grace: 5s}\n");
    const Outcome outcome =
        run({.words = grace.start({}, {"daemon", "{", "log-signals", "15", "say", "told", "}",
                                       "linger", "100", "exit", "0"})});
    CHECK_MESSAGE(has(outcome.output, "told\n"), outcome.output);
}

TEST_CASE("subreaper and parent-death of the application") {
    for (const std::string& wanted : Strings{"true", "false"}) {
        const ProvisionScene scene;
        scene.config("application: {subreaper: " + wanted + "}\n");
        Program program(
            {.words = scene.start({}, {"daemon", "{", "parent", "}", "log-signals", "15"}),
             .place = Place::later});
        program.wait_for("ready\n");
        program.eventually("the orphan", [&] { return has(program.output(), "parent "); });
        program.send(SIGTERM);
        program.wait();
        CHECK(has(program.output(), wanted == "true" ? "parent 2\n" : "parent 1\n"));
    }
    const ProvisionScene bad;
    bad.config("application: {parent-death: XCP}\n");
    check_refused(run({.words = bad.start()}), "exit 78", {"XCP", "kaigara.yml:1:"});
}

TEST_CASE("log, operation-output, set and resolve-timeout") {
    const Outcome quiet = start("log: {level: error}\n", {});
    CHECK(quiet.errors == "");
    const ProvisionScene debug;
    debug.operation("README", "");
    debug.config("log: {level: debug, format: json}\n");
    const Outcome loud = run({.words = debug.start()});
    CHECK(loud.ending == "exit 0");
    for (const std::string& line : lines_of(loud.errors)) {
        CHECK_MESSAGE(nlohmann::json::parse(line, nullptr, false).is_object(), line);
    }
    CHECK(has(loud.errors, "\"debug\""));

    const ProvisionScene scene;
    scene.operation("10-say", "echo ran");
    scene.config("operation-output: raw\nset: [\"a.b=x=y\", c=1]\nlog: {level: error}\n");
    CHECK(run({.words = scene.start()}).output == "ran\napplication\n");
    CHECK(scene.outcome("get", {"a.b"}).output == "x=y\n");
    CHECK(scene.outcome("get", {"c"}).output == "1\n");

    scene.config("resolve-timeout: 50ms\nmetadata: [{command: [sleep, 1000]}]\n");
    check_refused(scene.outcome("provision"), "exit 69", {"sleep"});
}

TEST_CASE("kaigara.yml that is a directory, a loop or closed to us is told with its path") {
    const ProvisionScene scene;
    const std::string config = scene.folder() / "kaigara.yml";
    scene.folder().make_dir("kaigara.yml");
    check_refused(run({.words = scene.start()}), "exit 78", {config});
    if (mode() != Mode::user) return;
    const ProvisionScene closed;
    closed.folder().write("kaigara.yml", "log: {}\n", 0000);
    check_refused(run({.words = closed.start()}), "exit 78",
                  {closed.folder() / "kaigara.yml", "ermission denied"});
}

}  // TEST_SUITE("contract")
