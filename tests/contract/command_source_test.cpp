// SPDX-License-Identifier: Apache-2.0

// CONTRACT 3, a command as a source: a child of PID 1 like any other, which may fail, hang, and be
// in the way of a stop. The same of the `check` of a file.

#include <algorithm>
#include <chrono>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/proc.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// kaigara.yml with one command, in the flow form that needs no quotes around it.
void source(const ProvisionScene& scene, const std::string& words, std::string_view more = "") {
    scene.config(fmt::format("metadata:\n  - command: [{}]\n{}", words, more));
}

void shell_source(const ProvisionScene& scene, const std::string& script,
                  std::string_view more = "") {
    scene.folder().write("source.sh", script + "\n");
    source(scene, fmt::format("/bin/sh, '{}'", scene.folder() / "source.sh"), more);
}

std::string actor_words(const std::string& words) {
    return fmt::format("exec '{}' {}\n", actor_path(), words);
}

void wait_for_file(Program& program, const ProvisionScene& scene, std::string_view name) {
    program.eventually(name, [&] { return scene.folder().exists(name); });
}

// All processes below this one.
std::vector<pid_t> descendants_of(pid_t process) {
    std::vector<pid_t> all;
    for (const pid_t child : children_of(process)) {
        all.push_back(child);
        for (const pid_t below : descendants_of(child)) all.push_back(below);
    }
    return all;
}

bool has_gone(pid_t process) { return state_of(process) == ' '; }

// The command of the scene makes the file `up` and then hangs with a child of its own; the signal
// ends kaigara at once, and both are gone with it although PID 1 lives on.
void check_stop(const ProvisionScene& scene, const std::vector<std::string>& words, int signal) {
    CAPTURE(signal);
    Program program({.words = words, .place = Place::later});
    wait_for_file(program, scene, "up");
    std::vector<pid_t> children;
    program.eventually("two processes", [&] {
        children = descendants_of(program.pid());
        return children.size() >= 2;
    });
    const auto begin = Clock::now();
    program.send(signal);
    CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
    CHECK(Clock::now() - begin < 3s);
    CHECK(!has(program.output(), "application"));
    program.eventually("all processes to go",
                       [&] { return std::all_of(children.begin(), children.end(), has_gone); });
}

std::string hanging(const ProvisionScene& scene) {
    return fmt::format("exec '{}' fork {{ pause }} touch '{}' pause", actor_path(),
                       scene.folder() / "up");
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a command's stdout is YAML or JSON, and nothing else of it is metadata") {
    const ProvisionScene scene;
    shell_source(scene, "echo noise >&2; echo 'a: 1.10'");
    CHECK(scene.outcome("get", {"a"}).output == "1.10\n");
    shell_source(scene, "printf '{\"a\": [1, 2]}'");
    CHECK(scene.outcome("get", {"a.1"}).output == "2\n");
    shell_source(scene, "true");
    CHECK(quiet_success(scene.outcome("metadata", {"--format=json"})) == "{}\n");
}

TEST_CASE("a command has an empty stdin, a session of its own and no descriptor of kaigara's") {
    const ProvisionScene scene;
    shell_source(scene, fmt::format("'{}' place descriptors read-all >'{}'; echo 'a: 1'",
                                    actor_path(), scene.folder() / "seen"));
    const Outcome outcome =
        run({.words = scene.words("get", {"a"}), .input = Input::pipe, .descriptors = {5, 251}});
    CHECK(quiet_success(outcome) == "1\n");
    const Strings seen = lines_of(scene.folder().read("seen"));
    REQUIRE(seen.size() >= 2);
    CHECK_MESSAGE(has(seen[0], "session 2"), seen[0]);
    CHECK(seen[1] == "descriptors: 0 1 2");
}

TEST_CASE("a command that fails is 69, and its stderr is shown") {
    const ProvisionScene scene;
    shell_source(scene, "echo 'key not found' >&2; exit 3");
    for (const std::string& command : Strings{"get", "provision", "plan"}) {
        CAPTURE(command);
        const Strings path = command == "get" ? Strings{"a"} : Strings{};
        check_refused(scene.outcome(command, path), "exit 69", {"source.sh", "key not found", "3"});
    }
    const Outcome start = run({.words = scene.start()});
    check_refused(start, "exit 69", {"key not found"});
}

TEST_CASE("a command that a signal ends, or that does not exist, is 69") {
    const ProvisionScene scene;
    shell_source(scene, "kill -9 $$");
    check_refused(scene.outcome("get", {"a"}), "exit 69", {"source.sh", "9"});
    source(scene, "/no/such/sops, -d");
    check_refused(scene.outcome("get", {"a"}), "exit 69", {"/no/such/sops"});
}

TEST_CASE("what is no YAML in a command's output is 65, with its line") {
    const ProvisionScene scene;
    shell_source(scene, "printf 'a: 1\\na: 2\\n'");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {"source.sh", "2:1"});
}

TEST_CASE("an optional command that fails is a warning") {
    const ProvisionScene scene;
    scene.metadata("a: default\n");
    shell_source(scene, "echo 'a: half'; echo 'token expired' >&2; exit 1", "    optional: true\n");
    const Outcome outcome = scene.outcome("get", {"a"});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.output == "default\n");
    check_message(outcome, "warn", {"source.sh"});
    CHECK_MESSAGE(has(outcome.errors, "token expired"), outcome.errors);
}

TEST_CASE("timeout ends a command with all that it started, and that is 69") {
    const ProvisionScene scene;
    shell_source(scene, hanging(scene), "    timeout: 100ms\n");
    const auto begin = Clock::now();
    check_refused(scene.outcome("get", {"a"}), "exit 69", {"source.sh", "100"});
    CHECK(Clock::now() - begin < 5s);
    CHECK(scene.folder().exists("up"));
}

