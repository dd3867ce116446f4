// SPDX-License-Identifier: Apache-2.0

// CONTRACT 8: where a secret is found, and where not. One value that exists nowhere else goes
// through everything that kaigara does, and is looked for in everything that kaigara leaves, says
// or lets others read. What each part does with secrets is tested with that part.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/proc.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

namespace fs = std::filesystem;

constexpr std::string_view canary = "K4narien-7f3a91c2-vogel";

// An empty text where it cannot be read.
std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The allocator of the address sanitizer does, for a while.
bool keeps_what_is_freed() { return has(content_of(kaigara_path()), "__asan_init"); }

std::string of_process(pid_t process, std::string_view name) {
    return content_of(fmt::format("/proc/{}/{}", process, name));
}

// How often the canary is in the memory of a process that may be written: the kernel's pages aside.
std::size_t canaries_in_memory(pid_t process) {
    std::ifstream maps(fmt::format("/proc/{}/maps", process));
    std::ifstream memory(fmt::format("/proc/{}/mem", process), std::ios::binary);
    REQUIRE(maps.is_open());
    REQUIRE(memory.is_open());
    std::size_t found = 0;
    for (std::string line; std::getline(maps, line);) {
        if (line.find(" rw") == std::string::npos) continue;
        std::size_t dash = 0;
        const auto begin = std::stoull(line, &dash, 16);
        const auto end = std::stoull(line.substr(dash + 1), nullptr, 16);
        std::string bytes(end - begin, '\0');
        memory.seekg(static_cast<std::streamoff>(begin));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        CHECK_MESSAGE(memory.good(), line);
        memory.clear();
        found += count(bytes, canary);
    }
    return found;
}

void check_clean(std::string_view what, const std::string& text) {
    CAPTURE(what);
    CHECK_MESSAGE(!has(text, canary), text);
}

// With a directory of secrets, as an engine mounts it, and everything that may speak of them.
class CanaryScene : public LedgerScene {
public:
    CanaryScene() {
        folder().write("secrets/password", std::string(canary) + "\n", 0600);
        resource("t.tmpl", "password = {{app.password}}\n");
        resource("broken.tmpl", "{{app.password:unbase64}} {{app.pasword}} {{#app.password.x}}\n");
        configure("", "true");
    }

    // Further keys of the application, and the check of the file `out`.
    void configure(std::string_view application, std::string_view check) const {
        config(fmt::format("metadata: [{{directory: secrets, at: app, secret: true}}]\n"
                           "templates:\n  - source: t\n    target: {}/out\n    check: {}\n{}",
                           folder().path(), check, application));
    }

    Strings options() const {
        return {"--socket",       folder() / "control.sock",
                "--metrics-file", folder() / "metrics",
                "--log-level",    "debug",
                "--log-format",   "json",
                "--restart",      "on-failure",
                "--pre-stop",     "env; exit 3",
                "--stop-timeout", "5s"};
    }

    // kaigara start with all that tells something, and an application that waits.
    Strings start_words() const {
        Strings words = ledger_words("start", options());
        words.emplace_back("--");
        return with_actor(std::move(words), {"environment", "descriptors", "say", "up", "pause"});
    }

    // Each command's words, whatever its status is.
    void check_says_nothing(std::string_view name, Strings more = {}) const {
        const Outcome outcome = run({.words = ledger_words(name, std::move(more))});
        CAPTURE(name);
        CHECK(!outcome.ending.starts_with("signal"));
        check_clean("stdout", outcome.output);
        check_clean("stderr", outcome.errors);
    }

    // Every file below the folder but those that are for it.
    void check_files() const {
        for (const auto& entry : fs::recursive_directory_iterator(folder().path())) {
            if (!entry.is_regular_file()) continue;
            const fs::path& path = entry.path();
            if (path == folder() / "secrets/password" || path == folder() / "out") continue;
            check_clean(path.string(), content_of(path));
        }
    }
};

void check_processes(pid_t kaigara) {
    const auto children = children_of(kaigara);
    REQUIRE(children.size() == 1);
    for (const pid_t process : {kaigara, children.front()}) {
        CAPTURE(process);
        CHECK(!of_process(process, "environ").empty());
        check_clean("environment", of_process(process, "environ"));
        CHECK(!of_process(process, "cmdline").empty());
        check_clean("arguments", of_process(process, "cmdline"));
        for (const auto& [number, leads_to] : descriptors_of(process)) {
            CAPTURE(number);
            CHECK_MESSAGE(!has(leads_to, "memfd"), leads_to);
        }
    }
    if (!keeps_what_is_freed()) CHECK(canaries_in_memory(kaigara) == 0);
}

