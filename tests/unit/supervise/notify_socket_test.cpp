// SPDX-License-Identifier: Apache-2.0
#include "supervise/notify_socket.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>

#include "notify_scene.h"

using namespace kaigara;
using namespace kaigara::supervise;
using test::Application;
using test::logged;
using test::names_in;
using test::Scene;
using test::WatchedPipe;

namespace {

std::size_t count_of(std::string_view text, std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
    return count;
}

std::size_t open_descriptors() { return names_in("/proc/self/fd").size(); }

// A TCP connection that has unsent data and would wait long for it when it is closed.
struct Lingering {
    Lingering() {
        const platform::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener.get(), generic, size) == 0);
        REQUIRE(::listen(listener.get(), 1) == 0);
        REQUIRE(::getsockname(listener.get(), generic, &size) == 0);
        sender = platform::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(sender.get(), generic, size) == 0);
        receiver = platform::Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::string block(65'536, 'x');
        while (::send(sender.get(), block.data(), block.size(), MSG_DONTWAIT) > 0) continue;
        const linger lingering = {1, 60};
        REQUIRE(::setsockopt(sender.get(), SOL_SOCKET, SO_LINGER, &lingering, sizeof lingering) ==
                0);
    }
    platform::Fd sender;
    platform::Fd receiver;  // of which nobody reads
};

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("what the application sends is heard, in order") {
    Scene scene;
    const Application application(scene.socket->address());
    CHECK(application.say("STATUS=loading") == 0);
    CHECK(application.say("READY=1") == 0);
    scene.serve();
    REQUIRE(scene.heard.size() == 2);
    CHECK(scene.heard[0].status == "loading");
    CHECK(scene.heard[1].ready);
    CHECK(logged.empty());
}

TEST_CASE("the socket is a file for everybody in a directory that is made, whatever the umask") {
    const mode_t mask = ::umask(0077);
    Scene scene;
    CHECK(::umask(mask) == 0077);
    CHECK(scene.scratch.mode("run/kaigara") == 0755);
    CHECK(scene.scratch.mode(scene.file()) == 0666);
    CHECK(scene.file().starts_with("run/kaigara/notify-" + std::to_string(::getpid()) + "-"));
    CHECK(scene.file().ends_with(".sock"));
}

TEST_CASE("nothing of a socket is left behind but its directory, and what stood there stays") {
    const test::ScratchDir scratch;
    scratch.write("run/notify-1-00000000.sock", "not ours");
    const std::size_t before = open_descriptors();
    {
        Scene scene(scratch / "run");
        Scene other(scratch / "run");
        CHECK(scene.socket->address() != other.socket->address());
        CHECK(names_in(scratch / "run").size() == 3);
    }
    CHECK(open_descriptors() == before);
    CHECK(names_in(scratch / "run") == std::vector<std::string>{"notify-1-00000000.sock"});
}

TEST_CASE("where no file can be made there is an abstract socket, by a name nobody guesses") {
    const test::ScratchDir scratch;
    scratch.write("file", "");
    for (const std::string& directory :
         {scratch / "file", scratch / "file/below", scratch / std::string(100, 'x'),
          std::string("/proc/kaigara"), std::string("relative")}) {
        CAPTURE(directory);
        Scene scene(directory);
        const std::string address = scene.socket->address();
        CHECK(address.starts_with("@kaigara-"));
        CHECK(address.size() == std::string_view("@kaigara-").size() + 32);
        const Application application(address);
        CHECK(application.say("READY=1") == 0);
        scene.serve();
        CHECK(scene.heard.size() == 1);
        CHECK(logged.empty());
        const std::string second = Scene(directory).socket->address();
        CHECK(second != address);
    }
}

TEST_CASE("a directory that the application cannot enter is none for its socket") {
    const test::ScratchDir scratch;
    scratch.make_dir("run");
    REQUIRE(::chmod((scratch / "run").c_str(), 0700) == 0);
    CHECK(Scene(scratch / "run", ::geteuid() + 1).socket->address().starts_with('@'));
    CHECK(Scene(scratch / "run").socket->address().starts_with('/'));
    REQUIRE(::chmod((scratch / "run").c_str(), 0711) == 0);
    CHECK(Scene(scratch / "run", ::geteuid() + 1).socket->address().starts_with('/'));
}

