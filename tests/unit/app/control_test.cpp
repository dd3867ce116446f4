// SPDX-License-Identifier: Apache-2.0
#include "app/control_client.h"

#include <atomic>
#include <thread>
#include <vector>

#include "app/control_request.h"
#include "base/log.h"
#include "control_scene.h"
#include "metadata/json.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::app;
using platform::ControlServer;
using platform::Loop;
using test::serve_until;
using State = Status::State;

namespace {

Status ready_status() {
    Status status;
    status.stage = Status::Stage::supervise;
    status.state = State::running;
    status.ready = status.started = true;
    return status;
}

Result<void> accept_it() { return {}; }
Result<void> not_now() { return Error{Fault::lock, 0, "the operations are running", ""}; }

// A kaigara with this status, which is asked by whatever runs in another thread, as it is asked by
// another process.
struct Scene {
    explicit Scene(Status its_status) : status(std::move(its_status)) {
        actions.status = [this] { return status; };
        actions.reload = accept_it;
        actions.restart = not_now;
        settings.socket = {path, true};
        REQUIRE(server.open(path).has_value());
    }

    int run(int (*command)(const Settings&)) {
        std::atomic<bool> is_over = false;
        int status_code = -1;
        std::thread asker([&] {
            status_code = command(settings);
            is_over = true;
        });
        const bool in_time = serve_until(loop, [&] { return is_over.load(); });
        asker.join();
        CHECK(in_time);
        return status_code;
    }

    Status status;
    ControlActions actions;
    test::ScratchDir scratch;
    std::string path = scratch / "control.sock";
    Loop loop;
    ControlServer server{loop,
                         [this](std::string_view line) { return answer_control(line, actions); }};
    Settings settings;
};

// What is logged while it lives.
class Messages {
public:
    Messages() : before_(log::settings()) {
        log::settings() = {};
        log::settings().sink = [](std::string_view line) noexcept { text() += line; };
        text().clear();
    }
    ~Messages() { log::settings() = before_; }

    static std::string& text() {
        static std::string messages;
        return messages;
    }

private:
    log::Settings before_;
};

bool said(std::string_view words) { return Messages::text().find(words) != std::string::npos; }

// A server that does with each connection what it is told; it runs in a thread until it is stopped.
class OddServer {
public:
    OddServer(const std::string& path, std::string answer, bool closes)
        : listener_(test::bound_socket(path, SOCK_STREAM, true)), answer_(std::move(answer)),
          closes_(closes), thread_([this] { serve(); }) {}
    ~OddServer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }

private:
    void serve() {
        for (;;) {
            platform::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!client.is_open()) return;
            std::string_view rest = answer_;
            while (!rest.empty()) {
                const ssize_t sent = ::send(client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
                if (sent <= 0) break;
                rest.remove_prefix(static_cast<std::size_t>(sent));
            }
            if (!closes_) kept_.push_back(std::move(client));
        }
    }

    platform::Fd listener_;
    std::string answer_;
    bool closes_;
    std::vector<platform::Fd> kept_;
    std::thread thread_;
};

std::string why_not(const std::string& path, int milliseconds = 300) {
    const auto answer = ask_control(path, "status", Milliseconds(milliseconds));
    if (answer) return "it answered";
    CHECK(answer.error().fault == Fault::unavailable);
    CHECK(answer.error().message.starts_with("no kaigara answers on " + path.substr(0, 150)));
    return answer.error().message;
}

bool says(const std::string& message, std::string_view words) {
    return message.find(words) != std::string::npos;
}

ControlActions actions_of(const Status& status) {
    return {[status] { return status; }, accept_it, not_now};
}

}  // namespace

