// SPDX-License-Identifier: Apache-2.0
#include "platform/control_socket.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <vector>

#include "control_scene.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;
using test::ControlClient;
using test::mode_of;
using test::serve_until;

namespace {

constexpr auto echo = [](std::string_view line) { return "<" + std::string(line) + ">"; };

struct Scene {
    explicit Scene(std::function<std::string(std::string_view)> answer = echo)
        : server(loop, std::move(answer)) {
        const auto opened = server.open(path);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
    }

    // What a client gets that sends this; the connection is closed then.
    std::string ask(std::string_view text) {
        ControlClient client;
        REQUIRE(client.connect(path));
        client.send(text);
        REQUIRE(serve_until(loop, [&] { return client.is_over(); }));
        return client.answer();
    }

    test::ScratchDir scratch;
    std::string path = scratch / "run/control.sock";
    Loop loop;
    ControlServer server;
};

// Why no server can be made there.
std::string refusal(const std::string& path) {
    Loop loop;
    ControlServer server(loop, echo);
    const auto opened = server.open(path);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().fault == Fault::cannot_create);
    CHECK_FALSE(server.is_open());
    const std::string message = opened.error().message;
    CHECK(message.starts_with("the control socket '" + path.substr(0, 150)));
    CHECK(message.find("--socket off") != std::string::npos);
    return message;
}

bool says(const std::string& message, std::string_view words) {
    return message.find(words) != std::string::npos;
}

class WithUmask {
public:
    explicit WithUmask(mode_t mask) : before_(::umask(mask)) {}
    ~WithUmask() { ::umask(before_); }

private:
    mode_t before_;
};

