// SPDX-License-Identifier: Apache-2.0
#include "platform/wait_target.h"

#include <doctest/doctest.h>

#include "platform/http_answer.h"

using namespace kaigara;
using namespace kaigara::platform;

namespace {

using Kind = WaitTarget::Kind;

WaitTarget good(std::string_view text) {
    CAPTURE(text);
    auto target = parse_wait_target(text);
    REQUIRE(target);
    return *target;
}

// The message of a target that is refused.
std::string refused(std::string_view text) {
    CAPTURE(text);
    const auto target = parse_wait_target(text);
    REQUIRE_FALSE(target);
    CHECK(target.error().fault == Fault::usage);
    return target.error().message;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

void check_refused(std::string_view text, std::string_view why) {
    const std::string message = refused(text);
    CHECK_MESSAGE(has(message, why), message);
}

}  // namespace

TEST_SUITE("platform") {

TEST_CASE("tcp is a host and a port, and an IPv6 address has brackets") {
    const WaitTarget name = good("tcp:db-1.example_x.org:5432");
    CHECK(name.kind == Kind::tcp);
    CHECK(name.host == "db-1.example_x.org");
    CHECK(name.port == 5432);
    CHECK(name.text == "tcp:db-1.example_x.org:5432");
    const WaitTarget six = good("tcp:[::1]:80");
    CHECK(six.host == "::1");
    CHECK(six.port == 80);
    CHECK(six.text == "tcp:[::1]:80");
    CHECK(good("TCP:127.0.0.1:65535").text == "tcp:127.0.0.1:65535");
}

TEST_CASE("a URL has a port and a path, or those that are usual") {
    const WaitTarget bare = good("http://web");
    CHECK(bare.kind == Kind::http);
    CHECK(bare.host == "web");
    CHECK(bare.port == 80);
    CHECK(bare.path == "/");
    CHECK(bare.text == "http://web");
    const WaitTarget whole = good("http:http://[::1]:8080/health/@x");
    CHECK(whole.host == "::1");
    CHECK(whole.port == 8080);
    CHECK(whole.path == "/health/@x");
    CHECK(whole.text == "http://[::1]:8080/health/@x");
    CHECK(good("http://web:81?x=1").path == "/?x=1");
    CHECK(good("HTTP://web/").text == "http://web/");
}

TEST_CASE("a query is sent and never shown") {
    const WaitTarget target = good("http://web/health?token=secret");
    CHECK(target.path == "/health?token=secret");
    CHECK(target.text == "http://web/health?***");
    CHECK_FALSE(has(refused("http://web:0/health?token=secret"), "secret"));
}

TEST_CASE("paths are of any bytes") {
    CHECK(good("unix:/run/a b@c:d").path == "/run/a b@c:d");
    CHECK(good("unix:relative").kind == Kind::unix_socket);
    const WaitTarget file = good("file:/run/\n?x");
    CHECK(file.kind == Kind::file);
    CHECK(file.path == "/run/\n?x");
    CHECK(file.text == "file:/run/\\x0a?x");
    CHECK(good("unix:" + std::string(107, 'a')).path.size() == 107);
    check_refused("unix:" + std::string(108, 'a'), "at most 107 bytes, this one has 108");
    check_refused("file:" + std::string(4'096, 'a'), "more than 4096 bytes");
    check_refused(std::string_view("file:/a\0b", 9), "null byte");
    check_refused("unix:", "a path is needed");
    check_refused("file:", "a path is needed");
}

TEST_CASE("https has a port of its own, and may be written behind http:") {
    for (const std::string_view text : {"https://web/a?b", "http:https://web/a?b"}) {
        const WaitTarget target = good(text);
        CHECK(target.kind == WaitTarget::Kind::https);
        CHECK(target.port == 443);
        CHECK(target.url() == "https://web:443/a?b");
        CHECK(target.text == "https://web/a?***");
    }
    CHECK(good("https://[::1]:8443").url() == "https://[::1]:8443/");
}

TEST_CASE("a user name and a password are refused, and not repeated") {
    for (const std::string_view text :
         {"http://me:secret@web/", "http:http://secret@web", "tcp:me:secret@web:1",
          "http://me:sec/secret@web", "postgres://me:secret@db/x", "https://me:secret@web",
          "http://me:se?secret@web", "me:secret@db:5432", "http://[secret@::1]/"}) {
        const std::string message = refused(text);
        CHECK_MESSAGE(!has(message, "secret"), message);
    }
    check_refused("http://me:secret@web/", "'http:***@web/': no user name and no password");
    check_refused("tcp:me@web:1", "no user name");
}

TEST_CASE("a port is a number from 1 to 65535") {
    for (const std::string_view text : {"tcp:db:0", "tcp:db:65536", "tcp:db:", "tcp:db:x",
                                        "tcp:db:-1", "tcp:db:+1", "http://web:/", "tcp:[::1]:"})
        check_refused(text, "from 1 to 65535");
    check_refused("tcp:db", "a port is needed, as in tcp:HOST:5432");
    check_refused("tcp:[::1]", "a port is needed");
}

TEST_CASE("a host is a name or an address") {
    for (const std::string_view text : {"tcp::80", "http:///x", "http://:80", "tcp:"})
        check_refused(text, "a host is needed");
    for (const std::string_view text : {"tcp:a b:80", "tcp:a\nb:80", "tcp:d\xC3\xA9:80"})
        check_refused(text, "letters, digits, dots and hyphens");
    check_refused("tcp:" + std::string(254, 'a') + ":80", "at most 253 bytes");
    check_refused("tcp:::1:80", "stands in brackets");
    check_refused("http://::1/", "stands in brackets");
    for (const std::string_view text : {"tcp:[127.0.0.1]:80", "tcp:[]:1", "tcp:[fe80::1%eth0]:1"})
        check_refused(text, "an IPv6 address, without a zone");
    check_refused("tcp:[::1:80", "']' is missing");
    check_refused("tcp:[::1]80", "a colon and the port");
}

TEST_CASE("a URL that could break the request is refused") {
    check_refused("http://web/a b", "percent-encoded");
    check_refused("http://web/\r\nX: y", "percent-encoded");
    check_refused("http://web/\xC3\xA9", "percent-encoded");
    check_refused("http://web/#x", "fragment");
    check_refused("http:web", "a URL is needed");
    check_refused("http:http:", "a URL is needed");
    check_refused("http:http", "a URL is needed");
}

TEST_CASE("another kind of target is told what there is, and what was meant") {
    check_refused("htp://web", "did you mean 'http'?");
    check_refused("tpc:db:1", "did you mean 'tcp'?");
    check_refused("db:5432", "did you mean 'tcp:db:5432'?");
    check_refused("tcp://db:5432", "tcp:HOST:PORT, without slashes");
    for (const std::string_view text : {"", "db", "/run/x", "postgres://db"})
        check_refused(text, "a target is tcp:HOST:PORT, http[s]://HOST[:PORT][/PATH]");
    check_refused("http://web/" + std::string(5'000, 'a'), "more than 4096 bytes");
    CHECK(refused("http://web/" + std::string(5'000, 'a')).size() < 400);
}

TEST_CASE("a request names host, port and kaigara, and asks for the connection's end") {
    CHECK(http_request(good("http://web/x?y")) == "GET /x?y HTTP/1.1\r\nHost: web\r\n"
                                                  "User-Agent: kaigara/" KAIGARA_VERSION "\r\n"
                                                  "Accept: */*\r\nConnection: close\r\n\r\n");
    CHECK(has(http_request(good("http://[::1]:8080")), "\r\nHost: [::1]:8080\r\n"));
}

TEST_CASE("a status line is taken as soon as it is whole, and garbage at its first wrong byte") {
    using State = StatusLine::State;
    const std::string line = "HTTP/1.1 204 No Content\r\n";
    for (std::size_t size = 0; size < line.size(); ++size)
        CHECK(read_status_line(line.substr(0, size)).state == State::incomplete);
    CHECK(read_status_line(line).status == 204);
    CHECK(read_status_line("HTTP/1.0 399\n").is_success());
    CHECK(read_status_line("HTTP/1.1 200\r\nX: y\r\n").is_success());
    CHECK_FALSE(read_status_line("HTTP/1.1 400 Bad\r\n").is_success());
    CHECK_FALSE(read_status_line("HTTP/1.1 199 Odd\r\n").is_success());
    for (const std::string_view text :
         {"S", "HTTP/1.1  200", "HTTP/11 200\r\n", "HTTP/1.1 2000\r\n", "HTTP/1.1 099 x\n",
          "http/1.1 200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 20\r\n"})
        CHECK(read_status_line(text).state == State::garbage);
    const std::string start = "HTTP/1.1 200 ";
    CHECK(read_status_line(start + std::string(1'010, 'x')).state == State::incomplete);
    CHECK(read_status_line(start + std::string(1'011, 'x')).state == State::garbage);
    CHECK(read_status_line(start + std::string(1'010, 'x') + "\n").is_success());
    CHECK(read_status_line(start + std::string(1'011, 'x') + "\n").state == State::garbage);
}

}  // TEST_SUITE("platform")
