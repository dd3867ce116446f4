// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: kaigara and all of its container are killed at any moment, and started again. An
// operation is never run again after a recorded success, and never skipped without one.

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/file_facts.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// Tells what it knows of its last run; where `pause` is in the folder it says so and waits for
// ever, before or after its work.
constexpr const char* tells = "echo \"interrupted ${KAIGARA_INTERRUPTED-no} "
                              "attempt $KAIGARA_ATTEMPT\" >>\"$scene/runs\"\n"
                              "test ! -e \"$scene/pause\" || exec \"$actor\" say up pause";

void pause(const LedgerScene& scene) { scene.folder().write("pause", ""); }
void go_on(const LedgerScene& scene) { std::filesystem::remove(scene.folder() / "pause"); }

// An operation that was killed in the middle, with the namespace.
void interrupt(const LedgerScene& scene, std::string_view options) {
    scene.annotated("10-op", options, tells);
    pause(scene);
    scene.kill_at("[10-op] up\n");
    go_on(scene);
    scene.runs();
}

const Strings ran_after_interruption{"10-op", "interrupted 1 attempt 1"};
const Strings ran_plainly{"10-op", "interrupted no attempt 1"};

// The names in `events` whose success is recorded.
Strings succeeded(const Strings& events) {
    Strings names;
    for (const std::string& event : events) {
        if (event.starts_with("done ")) names.push_back(event.substr(5));
    }
    return names;
}

// Goes on to the next system call that begins, and tells its number; nothing when it has ended,
// which is left to be found by others.
std::optional<long> next_call(pid_t process) {
    for (long signal = 0;; signal = 0) {
        if (::ptrace(PTRACE_SYSCALL, process, nullptr, signal) != 0 && errno != ESRCH) return {};
        siginfo_t what{};
        ::waitid(P_PID, static_cast<id_t>(process), &what, WEXITED | WSTOPPED | WNOWAIT | __WALL);
        if (what.si_code == CLD_EXITED || what.si_code == CLD_KILLED) return {};
        int status = 0;
        ::waitpid(process, &status, __WALL);
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            __ptrace_syscall_info info{};
            ::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info);
            if (info.op == PTRACE_SYSCALL_INFO_ENTRY) return static_cast<long>(info.entry.nr);
        } else if (status >> 16 == 0) {
            signal = WSTOPSIG(status);
        }
    }
}

// Kills the namespace of a provision when PID 1 is about to do its system call of that number, the
// first of those that take a lock being 0. How many calls there were, or that number.
std::size_t kill_at_call(const LedgerScene& scene, std::size_t number) {
    Strings words = {"/bin/sh", "-c", "read go; exec \"$@\"", "sh"};
    for (std::string& word : scene.ledger_words("provision")) words.push_back(std::move(word));
    Program program({.words = std::move(words), .input = Input::pipe, .traced = true});
    const pid_t process = program.pid();
    REQUIRE(::ptrace(PTRACE_SEIZE, process, nullptr, PTRACE_O_TRACESYSGOOD) == 0);
    REQUIRE(::ptrace(PTRACE_INTERRUPT, process, nullptr, nullptr) == 0);
    int status = 0;
    REQUIRE(::waitpid(process, &status, __WALL) == process);
    program.type("\n");
    std::size_t calls = 0;
    bool has_lock = false;
    for (std::optional<long> call; (call = next_call(process)); calls += has_lock ? 1 : 0) {
        has_lock = has_lock || *call == SYS_flock;
        if (!has_lock || calls < number) continue;
        program.send(SIGKILL);
        CHECK(program.wait() == "signal 9");
        return number;
    }
    const std::string ending = program.wait();
    CHECK_MESSAGE(ending == "exit 0", program.errors());
    return calls;
}

