// SPDX-License-Identifier: Apache-2.0

// A ledger in a cluster, with a store that loses answers and locks at the moment that the test
// chooses. tests/backend has the same ledger in real stores.

#include "provision/ledger_cluster.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fake_store.h"
#include "scene.h"

using namespace kaigara;
using namespace kaigara::provision;
using namespace kaigara::test;

namespace {

class Cluster {
public:
    Cluster() {
        auto owned = std::make_unique<FakeStore>(loop);
        store = owned.get();
        ClusterOptions options;
        options.prefix = "app";
        options.name = "fake:app";
        options.clock = [this] { return now; };
        ledger = std::make_unique<ClusterLedger>(loop, std::move(owned), std::move(options));
    }

    Result<TakenLedger> take(const Ledger::StillNeeded& still_needed = {}) {
        std::optional<Result<TakenLedger>> taken;
        ledger->take(Milliseconds(60'000), still_needed, [&](Result<TakenLedger> answer) {
            taken = std::move(answer);
            loop.stop();
        });
        while (!taken) loop.run();
        return std::move(*taken);
    }

    Result<void> append(HeldLedger& held, LedgerEvent event) {
        std::optional<Result<void>> recorded;
        held.append({event, "10-a", ""}, [&](Result<void> answer) {
            recorded = std::move(answer);
            loop.stop();
        });
        while (!recorded) loop.run();
        return std::move(*recorded);
    }

    void settle() {
        ledger->on_settled([this] { loop.stop(); });
        while (!ledger->is_settled()) loop.run();
    }

    // EVENT of each record.
    std::vector<std::string> events() const {
        std::vector<std::string> events;
        for (const auto& [key, value] : store->keys) {
            const auto line = parse_ledger_line(value);
            if (line) events.emplace_back(line->event);
        }
        return events;
    }

    LogCapture log;
    platform::Loop loop;
    Milliseconds now{1'000'000};
    FakeStore* store = nullptr;
    std::unique_ptr<ClusterLedger> ledger;
};

using Events = std::vector<std::string>;

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("records are written one by one, and what was held is given back") {
    Cluster cluster;
    {
        auto taken = cluster.take();
        REQUIRE(taken);
        REQUIRE(taken->held);
        CHECK(cluster.store->keys.contains("app/lock"));
        CHECK(cluster.append(*taken->held, LedgerEvent::started));
        CHECK(cluster.append(*taken->held, LedgerEvent::done));
        CHECK(cluster.ledger->is_settled());
    }
    CHECK_FALSE(cluster.ledger->is_settled());
    cluster.settle();
    CHECK_FALSE(cluster.store->keys.contains("app/lock"));
    CHECK(cluster.store->closed == 1);
    CHECK(cluster.events() == Events{"ledger", "started", "done"});
    CHECK(cluster.store->keys.contains("app/records/0000000003"));
    auto again = cluster.take();
    REQUIRE(again);
    CHECK(again->state.history.at("10-a").has_succeeded);
    again->held.reset();
    cluster.settle();
}

TEST_CASE("a record whose answer was lost is found to be written, and is not written twice") {
    Cluster cluster;
    auto taken = cluster.take();
    REQUIRE(taken);
    cluster.store->on_write = [](int number, remote::Written written) {
        if (number == 2) return Result<remote::Written, remote::Failure>(FakeStore::failure());
        return Result<remote::Written, remote::Failure>(written);
    };
    CHECK(cluster.append(*taken->held, LedgerEvent::started));
    CHECK(cluster.store->writes == 3);
    CHECK(cluster.events() == Events{"ledger", "started"});
    CHECK(cluster.append(*taken->held, LedgerEvent::done));
    CHECK(cluster.events() == Events{"ledger", "started", "done"});
    taken->held.reset();
    cluster.settle();
}

TEST_CASE("a record whose answer was lost is written even where the lock was lost after it") {
    Cluster cluster;
    auto taken = cluster.take();
    REQUIRE(taken);
    CHECK(cluster.append(*taken->held, LedgerEvent::started));
    cluster.store->on_write = [&cluster](int, remote::Written written) {
        if (written != remote::Written::yes)
            return Result<remote::Written, remote::Failure>(written);
        cluster.store->holder_session = "another";
        return Result<remote::Written, remote::Failure>(FakeStore::failure());
    };
    CHECK(cluster.append(*taken->held, LedgerEvent::done));
    CHECK(cluster.events() == Events{"ledger", "started", "done"});
    taken->held.reset();
    cluster.settle();
}

TEST_CASE("who has lost the lock writes nothing, and is told so") {
    Cluster cluster;
    auto taken = cluster.take();
    REQUIRE(taken);
    CHECK(cluster.append(*taken->held, LedgerEvent::started));
    cluster.store->holder_session = "another";
    const auto refused = cluster.append(*taken->held, LedgerEvent::done);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::lock);
    CHECK(cluster.events() == Events{"ledger", "started"});
    taken->held.reset();
    cluster.settle();
    // The lock is another's: it was not touched.
    CHECK(cluster.store->keys.contains("app/lock"));
}