TEST_SUITE("app") {
TEST_CASE("every request is one line that is read to the letter") {
    for (const auto request :
         {ControlRequest::status, ControlRequest::health_ready, ControlRequest::health_live,
          ControlRequest::health_startup, ControlRequest::reload, ControlRequest::restart})
        CHECK(parse_control_request(word_of(request)) == request);
    for (const char* line : {"", " status", "status ", "STATUS", "health", "health  ready",
                             "health readyx", "restart now", "stat"}) {
        CAPTURE(line);
        CHECK_FALSE(parse_control_request(line));
    }
}

TEST_CASE("each request has its answer") {
    const ControlActions actions = actions_of(ready_status());
    CHECK(answer_control("status", actions).starts_with("{\"version\":"));
    CHECK(answer_control("health ready", actions) ==
          R"({"ok":true,"state":"running","reason":""})");
    CHECK(answer_control("health live", actions_of(Status{})) ==
          R"({"ok":true,"state":"resolving","reason":""})");
    CHECK(answer_control("health startup", actions_of(Status{})) ==
          R"({"ok":false,"state":"resolving","reason":"the metadata is being resolved"})");
    CHECK(answer_control("reload", actions) == R"({"ok":true})");
    CHECK(answer_control("restart", actions) ==
          R"({"ok":false,"error":"the operations are running"})");
}

TEST_CASE("garbage gets an answer that is JSON and shows none of its control characters") {
    const ControlActions actions = actions_of(Status{});
    for (const std::string_view line :
         {std::string_view(""), std::string_view("GET / HTTP/1.1"), std::string_view("{\"a\":\"\\"),
          std::string_view("\x1b[2J\xff\x00\"", 8)}) {
        const std::string answer = answer_control(line, actions);
        CAPTURE(answer);
        const auto read = metadata::read_json(answer, 0, "answer");
        REQUIRE(read.has_value());
        CHECK(read->find("ok")->text() == "false");
        CHECK(read->find("error")->text().find("is no request") != std::string::npos);
        CHECK(read->find("error")->text().find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a client gets the answer whole, without its line end") {
    const test::ScratchDir scratch;
    const std::string path = scratch / "control.sock";
    const std::string text(3'000'000, 'x');
    const OddServer server(path, text + "\nand more", true);
    const auto answer = ask_control(path, "status", Milliseconds(8'000));
    REQUIRE(answer.has_value());
    CHECK(*answer == text);
}

TEST_CASE("where no kaigara answers, that is said with the reason") {
    const test::ScratchDir scratch;
    CHECK(why_not(scratch / "none") ==
          "no kaigara answers on " + scratch / "none" +
              ": no such file or directory; is it running here, and is its --socket the same?");
    test::bound_socket(scratch / "dead", SOCK_STREAM, true).reset();
    CHECK(says(why_not(scratch / "dead"), ": connection refused; "));
    CHECK(says(why_not(scratch / std::string(150, 'x')), "the kernel takes 107"));
    const OddServer closing(scratch / "closing", "half", true);
    CHECK(says(why_not(scratch / "closing", 5'000), "it closed the connection"));
    const OddServer endless(scratch / "endless", std::string(5'000'000, 'x'), true);
    CHECK(says(why_not(scratch / "endless", 8'000), "no end within 4 MiB"));
}

TEST_CASE("a client waits no longer than it was told") {
    const test::ScratchDir scratch;
    const OddServer silent(scratch / "silent", "no line end", false);
    const auto begun = std::chrono::steady_clock::now();
    CHECK(says(why_not(scratch / "silent", 200), "it took longer than 200ms"));

    // A queue that is full and stays so.
    const std::string path = scratch / "full";
    const platform::Fd listener = test::bound_socket(path, SOCK_STREAM, true);
    std::vector<test::ControlClient> waiting(3);
    bool is_full = false;
    for (test::ControlClient& client : waiting) is_full = is_full || !client.connect(path);
    REQUIRE(is_full);
    CHECK(says(why_not(path, 200), "it took longer than 200ms"));
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(took >= std::chrono::milliseconds(400));
    CHECK(took < std::chrono::seconds(5));
}

TEST_CASE("health is 0 when it is well, else 1 with the reason") {
    const Messages messages;
    Scene scene(ready_status());
    CHECK(scene.run(run_health) == 0);
    CHECK(Messages::text().empty());
    scene.status.ready = false;
    scene.status.last_reason = "status 503";
    CHECK(scene.run(run_health) == 1);
    CHECK(said("not ready: status 503"));
    scene.settings.health_live = true;
    CHECK(scene.run(run_health) == 0);
    scene.settings.health_live = false;
    scene.settings.health_startup = true;
    scene.status = Status{};
    CHECK(scene.run(run_health) == 1);
    CHECK(said("not started: the metadata is being resolved"));
}

TEST_CASE("health asks one thing at a time") {
    const Messages messages;
    Settings settings;
    settings.health_live = settings.health_ready = true;
    CHECK(run_health(settings) == 64);
    CHECK(said("one of --ready, --live and --startup"));
}

TEST_CASE("without a kaigara health is 1, and the others are 69") {
    const Messages messages;
    const test::ScratchDir scratch;
    Settings settings;
    settings.socket = {scratch / "none", true};
    CHECK(run_health(settings) == 1);
    CHECK(run_status(settings) == 69);
    CHECK(run_reload(settings) == 69);
    CHECK(run_restart(settings) == 69);
    CHECK(said("is it running here, and is its --socket the same?"));
    settings.socket.path = "off";
    CHECK(run_health(settings) == 1);
    CHECK(run_status(settings) == 69);
    CHECK(said("the control socket is turned off"));
}

TEST_CASE("reload and restart are 0 when accepted, else 75 with the reason") {
    const Messages messages;
    Scene scene(ready_status());
    CHECK(scene.run(run_reload) == 0);
    CHECK(Messages::text().empty());
    CHECK(scene.run(run_restart) == 75);
    CHECK(said("no restart now: the operations are running"));
}

TEST_CASE("an answer that is none is shown without its control characters") {
    const Messages messages;
    const test::ScratchDir scratch;
    Settings settings;
    settings.socket = {scratch / "odd", true};
    const OddServer odd(settings.socket.path, "\x1b[2Jhello\n", true);
    CHECK(run_health(settings) == 1);
    CHECK(said("not ready: it answered \\x1b[2Jhello"));
    CHECK(run_reload(settings) == 75);
}
}  // TEST_SUITE("app")
