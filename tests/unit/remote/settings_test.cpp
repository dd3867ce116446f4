// SPDX-License-Identifier: Apache-2.0
#include "remote/settings.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace kaigara;
using namespace kaigara::remote;

namespace {

using Entries = std::vector<std::string_view>;

Result<std::string> read_file(const std::string& path) {
    if (path == "/token") return std::string("  s3cret\n");
    return Error{Fault::input_output, 2, "no such file", path};
}

ConsulSettings consul(const Entries& entries) {
    auto settings = read_consul_settings(entries, read_file);
    REQUIRE_MESSAGE(settings, (settings ? "" : settings.error().text()));
    return std::move(*settings);
}

std::string consul_refused(const Entries& entries) {
    const auto settings = read_consul_settings(entries, read_file);
    REQUIRE_FALSE(settings);
    CHECK(settings.error().fault == Fault::configuration);
    CHECK(settings.error().text().find("s3cret") == std::string::npos);
    return settings.error().where;
}

std::string endpoints(const Entries& entries) {
    const auto settings = read_etcd_settings(entries);
    return settings ? fmt::format("{}", fmt::join(settings->endpoints, " "))
                    : "refused: " + settings.error().where;
}

}  // namespace

TEST_SUITE("remote") {

TEST_CASE("an address of Consul may lack its scheme, or be a socket") {
    CHECK(consul({}).address == "http://127.0.0.1:8500");
    CHECK(consul({"CONSUL_HTTP_ADDR="}).address == "http://127.0.0.1:8500");
    CHECK(consul({"CONSUL_HTTP_ADDR=c:1"}).address == "http://c:1");
    CHECK(consul({"CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_ADDR=b:2"}).address == "http://b:2");
    CHECK(consul({"CONSUL_HTTP_ADDR=https://c:1/"}).address == "https://c:1");
    CHECK(consul({"CONSUL_HTTP_ADDR=HTTP://c:1/proxy/"}).address == "http://c:1/proxy");
    CHECK(consul({"CONSUL_HTTP_ADDR=c:1", "CONSUL_HTTP_SSL=true"}).address == "https://c:1");
    CHECK(consul({"CONSUL_HTTP_ADDR=unix:///run/c.sock"}).unix_socket == "/run/c.sock");
}

TEST_CASE("a token comes from the variable, else from the file, without blanks around it") {
    CHECK(consul({"CONSUL_HTTP_TOKEN=abc", "CONSUL_HTTP_TOKEN_FILE=/nowhere"}).token == "abc");
    CHECK(consul({"CONSUL_HTTP_TOKEN_FILE=/token"}).token == "s3cret");
    CHECK(consul_refused({"CONSUL_HTTP_TOKEN_FILE=/nowhere"}) == "CONSUL_HTTP_TOKEN_FILE");
    CHECK(consul_refused({"CONSUL_HTTP_TOKEN=s3cret\nX-Evil: 1"}) == "CONSUL_HTTP_TOKEN");
}

TEST_CASE("the other variables of Consul are where they belong") {
    const ConsulSettings settings =
        consul({"CONSUL_HTTP_AUTH=me:pw", "CONSUL_HTTP_SSL_VERIFY=0", "CONSUL_CACERT=/ca",
                "CONSUL_CAPATH=/cas", "CONSUL_CLIENT_CERT=/c", "CONSUL_CLIENT_KEY=/k",
                "CONSUL_TLS_SERVER_NAME=s", "CONSUL_NAMESPACE=a b", "CONSUL_PARTITION=p"});
    CHECK(settings.authorization == "me:pw");
    CHECK_FALSE(settings.tls.verify);
    CHECK(settings.tls.authorities_file == "/ca");
    CHECK(settings.tls.authorities_directory == "/cas");
    CHECK(settings.tls.certificate == "/c");
    CHECK(settings.tls.key == "/k");
    CHECK(settings.tls.server_name == "s");
    CHECK(settings.query == "ns=a%20b&partition=p");
    CHECK(consul({}).tls.verify);
}

TEST_CASE("what cannot be meant is refused, with the variable's name") {
    for (const std::string_view bad :
         {"ftp://c", "http://", ":8500", "c:1?x", "c d", "http://me:s3cret@c", "unix://"}) {
        CAPTURE(bad);
        const std::string entry = fmt::format("CONSUL_HTTP_ADDR={}", bad);
        CHECK(consul_refused({entry}) == "CONSUL_HTTP_ADDR");
    }
    CHECK(consul_refused({"CONSUL_HTTP_SSL=maybe"}) == "CONSUL_HTTP_SSL");
    CHECK(consul_refused({"CONSUL_CLIENT_CERT=/c"}) == "CONSUL_CLIENT_KEY");
    CHECK(consul_refused({"CONSUL_CLIENT_KEY=/k"}) == "CONSUL_CLIENT_CERT");
}

TEST_CASE("endpoints of etcd are a list, by https where there is anything of TLS") {
    CHECK(endpoints({}) == "http://127.0.0.1:2379");
    CHECK(endpoints({"ETCDCTL_ENDPOINTS=a:1, https://b:2/,http://c:3"}) ==
          "http://a:1 https://b:2 http://c:3");
    CHECK(endpoints({"ETCDCTL_ENDPOINTS=a:1,http://b:2", "ETCDCTL_CACERT=/ca"}) ==
          "https://a:1 http://b:2");
    CHECK(endpoints({"ETCDCTL_ENDPOINTS=a:1,"}) == "http://a:1");
    CHECK(endpoints({"ETCDCTL_ENDPOINTS=,"}) == "refused: ETCDCTL_ENDPOINTS");
    CHECK(endpoints({"ETCDCTL_CERT=/c"}) == "refused: ETCDCTL_KEY");
    CHECK(endpoints({"ETCDCTL_INSECURE_SKIP_TLS_VERIFY=x"}) ==
          "refused: ETCDCTL_INSECURE_SKIP_TLS_VERIFY");
}

TEST_CASE("a user of etcd may bring the password along") {
    const Entries both[] = {{"ETCDCTL_USER=app:s3:cret"},
                            {"ETCDCTL_USER=app", "ETCDCTL_PASSWORD=s3:cret"}};
    for (const Entries& entries : both) {
        const auto settings = read_etcd_settings(entries);
        REQUIRE(settings);
        CHECK(settings->user == "app");
        CHECK(settings->password == "s3:cret");
    }
    CHECK(endpoints({"ETCDCTL_USER=app"}) == "refused: ETCDCTL_PASSWORD");
}

TEST_CASE("of a path every byte is encoded that a URL cannot have") {
    CHECK(encode_path("app/a b/\xc3\xbc?#%+") == "app/a%20b/%C3%BC%3F%23%25%2B");
}

}  // TEST_SUITE("remote")