TEST_CASE("nothing starts on a record that was written while the lock's time passed") {
    Cluster cluster;
    auto taken = cluster.take();
    REQUIRE(taken);
    cluster.store->on_write = [&cluster](int number, remote::Written written) {
        if (number == 2) cluster.now += Milliseconds(11'000);
        return Result<remote::Written, remote::Failure>(written);
    };
    const auto refused = cluster.append(*taken->held, LedgerEvent::started);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::lock);
    taken->held.reset();
    cluster.settle();
}

TEST_CASE("a record of somebody else in our place is an error, not ours") {
    Cluster cluster;
    auto taken = cluster.take();
    REQUIRE(taken);
    cluster.store->keys["app/records/0000000001"] = "something";
    const auto refused = cluster.append(*taken->held, LedgerEvent::started);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::input_output);
    CHECK(cluster.store->keys["app/records/0000000001"] == "something");
    taken->held.reset();
    cluster.settle();
}

TEST_CASE("who waits and is not needed any more goes on without the lock") {
    Cluster cluster;
    cluster.store->keys["app/lock"] = "web-1, process 7";
    cluster.store->holder_session = "another";
    int asked = 0;
    const auto taken = cluster.take([&asked](const LedgerState& state) {
        CHECK(state.in_use);
        return ++asked < 3;
    });
    REQUIRE(taken);
    CHECK_FALSE(taken->held);
    CHECK(asked == 3);
    CHECK(cluster.store->sessions == 0);
    CHECK(cluster.log.has("waiting for the ledger fake:app, which is in use, by web-1, process 7"));
}

TEST_CASE("what the ledger says is looked at once more when the lock is had") {
    Cluster cluster;
    int listed = 0;
    int asked = 0;
    cluster.store->before_list = [&listed] { ++listed; };
    const auto taken = cluster.take([&asked](const LedgerState&) { return ++asked < 2; });
    REQUIRE(taken);
    CHECK_FALSE(taken->held);
    CHECK(listed == 2);
    cluster.settle();
    CHECK_FALSE(cluster.store->keys.contains("app/lock"));
    CHECK(cluster.store->closed == 1);
}

TEST_CASE("a call that is cancelled while it has the session gives that back") {
    Cluster cluster;
    cluster.store->before_list = [&cluster] {
        if (cluster.store->sessions == 0) return;
        cluster.store->is_silent = true;
        cluster.loop.stop();
    };
    bool is_told = false;
    cluster.ledger->take(Milliseconds(60'000), {},
                         [&is_told](const Result<TakenLedger>&) { is_told = true; });
    cluster.loop.run();
    CHECK(cluster.store->keys.contains("app/lock"));
    cluster.store->is_silent = false;
    cluster.ledger->cancel();
    cluster.settle();
    CHECK_FALSE(is_told);
    CHECK_FALSE(cluster.store->keys.contains("app/lock"));
}

TEST_CASE("keys that are not those of their records are damage") {
    const auto refusal_of = [](const remote::Listing& listing) {
        const auto read = read_cluster_ledger(text_of(listing), "fake:app");
        return read ? std::string() : read.error().text();
    };
    const std::string first =
        format_ledger_line({LedgerEvent::ledger, "", "format=1"}, 1, "2026-01-02T03:04:05.678Z", 0);
    const std::string line = first.substr(0, first.size() - 1);
    CHECK(refusal_of({}).empty());
    CHECK(refusal_of({{{"lock", "x"}, {"records/", ""}, {"records/0000000001", line}}, 1, ""})
              .empty());
    CHECK_FALSE(refusal_of({{{"records/0000000002", line}}, 1, ""}).empty());
    CHECK_FALSE(refusal_of({{{"records/1", line}}, 1, ""}).empty());
    CHECK_FALSE(refusal_of({{{"records/0000000001", ""}}, 1, ""}).empty());
    CHECK_FALSE(refusal_of({{{"records/0000000001", line + "\n"}}, 1, ""}).empty());
    CHECK_FALSE(refusal_of({{{"records/0000000001", line.substr(1)}}, 1, ""}).empty());
}

}  // TEST_SUITE("provision")
