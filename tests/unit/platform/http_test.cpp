// SPDX-License-Identifier: Apache-2.0
#include "platform/http.h"

#include <memory>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "sockets.h"

using namespace kaigara;
using namespace kaigara::platform;
using test::Listener;
using test::run_until;
using test::Server;

namespace {

std::string url(const Listener& listener, std::string_view path = "/") {
    return fmt::format("http://127.0.0.1:{}{}", listener.port(), path);
}

HttpRequest get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    return request;
}

std::string answer_of(std::string_view body, std::string_view head = "HTTP/1.1 200 OK") {
    return fmt::format("{}\r\nContent-Length: {}\r\n\r\n{}", head, body.size(), body);
}

// A transfer, and what it ended with.
struct Transfer {
    Transfer(Loop& its_loop, HttpClient& client, HttpRequest request,
             HttpTransfer::OnBody on_body = {})
        : loop(its_loop),
          transfer(std::make_unique<HttpTransfer>(
              client, std::move(request), [this](Result<HttpAnswer> answer) { on_done(answer); },
              std::move(on_body))) {
        transfer->start();
        CHECK_FALSE(done);
    }

    // The object may be destroyed in its callback.
    void on_done(const Result<HttpAnswer>& answer) {
        CHECK_FALSE(done);
        done = answer;
        transfer.reset();
    }

    const HttpAnswer& answer() {
        REQUIRE(run_until(loop, [this] { return done.has_value(); }));
        REQUIRE_MESSAGE(*done, (*done ? "" : done->error().message));
        return **done;
    }
    const Error& error() {
        REQUIRE(run_until(loop, [this] { return done.has_value(); }));
        REQUIRE_FALSE(*done);
        return done->error();
    }

    Loop& loop;
    std::optional<Result<HttpAnswer>> done;
    std::unique_ptr<HttpTransfer> transfer;
};

struct Scene {
    Loop loop;
    HttpClient client{loop};
    Listener listener;
};

}  // namespace

TEST_CASE("a GET answers with status, headers in lower case, and body") {
    Scene scene;
    const Server server(
        scene.loop, scene.listener,
        {"HTTP/1.1 201 Fine\r\nX-Consul-Index:  7 \r\nContent-Length: 5\r\n\r\nhello"});
    HttpRequest request = get(url(scene.listener, "/a?b=c"));
    request.headers = {"X-Token: secret"};
    Transfer transfer(scene.loop, scene.client, request);
    const HttpAnswer& answer = transfer.answer();
    CHECK(answer.status == 201);
    CHECK(answer.header("x-consul-index") == "7");
    CHECK(answer.header("nothing") == "");
    CHECK(answer.body == "hello");
    CHECK(server.request().starts_with("GET /a?b=c HTTP/1.1\r\n"));
    CHECK(server.request().find("X-Token: secret\r\n") != std::string::npos);
    CHECK(server.request().find("User-Agent: kaigara/") != std::string::npos);
}

TEST_CASE("a PUT sends its body as it is, and says no type that nobody gave it") {
    Scene scene;
    const Server server(scene.loop, scene.listener, {answer_of("true")});
    HttpRequest request = get(url(scene.listener));
    request.method = "PUT";
    request.body = std::string("a\0b", 3);
    Transfer transfer(scene.loop, scene.client, request);
    CHECK(transfer.answer().body == "true");
    CHECK(server.request().starts_with("PUT / HTTP/1.1\r\n"));
    CHECK(server.request().find("Content-Length: 3\r\n") != std::string::npos);
    CHECK(server.request().find("Content-Type") == std::string::npos);
    CHECK(server.request().find("Expect") == std::string::npos);
}

TEST_CASE("every status is an answer, and a redirect is not followed") {
    Scene scene;
    const Server server(scene.loop, scene.listener,
                        {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
                         answer_of("no", "HTTP/1.1 500 Oops")});
    Transfer first(scene.loop, scene.client, get(url(scene.listener)));
    CHECK(first.answer().status == 302);
    CHECK(first.answer().header("location") == "/elsewhere");
    Transfer second(scene.loop, scene.client, get(url(scene.listener)));
    CHECK(second.answer().status == 500);
    CHECK(second.answer().body == "no");
}

TEST_CASE("a body that comes in pieces, in chunks, is put together, or streamed") {
    Scene scene;
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n";
    const Server server(scene.loop, scene.listener, {chunked}, {.piece = 3});
    Transfer whole(scene.loop, scene.client, get(url(scene.listener)));
    CHECK(whole.answer().body == "hello, world");
    std::string streamed;
    Transfer stream(scene.loop, scene.client, get(url(scene.listener)),
                    [&streamed](std::string_view piece) { streamed += piece; });
    CHECK(stream.answer().body == "");
    CHECK(streamed == "hello, world");
}

TEST_CASE("the body of an answer that is no success is kept, and not streamed") {
    Scene scene;
    const Server server(scene.loop, scene.listener, {answer_of("why", "HTTP/1.1 403 No")});
    std::string streamed;
    Transfer transfer(scene.loop, scene.client, get(url(scene.listener)),
                      [&streamed](std::string_view piece) { streamed += piece; });
    CHECK(transfer.answer().body == "why");
    CHECK(streamed == "");
}