TEST_CASE("--resolve-timeout bounds what has no timeout of its own") {
    const ProvisionScene scene;
    shell_source(scene, hanging(scene));
    check_refused(scene.outcome("get", {"a", "--resolve-timeout", "100ms"}), "exit 69",
                  {"source.sh"});
    check_refused(scene.outcome("provision", {}, {"KAIGARA_RESOLVE_TIMEOUT=100ms"}), "exit 69",
                  {"source.sh"});
}

TEST_CASE("retries asks again after a failure, and no further than it says") {
    const ProvisionScene scene;
    const std::string script = fmt::format(
        "echo x >>'{0}'; [ $(wc -l <'{0}') -gt 1 ] && echo 'a: 1'", scene.folder() / "tries");
    shell_source(scene, script);
    check_refused(scene.outcome("get", {"a"}), "exit 69", {"source.sh"});
    CHECK(scene.folder().read("tries") == "x\n");

    scene.folder().write("tries", "");
    shell_source(scene, script, "    retries: 1\n");
    CHECK(scene.outcome("get", {"a"}).output == "1\n");
    CHECK(scene.folder().read("tries") == "x\nx\n");
}

TEST_CASE("a stop while kaigara waits to ask again ends it at once") {
    const ProvisionScene scene;
    shell_source(scene, "exit 1", "    retries: 1000\n");
    Program program({.words = scene.start()});
    program.wait_for_error("source.sh");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
}

TEST_CASE("an optional command that takes too long is a warning") {
    const ProvisionScene scene;
    shell_source(scene, "exec sleep 1000", "    timeout: 50ms\n    optional: true\n");
    const Outcome outcome = scene.outcome("get", {"a", "--default", "d"});
    CHECK(outcome.ending == "exit 0");
    CHECK(outcome.output == "d\n");
    check_message(outcome, "warn", {"source.sh"});
}

TEST_CASE("a command is asked once, however often operations ask for its values") {
    const ProvisionScene scene;
    shell_source(scene, fmt::format("echo x >>'{}'; echo 'a: 1'", scene.folder() / "tries"));
    scene.resource("t.tmpl", "{{a}}\n");
    scene.root("out.tmpl", "{{a}}\n");
    scene.operation("10-ask", "\"$kaigara\" get a; \"$kaigara\" render t");
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 0");
    CHECK(operation_lines(outcome) == Strings{"[10-ask] 1", "[10-ask] 1"});
    CHECK(scene.folder().read("tries") == "x\n");
}

TEST_CASE("nothing of a command is left when the application runs") {
    const ProvisionScene scene;
    shell_source(scene, "echo 'a: 1'; sleep 1000 & exit 0");
    Program program({.words = scene.start({}, {"log-signals", "15"})});
    program.wait_for("ready\n");
    program.eventually("the application to be alone",
                       [&] { return descendants_of(program.pid()).size() == 1; });
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("TERM, INT and QUIT while a command runs end kaigara at once, and the command") {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        const ProvisionScene scene;
        shell_source(scene, hanging(scene));
        check_stop(scene, scene.start(), signal);
    }
    for (const std::string& command : Strings{"provision", "metadata", "plan"}) {
        CAPTURE(command);
        const ProvisionScene scene;
        shell_source(scene, hanging(scene));
        check_stop(scene, scene.words(command), SIGINT);
    }
}

TEST_CASE("a stop as PID 1 while a command runs is 128+n too") {
    const ProvisionScene scene;
    shell_source(scene, hanging(scene));
    Program program({.words = scene.start()});
    wait_for_file(program, scene, "up");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    CHECK(!has(program.output(), "application"));
}

TEST_CASE("a command that ignores TERM does not keep a stop waiting") {
    const ProvisionScene scene;
    shell_source(scene, actor_words(fmt::format("ignore 15 ignore 2 touch '{}' pause",
                                                scene.folder() / "up")));
    Program program({.words = scene.start()});
    wait_for_file(program, scene, "up");
    const auto begin = Clock::now();
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    CHECK(Clock::now() - begin < 3s);
}

TEST_CASE("other signals while a command runs end nothing and do not reach it") {
    const ProvisionScene scene;
    shell_source(scene, fmt::format("'{}' touch '{}' log-signals 64 >'{}' &\n"
                                    "'{}' await '{}'; kill -9 $!; echo 'a: 1'",
                                    actor_path(), scene.folder() / "up", scene.folder() / "log",
                                    actor_path(), scene.folder() / "go"));
    Program program({.words = scene.start()});
    wait_for_file(program, scene, "up");
    program.eventually("ready", [&] { return has(scene.folder().read("log"), "ready\n"); });
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM, 40}) {
        program.send(signal);
    }
    scene.folder().write("go", "");
    CHECK(program.wait() == "exit 0");
    CHECK(has(program.output(), "application\n"));
    CHECK(scene.folder().read("log") == "ready\n");
}

TEST_CASE("a stop while a check runs ends kaigara at once, and the old file stays") {
    for (const int signal : {SIGTERM, SIGINT}) {
        const ProvisionScene scene;
        scene.resource("t.tmpl", "new\n");
        scene.folder().write("etc/target", "old\n");
        scene.config(fmt::format("templates:\n  - source: t\n    target: {0}/etc/target\n"
                                 "    check: |\n      {1}\n",
                                 scene.folder().path(), hanging(scene)));
        check_stop(scene, scene.start(), signal);
        CHECK(scene.folder().read("etc/target") == "old\n");
        CHECK(names_in(scene.folder() / "etc") == Strings{"target"});
    }
}

}  // TEST_SUITE("contract")
