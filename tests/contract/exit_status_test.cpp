// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6 and 7: kaigara's exit status is the application's; 126 and 127 when there is none.

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <elf.h>
#include <fmt/format.h>

#include "support/scenes.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

Outcome exec_program(const std::string& program) {
    return run({.words = command({"exec", program})});
}

// By default a signal ends a process, but for these and for the stop signals.
bool ends_a_process(int signal) {
    for (const int other :
         {SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU}) {
        if (signal == other) return false;
    }
    return true;
}

// A file that says it is an executable of a machine that nobody has: the right header, no content.
std::string foreign_binary() {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_M32;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the exit status is the application's, all 256 of them") {
    for (int code = 0; code < 256; ++code) {
        const std::string number = std::to_string(code);
        CHECK(run({.words = exec_actor({"exit", number})}).ending == "exit " + number);
    }
}

TEST_CASE("an application that a signal ended leaves 128 and the signal's number") {
    for (int signal = 1; signal <= 64; ++signal) {
        if (!ends_a_process(signal)) continue;
        const Outcome outcome = run({.words = exec_actor({"raise", std::to_string(signal)})});
        CHECK(outcome.ending == fmt::format("exit {}", 128 + signal));
    }
}

TEST_CASE("the exit status is the application's when kaigara is not PID 1") {
    CHECK(run({.words = exec_actor({"exit", "7"}), .place = Place::later}).ending == "exit 7");
    CHECK(run({.words = exec_actor({"raise", "9"}), .place = Place::later}).ending == "exit 137");
}

TEST_CASE("a status that is named a success becomes 0, and no other") {
    CHECK(run({.words = exec_actor({"exit", "3"}, {"-e", "3"})}).ending == "exit 0");
    CHECK(run({.words = exec_actor({"exit", "3"}, {"--success", "3"})}).ending == "exit 0");
    CHECK(run({.words = exec_actor({"exit", "3"}, {"--success=3"})}).ending == "exit 0");
    CHECK(run({.words = exec_actor({"exit", "5"}, {"-e", "3", "-e", "5"})}).ending == "exit 0");
    CHECK(run({.words = exec_actor({"exit", "4"}, {"-e", "3", "-e", "5"})}).ending == "exit 4");
    CHECK(run({.words = exec_actor({"raise", "15"}, {"-e", "143"})}).ending == "exit 0");
}

TEST_CASE("a program that is not there is 127, and the message names it") {
    for (const std::string& program :
         Strings{"/no/such/program", "no-such-program-in-path", "./no-such-program"}) {
        const Outcome outcome = exec_program(program);
        CHECK(outcome.ending == "exit 127");
        CHECK_MESSAGE(has(outcome.errors, program), outcome.errors);
    }
    CHECK(exec_program("").ending == "exit 127");
}

TEST_CASE("a program that may not be executed is 126, and the message names it") {
    const ScratchDir scratch;
    const std::string plain = scratch.write("plain", "text\n", 0644);
    for (const std::string& program : {plain, scratch.path(), std::string("/")}) {
        const Outcome outcome = exec_program(program);
        CHECK(outcome.ending == "exit 126");
        CHECK_MESSAGE(has(outcome.errors, program), outcome.errors);
    }
}

TEST_CASE("a binary of another machine is 126, and never given to a shell") {
    const ScratchDir scratch;
    const std::string program = scratch.write("foreign", foreign_binary(), 0755);
    const Outcome outcome = exec_program(program);
    CHECK(outcome.ending == "exit 126");
    CHECK_MESSAGE(has(outcome.errors, program), outcome.errors);
}

TEST_CASE("a missing interpreter is told from a missing file") {
    const ScratchDir scratch;
    const std::string script = scratch.write("script", "#!/no/such/shell -e\nexit 0\n", 0755);
    const Outcome outcome = exec_program(script);
    const bool is_126_or_127 = outcome.ending == "exit 126" || outcome.ending == "exit 127";
    CHECK_MESSAGE(is_126_or_127, outcome.ending);
    CHECK_MESSAGE(has(outcome.errors, script), outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, "/no/such/shell"), outcome.errors);
}

TEST_CASE("a missing loader is told from a missing file") {
    const std::optional<std::string> dynamic = peer_path("tini");
    if (!dynamic) KG_SKIP("needs /usr/bin/tini, as a program with a loader");
    const ScratchDir scratch;
    std::ifstream file(*dynamic, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string loader = "/lib64/ld-linux";
    const std::size_t at = content.find(loader);
    if (at == std::string::npos) KG_SKIP("needs a program whose loader is /lib64/ld-linux*");
    content.replace(at, loader.size(), "/lib64/ld-lacks");
    const Outcome outcome = exec_program(scratch.write("program", content, 0755));
    const bool is_126_or_127 = outcome.ending == "exit 126" || outcome.ending == "exit 127";
    CHECK_MESSAGE(is_126_or_127, outcome.ending);
    CHECK_MESSAGE(has(outcome.errors, "loader"), outcome.errors);
}

TEST_CASE("a carriage return behind the interpreter is named as such") {
    const ScratchDir scratch;
    const Outcome outcome = exec_program(scratch.write("script", "#!/bin/sh\r\nexit 0\r\n", 0755));
    const bool is_126_or_127 = outcome.ending == "exit 126" || outcome.ending == "exit 127";
    CHECK_MESSAGE(is_126_or_127, outcome.ending);
    const bool names_it = has(outcome.errors, "CR") || has(outcome.errors, "\\r") ||
                          has(outcome.errors, "carriage return");
    CHECK_MESSAGE(names_it, outcome.errors);
}

TEST_CASE("a text without #! runs by /bin/sh, with its arguments") {
    const ScratchDir scratch;
    const std::string script = scratch.write("script", "echo \"$0|$1|$2\"\nexit 6\n", 0755);
    const Outcome outcome = run({.words = command({"exec", script, "one", "two words"})});
    CHECK(outcome.ending == "exit 6");
    CHECK(outcome.output == script + "|one|two words\n");
}

TEST_CASE("a program is found by PATH, past a file of its name that may not be executed") {
    const ScratchDir scratch;
    scratch.write("a/tool", "#!/bin/sh\nexit 1\n", 0644);
    scratch.write("b/tool", "#!/bin/sh\nexit 9\n", 0755);
    const std::string path = fmt::format("PATH={}:{}:/bin", scratch / "a", scratch / "b");
    CHECK(run({.words = command({"exec", "tool"}), .environment = {path}}).ending == "exit 9");

    const std::string only = fmt::format("PATH={}:{}", scratch / "none", scratch / "a");
    const Outcome outcome = run({.words = command({"exec", "tool"}), .environment = {only}});
    CHECK(outcome.ending == "exit 126");
}

TEST_CASE("an empty element of PATH is the working directory") {
    const ScratchDir scratch;
    scratch.write("tool", "#!/bin/sh\nexit 8\n", 0755);
    const Outcome outcome = run({.words = command({"exec", "tool"}),
                                 .environment = {"PATH=/nowhere::/nowhere/else"},
                                 .directory = scratch.path()});
    CHECK(outcome.ending == "exit 8");
}

}  // TEST_SUITE("contract")