// Until it goes, this process can open `room` more descriptors.
class FewDescriptors {
public:
    explicit FewDescriptors(rlim_t room) {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const Fd lowest(::dup(0));
        rlimit tight = before_;
        tight.rlim_cur = static_cast<rlim_t>(lowest.get()) + room;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_SUITE("app") {
TEST_CASE("a line is answered by a line, and the connection is closed") {
    Scene scene;
    CHECK(scene.ask("status\n") == "<status>\n");
    CHECK(scene.ask("status\r\nand more\n") == "<status>\n");
    CHECK(scene.ask("\n") == "<>\n");
    CHECK(scene.server.clients() == 0);
}

TEST_CASE("a line may come in pieces, and the last one needs no end") {
    Scene scene;
    ControlClient client;
    REQUIRE(client.connect(scene.path));
    client.send("sta");
    REQUIRE(serve_until(scene.loop, [&] { return scene.server.clients() == 1; }));
    client.send("tus");
    client.end_of_sending();
    REQUIRE(serve_until(scene.loop, [&] { return client.is_over(); }));
    CHECK(client.answer() == "<status>\n");
}

TEST_CASE("the socket is its owner's alone whatever the umask, which stays as it was") {
    for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
        const test::ScratchDir scratch;
        const std::string path = scratch / "run/control.sock";
        Loop loop;
        ControlServer server(loop, echo);
        const WithUmask with(mask);
        REQUIRE(server.open(path).has_value());
        CHECK(mode_of(path) == 0600);
        CHECK(mode_of(scratch / "run") == 0755);
        CHECK(::umask(mask) == mask);
    }
}

TEST_CASE("a request of 255 bytes is taken, a longer one is refused, however long") {
    Scene scene;
    const std::string longest(255, 'a');
    CHECK(scene.ask(longest + "\n") == "<" + longest + ">\n");
    const std::string refused = "{\"ok\":false,\"error\":\"a request has at most 256 bytes\"}\n";
    CHECK(scene.ask(longest + "a\n") == refused);
    CHECK(scene.ask(std::string(1'000'000, 'x')) == refused);
}

TEST_CASE("any bytes reach the one who answers as they are") {
    const std::string bytes("\x01\xff\x00{\"", 5);
    Scene scene;
    CHECK(scene.ask(bytes + "\n") == "<" + bytes + ">\n");
}

TEST_CASE("an answer of nearly a MiB comes whole, a longer one is refused") {
    std::size_t size = ControlServer::longest_answer - 1;
    Scene scene([&](std::string_view) { return std::string(size, 'z'); });
    CHECK(scene.ask("status\n") == std::string(size, 'z') + "\n");
    ++size;
    CHECK(scene.ask("status\n") == "{\"ok\":false,\"error\":\"the answer is too long\"}\n");
}

TEST_CASE("whoever says nothing for a second is closed, and then no timer runs") {
    Scene scene;
    CHECK(test::timers(scene.loop) == 0);
    ControlClient silent;
    ControlClient slow;
    REQUIRE(silent.connect(scene.path));
    REQUIRE(slow.connect(scene.path));
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(serve_until(scene.loop, [&] {
        slow.send("x");  // no line either
        return silent.is_over() && slow.is_over();
    }));
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(900));
    CHECK(silent.answer().empty());
    CHECK(scene.server.clients() == 0);
    CHECK(test::timers(scene.loop) == 0);
}

TEST_CASE("whoever does not read the answer is closed, and keeps nobody waiting") {
    std::size_t size = 900'000;
    Scene scene([&](std::string_view) { return std::string(size, 'z'); });
    ControlClient deaf;
    REQUIRE(deaf.connect(scene.path));
    deaf.send("status\n");
    REQUIRE(serve_until(scene.loop, [&] { return scene.server.clients() == 1; }));
    size = 3;
    CHECK(scene.ask("status\n") == "zzz\n");
    CHECK(scene.server.clients() == 1);
    REQUIRE(serve_until(scene.loop, [&] { return scene.server.clients() == 0; }));
    CHECK(deaf.is_over());
    CHECK(deaf.answer().size() < 900'000);
}

TEST_CASE("among a thousand idle clients one that asks is answered in time") {
    rlimit descriptors{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &descriptors) == 0);
    if (descriptors.rlim_cur < 1'200) {
        descriptors.rlim_cur = std::min<rlim_t>(descriptors.rlim_max, 4'096);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &descriptors) == 0);
    }
    Scene scene;
    std::vector<ControlClient> idle(1'000);
    for (ControlClient& client : idle) {
        REQUIRE(serve_until(scene.loop, [&] { return client.connect(scene.path); }));
        CHECK(scene.server.clients() <= ControlServer::most_clients);
    }
    const auto begun = std::chrono::steady_clock::now();
    CHECK(scene.ask("health ready\n") == "<health ready>\n");
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(900));
    CHECK(scene.server.clients() < ControlServer::most_clients);
    CHECK(idle[0].is_over());
    CHECK_FALSE(idle[999].is_over());
}

TEST_CASE("a client goes away in the middle, and the server stays") {
    Scene scene([](std::string_view) { return std::string(900'000, 'z'); });
    for (const char* text : {"", "sta", "status\n"}) {
        {
            ControlClient client;
            REQUIRE(client.connect(scene.path));
            client.send(text);
        }
        REQUIRE(serve_until(scene.loop, [&] { return scene.server.clients() == 0; }));
    }
    CHECK(scene.ask("status\n").size() == 900'001);
}

TEST_CASE("where no descriptor is left the connection waits, and the processor does not spin") {
    Scene scene;
    ControlClient client;
    REQUIRE(client.connect(scene.path));
    client.send("status\n");
    int rounds = 0;
    {
        const FewDescriptors none(0);
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
        while (std::chrono::steady_clock::now() < end) {
            uv_run(scene.loop.get(), UV_RUN_ONCE);
            ++rounds;
        }
        CHECK(scene.server.clients() == 0);
    }
    CHECK(rounds <= 12);
    REQUIRE(serve_until(scene.loop, [&] { return client.is_over(); }));
    CHECK(client.answer() == "<status>\n");
}

TEST_CASE("a socket that a dead process left is replaced") {
    const test::ScratchDir scratch;
    const std::string path = scratch / "control.sock";
    test::bound_socket(path, SOCK_STREAM, true).reset();
    REQUIRE(scratch.exists("control.sock"));
    Loop loop;
    ControlServer server(loop, echo);
    REQUIRE(server.open(path).has_value());
    ControlClient client;
    CHECK(client.connect(path));
}

TEST_CASE("one that somebody listens on is left alone, also when his queue is full") {
    Scene scene;
    CHECK(says(refusal(scene.path), "another process, most likely another kaigara, listens there"));
    CHECK(scene.ask("status\n") == "<status>\n");

    const std::string busy = scene.scratch / "busy.sock";
    const Fd listener = test::bound_socket(busy, SOCK_STREAM, true);
    std::vector<ControlClient> waiting(3);
    bool is_full = false;
    for (ControlClient& client : waiting) is_full = is_full || !client.connect(busy);
    REQUIRE(is_full);
    CHECK(says(refusal(busy), "listens there"));
    CHECK(scene.scratch.exists("busy.sock"));
}

TEST_CASE("whatever is no such socket is left alone") {
    const test::ScratchDir scratch;
    const std::string file = scratch.write("file", "precious");
    CHECK(says(refusal(file), "no socket"));
    CHECK(scratch.read("file") == "precious");
    CHECK(says(refusal(scratch.make_dir("directory")), "no socket"));
    const std::string link = scratch / "link";
    REQUIRE(::symlink("nowhere", link.c_str()) == 0);
    CHECK(says(refusal(link), "no socket"));
    CHECK(mode_of(link) == 0777);
    const std::string datagram = scratch / "datagram";
    const Fd other = test::bound_socket(datagram, SOCK_DGRAM, false);
    CHECK(says(refusal(datagram), "another kind"));
    CHECK(scratch.exists("datagram"));
}

TEST_CASE("a path that cannot be is an error that says why") {
    const test::ScratchDir scratch;
    CHECK(says(refusal(scratch / std::string(120, 'x')), "the kernel takes 107"));
    CHECK(says(refusal(scratch / "no/such/control.sock"), "cannot be made"));
    CHECK(says(refusal(scratch.path() + "/"), "names a directory"));
    CHECK(says(refusal(scratch.write("file", "") + "/control.sock"), "cannot be opened"));
    CHECK(says(refusal(""), "names a directory"));
}

TEST_CASE("the socket goes with the server, unless it is another one by then") {
    Loop loop;
    const test::ScratchDir scratch;
    const std::string path = scratch / "control.sock";
    {
        ControlServer server(loop, echo);
        REQUIRE(server.open(path).has_value());
        REQUIRE(scratch.exists("control.sock"));
    }
    CHECK_FALSE(scratch.exists("control.sock"));
    {
        ControlServer server(loop, echo);
        REQUIRE(server.open(path).has_value());
        REQUIRE(::rename(path.c_str(), (scratch / "moved").c_str()) == 0);
        scratch.write("control.sock", "another's");
    }
    CHECK(scratch.read("control.sock") == "another's");
}
}  // TEST_SUITE("app")
