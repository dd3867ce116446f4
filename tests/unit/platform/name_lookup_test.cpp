// SPDX-License-Identifier: Apache-2.0
#include "platform/name_lookup.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "sockets.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;

namespace {

using Addresses = Result<std::vector<SocketAddress>>;
using Known = std::map<std::string, std::vector<std::string>>;

std::string text_of(const SocketAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_four = address.family() == AF_INET;
    const auto* four = reinterpret_cast<const sockaddr_in*>(address.get());
    const auto* six = reinterpret_cast<const sockaddr_in6*>(address.get());
    ::inet_ntop(address.family(),
                is_four ? static_cast<const void*>(&four->sin_addr) : &six->sin6_addr, text.data(),
                text.size());
    return std::string(text.data()) + " " +
           std::to_string(ntohs(is_four ? four->sin_port : six->sin6_port));
}

// Sorted, for the order is c-ares' choice; or the reason why there is none.
std::vector<std::string> texts_of(const Addresses& found) {
    if (!found) return {found.error().message};
    std::vector<std::string> texts;
    for (const SocketAddress& address : *found) texts.push_back(text_of(address));
    std::ranges::sort(texts);
    return texts;
}

class Asking {
public:
    explicit Asking(Known addresses = {}) : server(loop, std::move(addresses)) {
        resolver.configuration = scratch.write("resolv.conf", "nameserver 127.0.0.1\n");
        resolver.port = server.port();
    }

    std::vector<std::string> look_up(const std::string& host) {
        std::optional<Addresses> answer;
        NameLookup lookup(
            loop, host, 80, [&answer](Addresses found) { answer = std::move(found); }, resolver);
        lookup.start();
        CHECK_FALSE(answer);
        REQUIRE(test::run_until(loop, [&answer] { return answer.has_value(); }));
        return texts_of(*answer);
    }

    test::ScratchDir scratch;
    Loop loop;
    test::NameServer server;
    Resolver resolver;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("platform") {

TEST_CASE("a name server is asked for the addresses of both families") {
    Asking asking(Known{{"db.test", {"192.0.2.1", "192.0.2.2", "2001:db8::1"}}});
    CHECK(asking.look_up("db.test") == Texts{"192.0.2.1 80", "192.0.2.2 80", "2001:db8::1 80"});
}

TEST_CASE("one family is enough") {
    Asking asking(Known{{"four.test", {"192.0.2.1"}}, {"six.test", {"2001:db8::1"}}});
    CHECK(asking.look_up("four.test") == Texts{"192.0.2.1 80"});
    CHECK(asking.look_up("six.test") == Texts{"2001:db8::1 80"});
}

TEST_CASE("search domains of resolv.conf are tried") {
    Asking asking(Known{{"db.inner.test", {"192.0.2.1"}}});
    asking.scratch.write("resolv.conf",
                         "search outer.test inner.test\nnameserver 127.0.0.1\noptions ndots:3\n");
    CHECK(asking.look_up("db") == Texts{"192.0.2.1 80"});
}

TEST_CASE("why there is no address is said") {
    Asking asking(Known{{"empty.test", {}}});
    CHECK(asking.look_up("no.such.test") == Texts{"name not found"});
    CHECK(asking.look_up("empty.test") == Texts{"the name has no address"});
    CHECK(asking.look_up("a..b") == Texts{"is no host's name"});
}

TEST_CASE("localhost is this host, which nobody is asked for") {
    Asking asking;
    const Texts both = {"127.0.0.1 80", "::1 80"};
    for (const std::string host : {"localhost", "LocalHost.", "db.localhost"})
        CHECK(asking.look_up(host) == both);
    CHECK(asking.server.questions() == 0);
    CHECK(asking.look_up("nolocalhost") == Texts{"name not found"});
    CHECK(asking.server.questions() > 0);
}

TEST_CASE("without resolv.conf the name server of this host is asked") {
    Asking asking(Known{{"db.test", {"192.0.2.1"}}});
    asking.resolver.configuration = asking.scratch / "absent";
    CHECK(asking.look_up("db.test") == Texts{"192.0.2.1 80"});
}

TEST_CASE("a name server that cannot be reached is told apart from a name that does not exist") {
    Asking asking;
    const test::Listener port("127.0.0.1", false);
    asking.resolver.port = port.port();
    CHECK(asking.look_up("db.test") == Texts{"no name server can be reached"});
}

TEST_CASE("a silent name server is asked twice, and then given up") {
    Asking asking(Known{{"slow.test", {"silent"}}});
    asking.resolver.patience = Milliseconds(50);
    CHECK(asking.look_up("slow.test") == Texts{"the name servers do not answer"});
    CHECK(asking.server.questions() == 4);
}

TEST_CASE("a lookup may be dropped while it is asked, and before it has told its answer") {
    const std::size_t descriptors = test::open_descriptors();
    {
        Asking asking(Known{{"slow.test", {"silent"}}});
        bool told = false;
        {
            NameLookup lookup(
                asking.loop, "slow.test", 80, [&told](const Addresses&) { told = true; },
                asking.resolver);
            lookup.start();
            REQUIRE(test::run_until(asking.loop, [&] { return asking.server.questions() > 0; }));
        }
        {
            NameLookup lookup(
                asking.loop, "localhost", 80, [&told](const Addresses&) { told = true; },
                asking.resolver);
            lookup.start();
        }
        {
            const NameLookup never_started(asking.loop, "localhost", 80, {});
        }
        asking.loop.run_ready();
        CHECK_FALSE(told);
    }
    CHECK(test::open_descriptors() == descriptors);
}

TEST_CASE("a lookup may be destroyed in its own callback") {
    Asking asking(Known{{"db.test", {"192.0.2.1"}}});
    std::unique_ptr<NameLookup> lookup;
    lookup = std::make_unique<NameLookup>(
        asking.loop, "db.test", 80, [&lookup](const Addresses&) { lookup.reset(); },
        asking.resolver);
    lookup->start();
    CHECK(test::run_until(asking.loop, [&lookup] { return lookup == nullptr; }));
}

}  // TEST_SUITE("platform")