TEST_CASE("a message that is too long is left out, with a warning") {
    Scene scene;
    const Application application(scene.socket->address());
    CHECK(application.say("READY=1\n" + std::string(longest_notify_datagram, 'x')) == 0);
    scene.serve();
    CHECK(scene.heard.empty());
    CHECK(logged == "kaigara: warn: a notify message of process " + std::to_string(::getpid()) +
                        " is left out: it has more than 4096 bytes\n");
    CHECK(application.say("READY=1\nSTATUS=" + std::string(4'081, 'x')) == 0);
    scene.serve();
    REQUIRE(scene.heard.size() == 1);
    CHECK(scene.heard[0].ready);
}

TEST_CASE("what is wrong in a message is a warning, and the rest of it is heard") {
    Scene scene;
    const Application application(scene.socket->address());
    CHECK(application.say("MAINPID=me\nREADY=1") == 0);
    scene.serve();
    REQUIRE(scene.heard.size() == 1);
    CHECK(scene.heard[0].ready);
    CHECK(logged == "kaigara: warn: a notify message of process " + std::to_string(::getpid()) +
                        " says 'MAINPID=me', and that is no process\n");
}

TEST_CASE("an empty datagram does not end the listening") {
    Scene scene;
    const Application application(scene.socket->address());
    CHECK(application.say("") == 0);
    CHECK(application.say("READY=1") == 0);
    scene.serve();
    REQUIRE(scene.heard.size() == 2);
    CHECK(scene.heard[1].ready);
    CHECK(logged.find("is empty") != std::string::npos);
}

TEST_CASE("a barrier's descriptor is closed, and not before what came earlier was handled") {
    Scene scene;
    const Application application(scene.socket->address());
    WatchedPipe barrier;
    std::vector<bool> closed;
    scene.on_message = [&] { closed.push_back(barrier.is_closed()); };
    CHECK(application.say("READY=1") == 0);
    CHECK(application.say("BARRIER=1", {barrier.writing.get()}) == 0);
    barrier.writing.reset();
    scene.serve();
    REQUIRE(scene.heard.size() == 2);
    CHECK(scene.heard[1].barrier);
    CHECK(closed == std::vector<bool>{false, false});
    CHECK(barrier.is_closed());
    CHECK(logged.empty());
}

TEST_CASE("descriptors are closed, as many as may be sent, whatever they came with") {
    Scene scene;
    const Application application(scene.socket->address());
    WatchedPipe pipe;
    const std::size_t before = open_descriptors();
    const std::vector<int> most(253, pipe.writing.get());
    CHECK(application.say("FDSTORE=1\nFDNAME=mine", most) == 0);
    CHECK(application.say(std::string(5'000, 'x'), most) == 0);
    CHECK(application.say("garbage", most) == 0);
    CHECK(application.say("", most) == 0);
    scene.serve();
    CHECK(scene.heard.size() == 3);
    CHECK(open_descriptors() == before);
    pipe.writing.reset();
    CHECK(pipe.is_closed());
}

TEST_CASE("a message whose descriptors do not fit into our table is left out, and none stays") {
    Scene scene;
    const Application application(scene.socket->address());
    WatchedPipe pipe;
    CHECK(application.say("READY=1", {pipe.writing.get(), pipe.writing.get()}) == 0);
    const std::size_t before = open_descriptors();
    const platform::Fd lowest(::dup(pipe.reading.get()));
    rlimit limit;
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    // Room for one of the two.
    const rlimit tight = {static_cast<rlim_t>(lowest.get()) + 2, limit.rlim_max};
    const platform::Fd spare(::fcntl(lowest.get(), F_DUPFD_CLOEXEC, lowest.get() + 2));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    scene.serve();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(scene.heard.empty());
    CHECK(logged.find("not all of the descriptors that came with it") != std::string::npos);
    CHECK(open_descriptors() == before + 2);
    pipe.writing.reset();
    CHECK(pipe.is_closed());
}

TEST_CASE("a connection that lingers is closed without waiting for its peer") {
    Scene scene;
    const Application application(scene.socket->address());
    Lingering connection;
    CHECK(application.say("FDSTORE=1", {connection.sender.get()}) == 0);
    connection.sender.reset();
    const auto start = std::chrono::steady_clock::now();
    scene.serve();
    CHECK(scene.heard.size() == 1);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}

TEST_CASE("a flood has at most 64 messages a round, so that all else has its turn") {
    Scene scene;
    const Application application(scene.socket->address());
    // Each that is heard brings the next one: it never ends by itself.
    scene.on_message = [&] { REQUIRE(application.say("WATCHDOG=1") == 0); };
    CHECK(application.say("WATCHDOG=1") == 0);
    scene.loop.run_ready();
    CHECK(scene.heard.size() == notify_datagrams_a_round);
    scene.loop.run_ready();
    CHECK(scene.heard.size() == 2 * notify_datagrams_a_round);
}

TEST_CASE("a flood of bad messages is one warning, and at the end how many more there were") {
    Scene scene;
    const Application application(scene.socket->address());
    for (int count = 0; count < 1'000; ++count) {
        REQUIRE(application.say("garbage") == 0);
        scene.loop.run_ready();
    }
    CHECK(scene.heard.size() == 1'000);
    CHECK(count_of(logged, "\n") == 1);
    scene.socket.reset();
    CHECK(count_of(logged, "\n") == 2);
    CHECK(logged.ends_with("999 further warnings about notify messages were left out\n"));
}

TEST_CASE("what a process of an earlier run says goes nowhere") {
    Scene scene;
    const std::string former = scene.socket->address();
    const Application late(former);
    WatchedPipe barrier;
    CHECK(late.say("READY=1") == 0);
    CHECK(late.say("BARRIER=1", {barrier.writing.get()}) == 0);
    barrier.writing.reset();
    scene.socket.reset();
    CHECK(barrier.is_closed());
    scene.open();
    CHECK(scene.socket->address() != former);
    CHECK_FALSE(platform::exists(former));
    CHECK(late.say("READY=1") == ECONNREFUSED);
    scene.serve();
    CHECK(scene.heard.empty());
}

TEST_CASE("who hears a message may destroy the socket, and nothing more is heard") {
    Scene scene;
    const Application application(scene.socket->address());
    WatchedPipe pipe;
    CHECK(application.say("STOPPING=1", {pipe.writing.get()}) == 0);
    CHECK(application.say("READY=1") == 0);
    pipe.writing.reset();
    scene.on_message = [&] { scene.socket.reset(); };
    scene.serve();
    CHECK(scene.heard.size() == 1);
    CHECK(pipe.is_closed());
    CHECK(names_in(scene.directory).empty());
}

TEST_CASE("a socket that was never opened has no address and leaves nothing") {
    platform::Loop loop;
    const NotifySocket socket(loop, {"/run/kaigara", {}}, [](const NotifyMessage&) {});
    CHECK(socket.address().empty());
}
}  // TEST_SUITE("supervise")
