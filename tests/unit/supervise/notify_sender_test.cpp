// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>

#include "notify_scene.h"
#include "support/skip.h"

using namespace kaigara;
using test::Application;
using test::logged;
using test::Scene;
using test::WatchedPipe;

namespace {

constexpr uid_t another = 1'002;
constexpr uid_t application_user = 1'001;

// Not so in a user namespace that has but one user.
bool may_become_another() {
    return ::geteuid() == 0 && ::seteuid(another) == 0 && ::seteuid(0) == 0 &&
           ::seteuid(application_user) == 0 && ::seteuid(0) == 0;
}

platform::Loop* waiting_loop = nullptr;

// The container's first process; 0 is its status when all is as it has to be.
int hear_nobody(const std::string& directory, int told) {
    Scene scene(directory);
    waiting_loop = &scene.loop;
    log::settings().sink = [](std::string_view line) noexcept {
        logged += line;
        waiting_loop->stop();
    };
    platform::Timer timeout(scene.loop, [] { ::_exit(3); });
    timeout.start(Milliseconds(10'000));
    if (!platform::write_all(told, scene.socket->address())) return 4;
    scene.loop.run();
    const bool is_warned = logged.find("none of this container") != std::string::npos;
    return is_warned && scene.heard.empty() ? 0 : 5;
}

constexpr int no_namespace = 2;

// Its status is hear_nobody()'s.
[[noreturn]] void be_outside(const std::string& directory, int told) {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(no_namespace);
    const pid_t first = ::fork();
    if (first == 0) ::_exit(hear_nobody(directory, told));
    int status = -1;
    ::waitpid(first, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 6);
}

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("who is neither root, nor us, nor the application is not heard, with a warning") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    Scene scene(application_user);
    const Application application(scene.socket->address());
    CHECK(application.say_as(another, "READY=1") == 0);
    scene.serve();
    CHECK(scene.heard.empty());
    CHECK(logged == "kaigara: warn: a notify message of process " + std::to_string(::getpid()) +
                        " is left out: it runs as user 1002, and root, kaigara's user and the "
                        "application's are heard\n");
    CHECK(application.say_as(application_user, "READY=1") == 0);
    CHECK(application.say_as(0, "STOPPING=1") == 0);
    scene.serve();
    REQUIRE(scene.heard.size() == 2);
    CHECK(scene.heard[0].ready);
    CHECK(scene.heard[1].stopping);
}

TEST_CASE("root is heard where kaigara is somebody else") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const test::ScratchDir scratch;
    REQUIRE(::chown(scratch.path().c_str(), application_user, application_user) == 0);
    REQUIRE(::seteuid(application_user) == 0);
    std::optional<Scene> scene(std::in_place, scratch / "run");
    REQUIRE(::seteuid(0) == 0);
    const Application application(scene->socket->address());
    CHECK(application.say_as(0, "READY=1") == 0);
    CHECK(application.say_as(application_user, "STOPPING=1") == 0);
    scene->serve();
    CHECK(scene->heard.size() == 2);
}

TEST_CASE("the application's user may send to the file, by its own right") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const test::ScratchDir scratch;
    REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
    Scene scene(scratch / "run", application_user);
    const pid_t child = ::fork();
    if (child == 0) {
        const platform::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const auto to = platform::unix_address(scene.socket->address());
        const bool is_said = ::setgid(1'001) == 0 && ::setuid(application_user) == 0 && to &&
                             ::sendto(fd.get(), "READY=1", 7, 0, to->get(), to->size) == 7;
        ::_exit(is_said ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    scene.serve();
    REQUIRE(scene.heard.size() == 1);
    CHECK(scene.heard[0].ready);
}

TEST_CASE("who is outside of the container is not heard, even as root") {
    const test::ScratchDir scratch;
    WatchedPipe told;
    const pid_t child = ::fork();
    if (child == 0) be_outside(scratch / "run", told.writing.get());
    told.writing.reset();
    pollfd waiting = {.fd = told.reading.get(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&waiting, 1, 20'000) == 1);
    std::array<char, 256> address;
    const ssize_t got = ::read(told.reading.get(), address.data(), address.size());
    if (got > 0) {
        const Application application(std::string(address.data(), static_cast<std::size_t>(got)));
        CHECK(application.say("READY=1") == 0);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WEXITSTATUS(status) == no_namespace) KG_SKIP("needs root, to make a PID namespace");
    CHECK(status == 0);
}
}  // TEST_SUITE("supervise")
