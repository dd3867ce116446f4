// SPDX-License-Identifier: Apache-2.0
#include "platform/spawn.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "children.h"
#include "platform/executable.h"
#include "platform/files.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;

namespace {

// The error that a user would read for a program that cannot be started.
Error start_error(test::Children& children, const std::string& program) {
    const auto request = children.request({program});
    const auto pid = spawn(request);
    REQUIRE_FALSE(pid.has_value());
    return explain(pid.error(), program, path_of(environ));
}

}  // namespace

TEST_SUITE("platform") {
TEST_CASE("a child's exit code and its signal are told apart") {
    test::Children children;
    CHECK(children.run(children.request({"/bin/sh", "-c", "exit 7"})) == ChildEnd{false, 7});
    const ChildEnd killed = children.run(children.request({"/bin/sh", "-c", "kill -KILL $$"}));
    CHECK(killed.by_signal);
    CHECK(killed.status() == 137);
}

TEST_CASE("a program is searched in the PATH of the child's environment") {
    test::Children children;
    test::ScratchDir scratch;
    scratch.write("only-here", "#!/bin/sh\nexit 9\n", 0755);
    std::string path = "PATH=/nonexistent:" + scratch.path();
    char* environment[] = {path.data(), nullptr};
    auto request = children.request({"only-here"});
    request.environment = environment;
    CHECK(children.run(request).number == 9);
}

TEST_CASE("a script without #! is run by /bin/sh, with its arguments") {
    test::Children children;
    test::ScratchDir scratch;
    const auto script = scratch.write("plain", "exit $1\n", 0755);
    CHECK(children.run(children.request({script, "5"})).number == 5);
}

TEST_CASE("a program of another machine is not handed to the shell") {
    test::Children children;
    test::ScratchDir scratch;
    std::string foreign("\177ELF\002\001\001\0\0\0\0\0\0\0\0\0\002\0\377\377", 20);
    foreign.resize(128, '\0');
    const auto file = scratch.write("foreign", foreign, 0755);
    const Error error = start_error(children, file);
    CHECK(error.fault == Fault::not_executable);
    CHECK(error.message.find("no program of this machine") != std::string::npos);
}

TEST_CASE("a missing program, a missing interpreter and a missing right are three messages") {
    test::Children children;
    test::ScratchDir scratch;
    const Error missing = start_error(children, scratch.path() + "/nothing");
    CHECK(missing.fault == Fault::not_found);
    CHECK(missing.message.find("does not exist") != std::string::npos);

    const auto script = scratch.write("script", "#!/opt/no/such/bash -e\n", 0755);
    const Error interpreter = start_error(children, script);
    CHECK(interpreter.fault == Fault::not_found);
    CHECK(interpreter.message.find("its interpreter '/opt/no/such/bash'") != std::string::npos);

    const auto windows = scratch.write("windows", "#!/bin/sh\r\n", 0755);
    CHECK(start_error(children, windows).message.find("Windows line ends") != std::string::npos);

    const auto plain = scratch.write("plain", "exit 0\n", 0644);
    const Error denied = start_error(children, plain);
    CHECK(denied.fault == Fault::not_executable);
    CHECK(denied.message.find("chmod +x") != std::string::npos);

    CHECK(start_error(children, scratch.path()).message.find("directory") != std::string::npos);
    CHECK(start_error(children, "no-such-program-anywhere").message.find("PATH") !=
          std::string::npos);
    CHECK(start_error(children, "").message.find("empty") != std::string::npos);
}

TEST_CASE("the step that failed is named") {
    test::Children children;
    auto request = children.request({"/bin/true"});
    request.directory = "/no/such/directory";
    const auto pid = spawn(request);
    REQUIRE_FALSE(pid.has_value());
    CHECK(pid.error().step == SpawnStep::directory);
    CHECK(pid.error().code == ENOENT);
    children.reaper.reap();
}

TEST_CASE("umask, directory, own session and descriptors are the child's alone") {
    test::Children children;
    test::ScratchDir scratch;
    auto request = children.request({"/bin/sh", "-c",
                                     "test $(umask) = 0027 && test $PWD = " + scratch.path() +
                                         " && test $(cut -d' ' -f6 /proc/$$/stat) = $$ && cat <&9 "
                                         ">out && ! test -e /proc/$$/fd/200"});
    request.umask = 0027;
    request.directory = scratch.path().c_str();
    request.group = ProcessGroup::own_session;
    auto memory = sealed_memory("test", "content");
    REQUIRE(memory.has_value());
    const Fd other(::open("/dev/null", O_RDONLY));
    const Fd stray(::fcntl(other.get(), F_DUPFD, 200));
    request.passed = memory->get();
    request.passed_as = 9;
    request.close_others = true;
    CHECK(children.run(request).status() == 0);
    CHECK(read_file(scratch.path() + "/out", 100).value() == "content");
}

TEST_CASE("a child without new privileges has that bit, and its parent has not") {
    test::Children children;
    auto request =
        children.request({"/bin/sh", "-c", "grep -q '^NoNewPrivs:.1$' /proc/self/status"});
    CHECK(children.run(request).number == 1);
    request.no_new_privileges = true;
    CHECK(children.run(request).number == 0);
    CHECK(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

TEST_CASE("a child gets the signal mask that it is given, and all its signals back") {
    test::Children children;
    auto request = children.request({"/bin/sh", "-c", "kill -TERM $$; exit 3"});
    request.mask = SignalSet{};
    CHECK(children.run(request) == ChildEnd{true, SIGTERM});
    request.mask = SignalSet{}.with(SIGTERM);
    CHECK(children.run(request) == ChildEnd{false, 3});
}

TEST_CASE("a child of another user reports its failures too") {
    if (::getuid() != 0) return;  // the contract tests cover the other users
    test::Children children;
    const Credentials nobody{65534, 65534, {65534}};
    auto request = children.request({"/bin/sh", "-c", "test $(id -u) = 65534"});
    request.credentials = &nobody;
    CHECK(children.run(request).status() == 0);
    request = children.request({"/no/such/program"});
    request.credentials = &nobody;
    const auto pid = spawn(request);
    REQUIRE_FALSE(pid.has_value());
    CHECK(pid.error().step == SpawnStep::execute);
    children.reaper.reap();
}

TEST_CASE("the pid of the child is written into its environment") {
    test::Children children;
    std::string entry = "LISTEN_PID=0123456789";
    char* environment[] = {entry.data(), nullptr};
    auto request = children.request({"/bin/sh", "-c", "test $LISTEN_PID = $$"});
    request.environment = environment;
    request.listen_pid = entry.data() + 11;
    CHECK(children.run(request).status() == 0);
}

TEST_CASE("only a lack of processes, memory or a busy file is worth another try") {
    CHECK(is_worth_another_try({SpawnStep::clone, EAGAIN}));
    CHECK(is_worth_another_try({SpawnStep::clone, ENOMEM}));
    CHECK(is_worth_another_try({SpawnStep::execute, ETXTBSY}));
    CHECK_FALSE(is_worth_another_try({SpawnStep::execute, ENOENT}));
    CHECK_FALSE(is_worth_another_try({SpawnStep::user, EAGAIN}));
}
}  // TEST_SUITE("platform")