TEST_CASE("an answer larger than its limit is refused for good") {
    Scene scene;
    const Server server(scene.loop, scene.listener, {answer_of(std::string(1'001, 'x'))});
    HttpRequest request = get(url(scene.listener));
    request.body_limit = 1'000;
    Transfer transfer(scene.loop, scene.client, request);
    CHECK(transfer.error().fault == Fault::configuration);
    CHECK(transfer.error().message == "its answer has more than 1000 bytes");
}

TEST_CASE("where the status is all that is asked for, an endless body does no harm") {
    Scene scene;
    const Server server(
        scene.loop, scene.listener,
        {"HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000, 'x')},
        {.closes = false});
    HttpRequest request = get(url(scene.listener));
    request.status_only = true;
    Transfer without(scene.loop, scene.client, request);
    CHECK(without.answer().status == 204);
    Transfer endless(scene.loop, scene.client, request);
    CHECK(endless.answer().status == 200);
}

TEST_CASE("who answers nothing, garbage or half of it is told in words") {
    const struct {
        std::string answer;
        std::string_view message;
    } cases[] = {
        {"", "closed the connection without an answer; does it speak https?"},
        {"220 smtp.example.com ready\r\n", "what it answers is no HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
         "the connection ended within the answer"},
    };
    for (const auto& [answer, message] : cases) {
        CAPTURE(message);
        Scene scene;
        const Server server(scene.loop, scene.listener, {answer});
        Transfer transfer(scene.loop, scene.client, get(url(scene.listener)));
        CHECK(transfer.error().message == message);
        CHECK(transfer.error().fault == Fault::unavailable);
    }
}

TEST_CASE("a port where nobody listens refuses at once") {
    Scene scene;
    const Listener deaf("127.0.0.1", false);
    Transfer transfer(scene.loop, scene.client, get(url(deaf)));
    CHECK(transfer.error().message == "connection refused");
}

TEST_CASE("a server that never answers costs no more than the timeout") {
    Scene scene;
    HttpRequest request = get(url(scene.listener));
    request.timeout = Milliseconds(50);
    Transfer transfer(scene.loop, scene.client, request);
    CHECK(transfer.error().message == "no whole answer within 50ms");
}

TEST_CASE("names are looked up without the C library: localhost is this host") {
    Scene scene;
    const Server server(scene.loop, scene.listener, {answer_of("here")});
    Transfer transfer(scene.loop, scene.client,
                      get(fmt::format("http://localhost:{}/", scene.listener.port())));
    CHECK(transfer.answer().body == "here");
}

TEST_CASE("what is no URL is refused for good") {
    Scene scene;
    Transfer transfer(scene.loop, scene.client, get("http://[::1/"));
    CHECK(transfer.error().fault == Fault::configuration);
    CHECK(transfer.error().message == "is no URL");
}

TEST_CASE("a transfer that is destroyed at any moment is never heard of again") {
    Scene scene;
    const Server server(scene.loop, scene.listener,
                        {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(100, 'x')},
                        {.piece = 10, .closes = false});
    for (std::size_t pieces = 0; pieces < 12; ++pieces) {
        std::size_t seen = 0;
        std::optional<HttpTransfer> transfer;
        transfer.emplace(
            scene.client, get(url(scene.listener)),
            [](const Result<HttpAnswer>&) { FAIL("it was destroyed"); },
            [&seen](std::string_view piece) { seen += piece.size(); });
        transfer->start();
        if (pieces > 0 && pieces < 10)
            CHECK(run_until(scene.loop, [&] { return seen >= pieces * 10; }));
        if (pieces == 11) scene.loop.run_ready();
        transfer.reset();
    }
    scene.loop.run_ready();
}

TEST_CASE("client and transfer may be destroyed in the callback") {
    Loop loop;
    const Listener listener;
    const Server server(loop, listener, {answer_of("x")});
    auto client = std::make_unique<HttpClient>(loop);
    bool done = false;
    std::unique_ptr<HttpTransfer> transfer;
    transfer = std::make_unique<HttpTransfer>(*client, get(url(listener)),
                                              [&](const Result<HttpAnswer>& answer) {
                                                  CHECK(answer);
                                                  transfer.reset();
                                                  client.reset();
                                                  done = true;
                                              });
    transfer->start();
    CHECK(run_until(loop, [&done] { return done; }));
}

TEST_CASE("many transfers at once all end, and leave no descriptor") {
    Loop loop;
    const std::size_t before = test::open_descriptors();
    {
        const Listener listener;
        const Server server(loop, listener, {answer_of("x")});
        HttpClient client(loop);
        std::vector<std::unique_ptr<Transfer>> transfers;
        for (int i = 0; i < 40; ++i)
            transfers.push_back(std::make_unique<Transfer>(loop, client, get(url(listener))));
        for (const auto& transfer : transfers) CHECK(transfer->answer().body == "x");
    }
    loop.run_ready();
    CHECK(run_until(loop, [before] { return test::open_descriptors() <= before; }));
}

TEST_CASE("the certificates of authorities are found where the image has them") {
    const auto nothing = [](const char*) -> const char* { return nullptr; };
    const auto found = [&nothing](std::string_view there) {
        return find_authorities(nothing, [there](const std::string& path) { return path == there; })
            .file;
    };
    CHECK(found("/etc/ssl/certs/ca-certificates.crt") == "/etc/ssl/certs/ca-certificates.crt");
    CHECK(found("/etc/pki/tls/certs/ca-bundle.crt") == "/etc/pki/tls/certs/ca-bundle.crt");
    CHECK(found("/etc/ssl/cert.pem") == "/etc/ssl/cert.pem");
    CHECK(found("/nowhere") == "");
    const auto everything = [](const std::string&) { return true; };
    const auto named = [](const char* name) {
        return std::string_view(name) == "SSL_CERT_FILE" ? "/my.pem" : nullptr;
    };
    CHECK(find_authorities(named, everything).file == "/my.pem");
    const auto directory = [](const char* name) {
        return std::string_view(name) == "SSL_CERT_DIR" ? "/my" : nullptr;
    };
    CHECK(find_authorities(directory, everything).file == "");
    CHECK(find_authorities(directory, everything).directory == "/my");
}