// Words of a process that has no right over others: a plain user, or root with the capabilities
// that engines leave him, CAP_SYS_PTRACE not being among them (nor, since they read memory from
// Linux 6.13 on, CAP_PERFMON and CAP_SYS_ADMIN).
Strings powerless(const Strings& words) {
    if (mode() == Mode::user) return words;
    constexpr const char* left = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,"
                                 "+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,"
                                 "+audit_write,+setfcap";
    Strings all = {"/usr/bin/setpriv", "--bounding-set", left, "--inh-caps", "-all"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

// Says of a process which of its files in /proc can be read.
std::string look_at(std::string_view process) {
    return fmt::format("for name in environ maps fd/0; do cat /proc/{}/$name >/dev/null "
                       "2>&1 </dev/null && echo $name can be read; done; true",
                       process);
}

Outcome powerless_outcome(const Strings& words) { return run({.words = powerless(words)}); }

constexpr const char* all_readable = "environ can be read\nmaps can be read\nfd/0 can be read\n";

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a secret is in the file that wants it, and nowhere else") {
    const CanaryScene scene;
    scene.annotated("10-look", "run=on-change inputs=app.password",
                    "\"$kaigara\" get app.password | grep -c vogel; \"$kaigara\" metadata");
    scene.check_says_nothing("plan");
    scene.check_says_nothing("plan", {"--json"});
    Program program({.words = scene.start_words()});
    program.wait_for("up\n");
    check_processes(program.pid());
    for (const Strings& words : {Strings{"status", "--json"}, Strings{"status"}}) {
        Strings all = command(words);
        all.insert(all.end(), {"--socket", scene.folder() / "control.sock"});
        const Outcome outcome = run({.words = all});
        CHECK_MESSAGE(has(outcome.output, "running"), outcome.errors);
        check_clean("status", (outcome.output + outcome.errors));
    }
    program.send(15);
    CHECK(program.wait() == "exit 143");
    CHECK_MESSAGE(has(program.output() + program.errors(), "[10-look] 1\n"), program.errors());
    check_clean("stdout", program.output());
    check_clean("stderr", program.errors());
    CHECK(scene.events() == Strings{"started 10-look", "done 10-look"});
    CHECK(has(scene.folder().read("metrics"), "kaigara_"));
    scene.check_files();
    CHECK(scene.folder().read("out") == fmt::format("password = {}\n", canary));
    CHECK(scene.folder().mode("out") == 0600);
}

TEST_CASE("no command that may speak of a secret shows it") {
    const CanaryScene scene;
    scene.annotated("10-once", "run=once");
    scene.provisions({"10-once"});
    scene.resource("t.tmpl", "password = {{app.password}} {{app.password:sha256}} changed\n");
    for (const char* const format : {"text", "json"}) {
        const Strings loud = {"--log-level", "debug", "--log-format", format};
        const auto with = [&loud](Strings more) {
            more.insert(more.end(), loud.begin(), loud.end());
            return more;
        };
        for (const char* const name : {"plan", "check", "metadata", "provision"})
            scene.check_says_nothing(name, with({}));
        scene.check_says_nothing("plan", with({"--json"}));
        scene.check_says_nothing("metadata", with({"--origin"}));
        for (const char* const how : {"json", "env"})
            scene.check_says_nothing("metadata", with({"--format", how}));
        // The path is beside the value; what is wrong with either is said without the value.
        scene.check_says_nothing("metadata", with({"--set", "app.password.below=1"}));
        scene.check_says_nothing("get", with({"app.pasword"}));
        scene.check_says_nothing("render", with({"broken"}));
    }
    for (const Strings& words : {Strings{"list"}, {"history"}, {"verify"}, {"list", "--json"}})
        check_clean("ledger", scene.ledger_command(words).output);
    scene.check_files();
}

TEST_CASE("what fails over a secret fails without showing it, and leaves nothing") {
    const CanaryScene scene;
    scene.configure("", "cat {{target}} >&2; false");
    const Strings loud = {"--log-level", "debug"};
    const Outcome checked = run({.words = scene.ledger_words("provision", loud)});
    CHECK(checked.ending == "exit 65");
    CHECK_MESSAGE(has(checked.errors, "***"), checked.errors);
    check_clean("a check that fails", checked.output + checked.errors);
    scene.configure("application: {export: {'SECRET': app.password.none}}\n", "true");
    const Outcome exported = run({.words = scene.ledger_words("start", {"--", "/bin/true"})});
    CHECK(exported.ending == "exit 65");
    check_clean("an export that fails", exported.output + exported.errors);
    scene.configure("", "true");
    scene.folder().write("secrets/password.x", std::string(canary));
    scene.folder().write("secrets/password.x.y", std::string("\xff") + std::string(canary));
    const Outcome invalid = run({.words = scene.ledger_words("provision", loud)});
    CHECK_MESSAGE(invalid.ending == "exit 65", invalid.errors);
    check_clean("a value that is no text", invalid.output + invalid.errors);
    fs::remove_all(scene.folder() / "secrets");
    scene.folder().write("secrets/password", std::string(canary));
    scene.annotated("10-fails", "run=once", "exit 3");
    const Outcome failed = run({.words = scene.ledger_words("provision", loud)});
    CHECK_MESSAGE(failed.ending == "exit 80", failed.errors);
    check_clean("an operation that fails", failed.output + failed.errors);
    scene.check_files();
}

TEST_CASE("an exported secret is in the application's environment, and not in kaigara's") {
    const CanaryScene scene;
    scene.configure("application: {export: {PASSWORD: app.password}}\n", "true");
    Program program(
        {.words = with_actor(scene.ledger_words("start", {"--"}), {"say", "up", "pause"})});
    program.wait_for("up\n");
    const auto children = children_of(program.pid());
    REQUIRE(children.size() == 1);
    CHECK(has(of_process(children.front(), "environ"), fmt::format("PASSWORD={}", canary)));
    check_clean("kaigara's environment", of_process(program.pid(), "environ"));
    program.send(15);
    program.wait();
    check_clean("stderr", program.errors());
}

TEST_CASE("while kaigara holds secrets no process of its user can look into it") {
    const ProvisionScene scene;
    scene.operation("10-look", look_at("$PPID"));
    const Outcome outcome = powerless_outcome(scene.words("provision"));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK_MESSAGE(operation_lines(outcome).empty(), (outcome.output + outcome.errors));
}

TEST_CASE("root with the right to trace can look into kaigara whenever he wants") {
    if (mode() == Mode::user) return;
    const ProvisionScene scene;
    scene.operation("10-look", look_at("$PPID"));
    const Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(operation_lines(outcome).size() == 3);
}

TEST_CASE("operations and the application can be looked into as ever") {
    const ProvisionScene scene;
    scene.operation("10-look", look_at("$$"));
    Strings words = scene.words("start", {"--", "/bin/sh", "-c", look_at("$$")});
    const Outcome outcome = powerless_outcome(words);
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(operation_lines(outcome).size() == 3);
    CHECK(outcome.output.ends_with(all_readable));
}

TEST_CASE("the application may write to the container's log through PID 1, as under any init") {
    const ProvisionScene scene;
    const Strings application = {"--", "/bin/sh", "-c", "echo logged >/proc/1/fd/1"};
    for (const char* const name : {"start", "exec"}) {
        CAPTURE(name);
        Strings words = name == std::string_view("exec") ? command({"exec"}) : scene.words("start");
        words.insert(words.end(), application.begin(), application.end());
        const Outcome outcome = powerless_outcome(words);
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        CHECK(outcome.output == "logged\n");
    }
}

TEST_CASE("the watcher, which holds secrets for good, cannot be looked into for good") {
    const ProvisionScene scene;
    scene.config("metadata: [{file: metadata.yml}]\n");
    const std::string find = "until p=$(grep -lz '^watch$' /proc/[0-9]*/cmdline); do :; done; "
                             "p=${p#/proc/}; p=${p%/cmdline}; echo found; "
                             // It has just begun, and has read nothing yet.
                             "while cat /proc/$p/environ >/dev/null 2>&1; do :; done; ";
    const Strings words =
        scene.words("start", {"--watch", "--log-level", "warn", "--", "/bin/sh", "-c",
                              find + look_at("$p") + "; test -d /proc/$p && echo lives"});
    const Outcome outcome = powerless_outcome(words);
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(outcome.output == "found\nlives\n");
}

TEST_CASE("a check reads what is written in place, without any privilege") {
    const ProvisionScene scene;
    scene.resource("t", "content\n");
    scene.config("templates: [{source: t, target: /dev/stdout, "
                 "check: 'exec 3</dev/null; grep -q content {{target}}'}]\n");
    const Outcome outcome = powerless_outcome(scene.words("provision"));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(outcome.output == "content\n");
}

}  // TEST_SUITE("contract")