// After whatever befell the start before: what it recorded is so, what it did not is not.
void check_goes_on(const LedgerScene& scene, const Strings& names) {
    const std::string text = scene.folder().exists("state/ledger") ? scene.text() : "";
    const Strings events = text.empty() ? Strings{} : events_of(text);
    const Strings done = succeeded(events);
    const auto is_in = [](const Strings& list, const std::string& one) {
        return std::find(list.begin(), list.end(), one) != list.end();
    };
    const Strings ran = scene.runs();
    Strings expected;
    for (const std::string& name : names) {
        const bool is_begun = is_in(events, "started " + name);
        if (is_in(ran, name)) CHECK(is_begun);
        if (is_in(done, name)) CHECK(is_in(ran, name));
        if (is_in(done, name)) continue;
        expected.push_back(name);
        expected.push_back(fmt::format("interrupted {} attempt 1", is_begun ? "1" : "no"));
    }
    scene.provisions(expected);
    scene.provisions({});
    checked_lines(scene.text());
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("a once operation that was killed in the middle runs again and knows it") {
    for (const std::string& options : Strings{"run=once", "run=once interrupted=rerun"}) {
        const LedgerScene scene;
        interrupt(scene, options);
        CHECK(scene.events() == Strings{"started 10-op"});
        CHECK(run({.words = scene.ledger_words("plan")}).ending == "exit 2");
        const Outcome outcome = scene.provisions(ran_after_interruption);
        CHECK_MESSAGE(has(outcome.errors, "10-op"), outcome.errors);
        scene.provisions({});
        CHECK(scene.events() == Strings{"started 10-op", "started 10-op", "done 10-op"});
    }
}

TEST_CASE("an on-change operation too, though nothing has changed since") {
    const LedgerScene scene;
    interrupt(scene, "run=on-change");
    scene.provisions(ran_after_interruption);
    scene.provisions({});
}

TEST_CASE("interrupted again and again it is tried again and again") {
    const LedgerScene scene;
    for (int time = 0; time < 4; ++time) interrupt(scene, "run=once");
    scene.provisions(ran_after_interruption);
    scene.provisions({});
}

TEST_CASE("interrupted=fail refuses the start before anything is run or written") {
    const LedgerScene scene;
    interrupt(scene, "run=once interrupted=fail");
    scene.annotated("05-always", "run=always");
    scene.root("etc/f.tmpl", "x\n");
    const Strings before = listing_of(scene.folder().path());
    scene.refuses("exit 78",
                  {"10-op", "kaigara ledger accept 10-op", "kaigara ledger forget 10-op"});
    CHECK(listing_of(scene.folder().path()) == before);
    const Outcome plan = run({.words = scene.ledger_words("plan")});
    CHECK(plan.ending == "exit 3");
    CHECK_MESSAGE(has(plan.output + plan.errors, "10-op"), plan.errors);
    // All that blocks is told in one go.
    scene.annotated("20-other", "run=once interrupted=fail");
    scene.refuses("exit 78", {"10-op"});
}

TEST_CASE("accept takes an interrupted operation as done") {
    const LedgerScene scene;
    interrupt(scene, "run=once interrupted=fail");
    const Outcome accept = scene.ledger_command({"accept", "10-op"});
    CHECK_MESSAGE(accept.ending == "exit 0", accept.errors);
    scene.provisions({});
    CHECK(scene.events() == Strings{"started 10-op", "accepted 10-op"});
}

TEST_CASE("forget has an interrupted operation run again") {
    const LedgerScene scene;
    interrupt(scene, "run=once interrupted=fail");
    CHECK(scene.ledger_command({"forget", "10-op"}).ending == "exit 0");
    scene.provision();
    const Strings ran = scene.runs();
    REQUIRE(ran.size() == 2);
    CHECK(ran[0] == "10-op");
    scene.provisions({});
}

TEST_CASE("with interrupted=fail an operation of its own failure is no interrupted one") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once interrupted=fail", "test -e \"$scene/good\"");
    CHECK(scene.provision().ending == "exit 80");
    scene.folder().write("good", "");
    scene.provisions({"10-op"});
}

