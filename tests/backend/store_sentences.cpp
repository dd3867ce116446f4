// SPDX-License-Identifier: Apache-2.0

// Sessions, locks, writes and watches of a real store: the same sentences for etcd and for Consul.
// KAIGARA_TEST_STORE says which; the server's address comes by the variables of its own tools.

#include <chrono>
#include <cstdlib>
#include <optional>

#include <doctest/doctest.h>
#include <unistd.h>

#include "platform/http.h"
#include "remote/consul.h"
#include "remote/etcd.h"

using namespace kaigara;
using namespace kaigara::remote;
using Clock = std::chrono::steady_clock;

namespace {

bool is_consul() {
    const char* which = std::getenv("KAIGARA_TEST_STORE");
    return which != nullptr && std::string_view(which) == "consul";
}

struct Scene {
    explicit Scene(std::vector<std::string> extra = {}) : owned(std::move(extra)) {
        for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
        for (const std::string& entry : owned) entries.emplace_back(entry);
        auto made = is_consul() ? connect_consul(client, entries) : connect_etcd(client, entries);
        REQUIRE_MESSAGE(made, (made ? "" : made.error().text()));
        store = std::move(*made);
        static int count = 0;
        prefix = "test/" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    }

    // What a call answers, or nothing when `limit` is over; the call is ended then.
    template <class T, class Begin>
    std::optional<Result<T, Failure>> within(Milliseconds limit, Begin begin) {
        std::optional<Result<T, Failure>> answer;
        bool is_late = false;
        platform::Timer timer(loop, [&] {
            is_late = true;
            loop.stop();
        });
        timer.start(limit);
        CallPtr call = begin([&](Result<T, Failure> got) {
            answer.emplace(std::move(got));
            loop.stop();
        });
        CHECK_FALSE(answer);
        while (!answer && !is_late) loop.run();
        return answer;
    }
    template <class T, class Begin>
    T must(Begin begin) {
        auto answer = within<T>(Milliseconds(15'000), begin);
        REQUIRE(answer);
        REQUIRE_MESSAGE(*answer, (*answer ? "" : answer->error().error.text()));
        if constexpr (!std::is_void_v<T>) return std::move(**answer);
    }

    Listing list() {
        return must<Listing>([&](Answered<Listing> f) { return store->list(prefix, f); });
    }
    Session session() {
        return must<Session>([&](Answered<Session> f) {
            return store->open_session("test", Milliseconds(10'000), f);
        });
    }
    LockAttempt lock(const Session& by, const std::string& who) {
        return must<LockAttempt>(
            [&](Answered<LockAttempt> f) { return store->try_lock(prefix + "/lock", by, who, f); });
    }
    Written write(const HeldLock& by, WriteMode mode, const std::string& key,
                  const std::string& value = "v") {
        return must<Written>([&](Answered<Written> f) {
            return store->write(by, mode, prefix + "/" + key, value, f);
        });
    }
    void close(const Session& session) {
        must<void>([&](Answered<void> f) { return store->close_session(session, f); });
    }

    std::vector<std::string> owned;
    std::vector<std::string_view> entries;
    platform::Loop loop;
    platform::HttpClient client{loop};
    std::unique_ptr<Store> store;
    std::string prefix;
};

}  // namespace

TEST_CASE("one session has the lock, the other is told by whom") {
    Scene scene;
    const Session a = scene.session();
    const Session b = scene.session();
    const auto had = scene.lock(a, "web-1");
    REQUIRE(had.held);
    const auto lost = scene.lock(b, "web-2");
    CHECK_FALSE(lost.held);
    CHECK(lost.holder == "web-1");
    CHECK(scene.lock(a, "web-1").held);
    scene.must<void>([&](Answered<void> f) { return scene.store->unlock(*had.held, f); });
    CHECK(scene.lock(b, "web-2").held);
    scene.close(a);
    scene.close(b);
}

TEST_CASE("what is written under a lock is there; a key that is there is not made anew") {
    Scene scene;
    const Session a = scene.session();
    const auto had = scene.lock(a, "web-1");
    REQUIRE(had.held);
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    CHECK(scene.write(*had.held, WriteMode::make, "k", bytes) == Written::yes);
    CHECK(scene.write(*had.held, WriteMode::make, "k", "other") == Written::exists);
    CHECK(scene.write(*had.held, WriteMode::replace, "empty", "") == Written::yes);
    const Listing listing = scene.list();
    REQUIRE(listing.entries.size() == 3);
    CHECK(listing.entries[0].key == "empty");
    CHECK(listing.entries[0].value.empty());
    CHECK(listing.entries[1].key == "k");
    CHECK(listing.entries[1].value == bytes);
    CHECK(scene.write(*had.held, WriteMode::remove, "k") == Written::yes);
    CHECK(scene.list().entries.size() == 2);
    scene.close(a);
}

TEST_CASE("who has lost the lock writes nothing") {
    Scene scene;
    const Session a = scene.session();
    const auto had = scene.lock(a, "web-1");
    REQUIRE(had.held);
    scene.close(a);
    scene.close(a);
    for (const WriteMode mode : {WriteMode::make, WriteMode::replace, WriteMode::remove})
        CHECK(scene.write(*had.held, mode, "k") == Written::lost_lock);
    for (const KeyValue& entry : scene.list().entries) CHECK(entry.key != "k");
    CHECK_FALSE(
        scene.must<bool>([&](Answered<bool> f) { return scene.store->renew_session(a, f); }));
}

TEST_CASE("a change below the prefix ends the wait, one beside it does not") {
    Scene scene;
    const Session a = scene.session();
    const auto had = scene.lock(a, "web-1");
    REQUIRE(had.held);
    const Listing seen = scene.list();
    CHECK(scene.must<bool>([&](Answered<bool> f) { return scene.store->renew_session(a, f); }));
    const auto wait = [&](Answered<void> f) {
        return scene.store->await_change(scene.prefix, seen, f);
    };
    const std::string own = scene.prefix;
    scene.prefix += "-beside";
    REQUIRE(scene.write(*had.held, WriteMode::make, "k") == Written::yes);
    scene.prefix = own;
    CHECK_FALSE(scene.within<void>(Milliseconds(1'000), wait));
    REQUIRE(scene.write(*had.held, WriteMode::make, "k") == Written::yes);
    const auto changed = scene.within<void>(Milliseconds(5'000), wait);
    REQUIRE(changed);
    CHECK(*changed);
    scene.close(a);
}

TEST_CASE("a lock that is given back ends the wait of others") {
    Scene scene;
    const Session a = scene.session();
    const auto had = scene.lock(a, "web-1");
    REQUIRE(had.held);
    const Listing seen = scene.list();
    scene.must<void>([&](Answered<void> f) { return scene.store->unlock(*had.held, f); });
    CHECK(scene.within<void>(Milliseconds(5'000), [&](Answered<void> f) {
        return scene.store->await_change(scene.prefix, seen, f);
    }));
    scene.close(a);
}

TEST_CASE("a holder whose session ends frees its lock, which ends the wait of others") {
    Scene scene;
    const Session a = scene.session();
    REQUIRE(scene.lock(a, "web-1").held);
    const Listing seen = scene.list();
    scene.close(a);
    CHECK(scene.within<void>(Milliseconds(5'000), [&](Answered<void> f) {
        return scene.store->await_change(scene.prefix, seen, f);
    }));
}

TEST_CASE("a holder that stops renewing frees its lock, which ends the wait of others") {
    Scene scene;
    const Session a = scene.session();
    REQUIRE(scene.lock(a, "web-1").held);
    const Listing seen = scene.list();
    const auto begun = Clock::now();
    CHECK(scene.within<void>(Milliseconds(25'000), [&](Answered<void> f) {
        return scene.store->await_change(scene.prefix, seen, f);
    }));
    MESSAGE("waited ", std::chrono::duration<double>(Clock::now() - begun).count(), " s");
    const Session b = scene.session();
    std::optional<HeldLock> next;
    while (!next && Clock::now() - begun < std::chrono::seconds(28))
        next = scene.lock(b, "web-2").held;
    CHECK(next);
    scene.close(b);
}

TEST_CASE("an attempt with a session that is gone is a failure that says so") {
    Scene scene;
    const Session a = scene.session();
    scene.close(a);
    const auto answer =
        scene.within<LockAttempt>(Milliseconds(5'000), [&](Answered<LockAttempt> f) {
            return scene.store->try_lock(scene.prefix + "/lock", a, "web", f);
        });
    REQUIRE(answer);
    REQUIRE_FALSE(*answer);
    MESSAGE((answer->error().is_final ? "final: " : "again: "), answer->error().error.text());
}

TEST_CASE("calls that are destroyed at any moment leave nothing") {
    Scene scene;
    for (int ms = 0; ms < 12; ++ms) {
        (void)scene.within<Listing>(Milliseconds(ms), [&](Answered<Listing> f) {
            return scene.store->list(scene.prefix, f);
        });
        (void)scene.within<void>(Milliseconds(ms), [&](Answered<void> f) {
            return scene.store->await_change(scene.prefix, Listing{{}, 1, ""}, f);
        });
    }
    CHECK(scene.list().entries.empty());
}

TEST_CASE("a write that the token may not do is a failure, and not a key that exists") {
    const char* token = std::getenv("KAIGARA_TEST_WEAK_TOKEN");
    if (!is_consul() || token == nullptr) return;
    Scene scene({std::string("CONSUL_HTTP_TOKEN=") + token});
    scene.prefix = "weak";
    const Session a = scene.session();
    const auto had = scene.lock(a, "web-1");
    REQUIRE(had.held);
    for (const WriteMode mode : {WriteMode::make, WriteMode::replace, WriteMode::remove}) {
        const auto answer = scene.within<Written>(Milliseconds(5'000), [&](Answered<Written> f) {
            return scene.store->write(*had.held, mode, "weak/new", "v", f);
        });
        REQUIRE(answer);
        CHECK_MESSAGE(!*answer, "answers Written " << (*answer ? static_cast<int>(**answer) : -1));
    }
    scene.close(a);
}
