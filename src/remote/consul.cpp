// SPDX-License-Identifier: Apache-2.0
#include "remote/consul.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "platform/files.h"
#include "platform/loop.h"
#include "remote/base64.h"
#include "remote/consul_wire.h"
#include "remote/exchange.h"
#include "remote/settings.h"

namespace kaigara::remote {

namespace {

using platform::HttpAnswer;
using platform::HttpRequest;

constexpr std::size_t largest_token = 4'096;
constexpr Milliseconds longest_wait{300'000};
// Consul adds up to a sixteenth of the wait.
constexpr Milliseconds wait_timeout = longest_wait * 17 / 16 + Milliseconds(10'000);
// Between two blocking queries: a prefix without keys wakes with every write to the store.
constexpr Milliseconds shortest_round{100};

struct Consul {
    Endpoints endpoints;
    std::string query;  // "&ns=..."
};

HttpRequest request_for(const Consul& consul, std::string path, std::string method = "GET",
                        std::string body = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(path);
    if (!consul.query.empty()) {
        request.url += request.url.find('?') == std::string::npos ? '?' : '&';
        request.url += consul.query;
    }
    request.body = std::move(body);
    return request;
}

// The judgement of a pure function, with the store as its place.
template <class T>
Result<T, Failure> placed(const Consul& consul, Result<T, consul::Refusal> result) {
    if (result) return std::move(*result);
    return failure_of(consul.endpoints, std::move(result.error().message), result.error().is_final);
}

// Reads the tree, and then whether that is all there is.
class ListCall : public Call {
public:
    ListCall(Consul& consul, std::string prefix, Answered<Listing> on_done)
        : consul_(consul), prefix_(std::move(prefix)), on_done_(std::move(on_done)) {
        ask(consul::read_tree(prefix_), &ListCall::on_tree);
    }

private:
    using Step = void (ListCall::*)(const HttpAnswer& answer);

    void ask(std::string path, Step step) {
        step_ = step;
        exchange_ = std::make_unique<Exchange>(
            consul_.endpoints, request_for(consul_, std::move(path)), Repeat::anywhere,
            [this](Result<HttpAnswer, Failure> answer) { on_answer(std::move(answer)); });
        exchange_->start();
    }
    void on_answer(Result<HttpAnswer, Failure> answer) {
        if (!answer) return finish(std::move(answer).error());
        (this->*step_)(*answer);
    }
    void on_tree(const HttpAnswer& answer) {
        auto listing = placed(consul_, consul::parse_tree(answer, prefix_));
        if (!listing) return finish(std::move(listing).error());
        listing_ = std::move(*listing);
        ask(consul::read_probe(prefix_), &ListCall::on_probe);
    }
    void on_probe(const HttpAnswer& answer) {
        if (answer.status == 403)
            return finish(failure_of(
                consul_.endpoints,
                fmt::format("the token may not read all of '{}': it needs key_prefix \"{}/\" with "
                            "policy \"read\"",
                            prefix_, prefix_),
                true));
        finish(std::move(listing_));
    }
    void finish(Result<Listing, Failure> result) {
        const auto on_done = std::move(on_done_);
        on_done(std::move(result));
    }

    Consul& consul_;
    std::string prefix_;
    Answered<Listing> on_done_;
    Step step_ = nullptr;
    Listing listing_;
    std::unique_ptr<Exchange> exchange_;
};

// Blocking queries, one after the other, until the index is another one. Whether that means other
// keys or values shows who lists them; one that went backwards is of another history, a restored
// store.
class ChangeCall : public Call {
public:
    ChangeCall(Consul& consul, platform::Loop& loop, std::string prefix, std::uint64_t seen,
               Answered<void> on_done)
        : consul_(consul), prefix_(std::move(prefix)), seen_(seen), on_done_(std::move(on_done)),
          timer_(loop, [this] { ask(); }) {
        ask();
    }

private:
    using Clock = std::chrono::steady_clock;

    void ask() {
        asked_ = Clock::now();
        HttpRequest request =
            request_for(consul_, consul::read_tree_after(prefix_, seen_, longest_wait));
        request.timeout = wait_timeout;
        exchange_ = std::make_unique<Exchange>(
            consul_.endpoints, std::move(request), Repeat::unless_sent,
            [this](Result<HttpAnswer, Failure> answer) { on_answer(std::move(answer)); });
        exchange_->start();
    }
    void on_answer(Result<HttpAnswer, Failure> answer) {
        if (!answer) return finish(std::move(answer).error());
        if (answer->status != 200 && answer->status != 404) {
            consul::Refusal refusal = consul::refuse(*answer);
            return finish(
                failure_of(consul_.endpoints, std::move(refusal.message), refusal.is_final));
        }
        if (consul::index_of(*answer) != seen_) return finish({});
        const auto passed = std::chrono::duration_cast<Milliseconds>(Clock::now() - asked_);
        timer_.start(passed < shortest_round ? shortest_round - passed : Milliseconds(0));
    }
    void finish(Result<void, Failure> result) {
        const auto on_done = std::move(on_done_);
        on_done(std::move(result));
    }

    Consul& consul_;
    std::string prefix_;
    std::uint64_t seen_;
    Answered<void> on_done_;
    platform::Timer timer_;
    Clock::time_point asked_;
    std::unique_ptr<Exchange> exchange_;
};

// Asks for the lock, and where somebody has it, who.
class LockCall : public Call {
public:
    LockCall(Consul& consul, std::string key, Session session, std::string value,
             Answered<LockAttempt> on_done)
        : consul_(consul), key_(consul::clean_key(key)), session_(std::move(session)),
          on_done_(std::move(on_done)) {
        auto request = request_for(consul_, consul::key_path(key_) + "?acquire=" + session_.id,
                                   "PUT", std::move(value));
        // The same session asks again without harm.
        ask(std::move(request),
            [this](Result<HttpAnswer, Failure> answer) { on_acquired(std::move(answer)); });
    }

private:
    void ask(HttpRequest request, Exchange::OnDone on_answer) {
        exchange_ = std::make_unique<Exchange>(consul_.endpoints, std::move(request),
                                               Repeat::anywhere, std::move(on_answer));
        exchange_->start();
    }
    void on_acquired(Result<HttpAnswer, Failure> answer) {
        if (!answer) return finish(std::move(answer).error());
        const auto is_ours = placed(consul_, consul::parse_flag(*answer));
        if (!is_ours) return finish(is_ours.error());
        if (*is_ours) return finish(LockAttempt{HeldLock{key_, session_, ""}, ""});
        ask(request_for(consul_, consul::key_path(key_)),
            [this](Result<HttpAnswer, Failure> holder) { on_holder(std::move(holder)); });
    }
    void on_holder(Result<HttpAnswer, Failure> answer) {
        if (!answer) return finish(std::move(answer).error());
        auto holder = placed(consul_, consul::parse_value(*answer));
        if (!holder) return finish(std::move(holder).error());
        finish(LockAttempt{std::nullopt, std::move(*holder)});
    }
    void finish(Result<LockAttempt, Failure> result) {
        const auto on_done = std::move(on_done_);
        on_done(std::move(result));
    }

    Consul& consul_;
    std::string key_;
    Session session_;
    Answered<LockAttempt> on_done_;
    std::unique_ptr<Exchange> exchange_;
};

class ConsulStore : public Store {
public:
    ConsulStore(platform::HttpClient& client, ConsulSettings settings)
        : consul_{{client, "consul", {settings.address}, settings.unix_socket, {}, settings.tls},
                  settings.query} {
        if (!settings.token.empty())
            consul_.endpoints.headers.push_back("X-Consul-Token: " + settings.token);
        if (!settings.authorization.empty())
            consul_.endpoints.headers.push_back("Authorization: Basic " +
                                                to_base64(settings.authorization));
    }

    std::string name() const override { return consul_.endpoints.name(); }

    CallPtr list(const std::string& prefix, Answered<Listing> on_done) override {
        return std::make_unique<ListCall>(consul_, consul::clean_key(prefix), std::move(on_done));
    }
    CallPtr await_change(const std::string& prefix, const Listing& seen,
                         Answered<void> on_done) override {
        return std::make_unique<ChangeCall>(consul_, consul_.endpoints.client.loop(),
                                            consul::clean_key(prefix), seen.revision,
                                            std::move(on_done));
    }

    CallPtr open_session(const std::string& name, Milliseconds ttl,
                         Answered<Session> on_done) override {
        return ask<Session>(
            request_for(consul_, "/v1/session/create", "PUT", consul::session_body(name, ttl)),
            Repeat::unless_sent,
            [this](const HttpAnswer& answer) {
                return placed(consul_, consul::parse_session(answer));
            },
            std::move(on_done));
    }
    CallPtr renew_session(const Session& session, Answered<bool> on_done) override {
        return ask<bool>(
            request_for(consul_, "/v1/session/renew/" + session.id, "PUT"), Repeat::anywhere,
            [this](const HttpAnswer& answer) -> Result<bool, Failure> {
                if (answer.status == 200) return true;
                if (answer.status == 404) return false;
                return placed<bool>(consul_, consul::refuse(answer));
            },
            std::move(on_done));
    }
    CallPtr close_session(const Session& session, Answered<void> on_done) override {
        return ask<void>(
            request_for(consul_, "/v1/session/destroy/" + session.id, "PUT"), Repeat::anywhere,
            [this](const HttpAnswer& answer) { return done_or_refused(answer); },
            std::move(on_done));
    }

    CallPtr try_lock(const std::string& key, const Session& session, const std::string& value,
                     Answered<LockAttempt> on_done) override {
        return std::make_unique<LockCall>(consul_, key, session, value, std::move(on_done));
    }
    CallPtr unlock(const HeldLock& lock, Answered<void> on_done) override {
        return ask<void>(
            request_for(consul_, consul::key_path(lock.key) + "?release=" + lock.session.id, "PUT"),
            Repeat::anywhere, [this](const HttpAnswer& answer) { return done_or_refused(answer); },
            std::move(on_done));
    }
    CallPtr write(const HeldLock& lock, WriteMode mode, const std::string& key,
                  const std::string& value, Answered<Written> on_done) override {
        return ask<Written>(
            request_for(consul_, "/v1/txn", "PUT",
                        consul::write_body(lock, mode, consul::clean_key(key), value)),
            Repeat::unless_sent,
            [this](const HttpAnswer& answer) {
                return placed(consul_, consul::parse_transaction(answer));
            },
            std::move(on_done));
    }

private:
    template <class T>
    CallPtr ask(HttpRequest request, Repeat repeat, typename JudgedCall<T>::Judge judge,
                Answered<T> on_done) {
        auto call = std::make_unique<JudgedCall<T>>(std::move(judge), std::move(on_done));
        call->start(std::make_unique<Exchange>(consul_.endpoints, std::move(request), repeat,
                                               call->receiver()));
        return call;
    }

    Result<void, Failure> done_or_refused(const HttpAnswer& answer) const {
        if (answer.status == 200) return {};
        const consul::Refusal refusal = consul::refuse(answer);
        return failure_of(consul_.endpoints, refusal.message, refusal.is_final);
    }

    Consul consul_;
};

}  // namespace

Result<std::unique_ptr<Store>> connect_consul(platform::HttpClient& client,
                                              std::span<const std::string_view> environment) {
    const FileReader read_file = [](const std::string& path) {
        return platform::read_file(path, largest_token);
    };
    KG_LET(settings, read_consul_settings(environment, read_file));
    return std::unique_ptr<Store>(std::make_unique<ConsulStore>(client, std::move(settings)));
}

}  // namespace kaigara::remote
