// SPDX-License-Identifier: Apache-2.0
#include "platform/captured_command.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <fmt/format.h>

#include "children.h"
#include "platform/files.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;

namespace {

CapturedRequest shell(std::string_view script) {
    CapturedRequest request;
    request.argv = {"/bin/sh", "-c", std::string(script)};
    request.environment = environ;
    request.out_limit = 1'000'000;
    return request;
}

CapturedEnd run(const CapturedRequest& request) {
    test::Children children;
    std::optional<CapturedEnd> end;
    CapturedCommand command(children.loop, children.reaper, request,
                            [&end](CapturedEnd reached) { end = std::move(reached); });
    REQUIRE(command.start());
    const bool ended = children.wait_until([&] {
        command.on_reaped();
        return end.has_value();
    });
    REQUIRE(ended);
    return *end;
}

}  // namespace

TEST_SUITE("platform") {

TEST_CASE("both streams of a command are kept, whatever their order") {
    const CapturedEnd end = run(shell("echo a; echo b >&2; echo c"));
    CHECK(end.succeeded());
    CHECK(end.out == "a\nc\n");
    CHECK(end.err == "b\n");
}

TEST_CASE("output that is larger than a pipe is kept whole, and of stderr the end") {
    const CapturedEnd end = run(shell("i=0; while [ $i -lt 20000 ]; do echo 123456789; "
                                      "echo $i 123456789 >&2; i=$((i+1)); done"));
    CHECK(end.out.size() == 200'000);
    CHECK(end.err.size() <= 8'192);
    CHECK(end.err.ends_with("19999 123456789\n"));
}

TEST_CASE("more than the limit ends the command") {
    CapturedRequest request = shell("yes");
    request.out_limit = 100'000;
    const CapturedEnd end = run(request);
    CHECK(end.overflowed);
    CHECK_FALSE(end.succeeded());
}

TEST_CASE("a command is over with its process, whoever still holds its output") {
    const CapturedEnd end = run(shell("setsid sleep 5 & echo done"));
    CHECK(end.out == "done\n");
}

TEST_CASE("a command runs where it is told, and its relative name is one from there") {
    const test::ScratchDir scratch;
    scratch.write("here", "#!/bin/sh\npwd\n", 0755);
    CapturedRequest request = shell("");
    request.argv = {"./here"};
    request.directory = scratch.path();
    CHECK(run(request).out == scratch.path() + "\n");
}

TEST_CASE("a descriptor that is passed has the same number there, and no other one is passed") {
    const Fd passed(sealed_memory("test", "content").value());
    const Fd other(sealed_memory("test", "other").value());
    CapturedRequest request = shell(fmt::format(
        "cat /proc/self/fd/{}; test ! -e /proc/self/fd/{} && echo .", passed.get(), other.get()));
    request.passed = passed.get();
    CHECK(run(request).out == "content.\n");
}

TEST_CASE("both streams may be one") {
    CapturedRequest request = shell("echo a; echo b >&2; echo c");
    request.out_is_err = true;
    const CapturedEnd end = run(request);
    CHECK(end.err == "a\nb\nc\n");
    CHECK(end.out.empty());
}

TEST_CASE("a failure is told in words") {
    CapturedRequest request = shell("exit 3");
    CHECK(run(request).failure_text(request) == "failed with status 3");
    CHECK(run(shell("kill -USR1 $$")).failure_text(request) == "was ended by signal 10 (USR1)");
    request = shell("sleep 600");
    request.timeout = Milliseconds(50);
    CHECK(run(request).failure_text(request) == "was ended after 50ms");
    CHECK(run(shell("exit 0")).failure_text(request).empty());
}

TEST_CASE("a command that nobody waits for any more is ended with all of its session") {
    const test::ScratchDir scratch;
    test::Children children;
    {
        CapturedCommand command(
            children.loop, children.reaper,
            shell(fmt::format("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait",
                              scratch / "pid")),
            [](const CapturedEnd&) {});
        REQUIRE(command.start());
        REQUIRE(children.wait_until([&] { return scratch.exists("pid"); }));
    }
    const int pid = std::stoi(scratch.read("pid"));
    CHECK(children.wait_until([pid] { return ::kill(pid, 0) != 0; }));
}

TEST_CASE("the last lines of what was said are shown, indented") {
    CHECK(what_it_said(" \n\n").empty());
    CHECK(what_it_said("one\ntwo\n") == "; it said:\n    one\n    two");
    std::string many;
    for (int i = 0; i < 30; ++i) many += fmt::format("line {}\n", i);
    CHECK(what_it_said(many).starts_with("; it said:\n    line 10\n"));
    CHECK(what_it_said("\x1b[31m") == "; it said:\n    \\x1b[31m");
}

}  // TEST_SUITE("platform")