TEST_CASE("a stop is recorded as cancelled, with its signal, and is no interruption") {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        CAPTURE(signal);
        const LedgerScene scene;
        scene.annotated("10-op", "run=once interrupted=fail", tells);
        pause(scene);
        Program program({.words = scene.ledger_words("provision")});
        wait_for_either(program, "[10-op] up\n");
        program.send(signal);
        CHECK(program.wait() == fmt::format("exit {}", 128 + signal));
        const std::vector<LedgerLine> lines = checked_lines(scene.text());
        CHECK(lines.back().event == "cancelled");
        CHECK(lines.back().facts.at("signal") == std::to_string(signal));
        go_on(scene);
        scene.provisions(ran_plainly);
        scene.provisions({});
    }
}

TEST_CASE("an operation that ends well after a stop signal is done or cancelled, as recorded") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once", "exec \"$actor\" log-signals 15 exit 0");
    Program program({.words = scene.ledger_words("provision")});
    wait_for_either(program, "[10-op] ready\n");
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 143");
    const bool is_done = scene.events().back() == "done 10-op";
    CHECK((is_done || scene.events().back() == "cancelled 10-op"));
    scene.annotated("10-op", "run=once", "");
    scene.runs();
    scene.provisions(is_done ? Strings{} : Strings{"10-op"});
}

TEST_CASE("operations that ended before are not run again, those behind have not begun") {
    const LedgerScene scene;
    scene.annotated("05-before", "run=once");
    scene.annotated("20-behind", "run=once");
    interrupt(scene, "run=once");
    scene.provisions({"10-op", "interrupted 1 attempt 1", "20-behind"});
    scene.provisions({});
}

TEST_CASE("each attempt that was killed is one, and attempts are counted anew") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once retries=3 retry-delay=10ms",
                    "echo \"attempt $KAIGARA_ATTEMPT\" >>\"$scene/runs\"\n"
                    "test \"$KAIGARA_ATTEMPT\" = 2 || exit 3\nexec \"$actor\" say up pause");
    scene.kill_at("[10-op] up\n");
    scene.annotated("10-op", "run=once", tells);
    scene.provisions(ran_after_interruption);
}

TEST_CASE("killed whenever the ledger has grown by a line, no success is repeated or made up") {
    const Strings names{"10-a", "20-b", "30-c", "40-d"};
    for (std::size_t size = 1; size <= 9; ++size) {
        CAPTURE(size);
        const LedgerScene scene;
        for (const std::string& name : names) scene.annotated(name, "run=once");
        {
            Program program({.words = scene.ledger_words("provision")});
            program.eventually("the ledger to grow", [&] { return scene.records() >= size; });
            program.send(SIGKILL);
            program.wait();
        }
        const Strings first = scene.runs();
        const Strings done = succeeded(scene.events());
        for (const std::string& name : done) {
            CHECK(std::count(first.begin(), first.end(), name) == 1);
        }
        Strings rest;
        for (const std::string& name : names) {
            if (std::find(done.begin(), done.end(), name) == done.end()) rest.push_back(name);
        }
        scene.provisions(rest);
        scene.provisions({});
    }
}

TEST_CASE("killed at any system call from the lock to the end, no success is repeated or made up") {
    const Strings names{"10-a", "20-b"};
    constexpr std::size_t points = 50;
    std::size_t calls = 0;
    {
        const LedgerScene whole;
        for (const std::string& name : names) whole.annotated(name, "run=once", tells);
        calls = kill_at_call(whole, SIZE_MAX);
        REQUIRE(calls > 10);
    }
    // Each of the three worlds begins at another, so that together they are at three times as many.
    const std::size_t step = std::max<std::size_t>(1, calls / points);
    for (std::size_t at = static_cast<std::size_t>(mode()) % step; at < calls; at += step) {
        CAPTURE(at);
        const LedgerScene scene;
        for (const std::string& name : names) scene.annotated(name, "run=once", tells);
        kill_at_call(scene, at);
        check_goes_on(scene, names);
    }
}

}  // TEST_SUITE("contract")
