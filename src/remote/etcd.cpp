// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/loop.h"
#include "remote/etcd_exchange.h"
#include "remote/etcd_wire.h"
#include "remote/settings.h"

namespace kaigara::remote {

namespace {

using platform::HttpAnswer;

// A line of a watch that is longer tells of changes, whatever else it says.
constexpr std::size_t longest_line = std::size_t{1} << 20U;
// All pages of a listing together.
constexpr std::size_t largest_listing = std::size_t{64} << 20U;
// How often a listing is begun anew when what it was read at is compacted meanwhile.
constexpr int most_beginnings = 3;

template <class T>
Result<T, Failure> placed(const Etcd& etcd, Result<T, etcd::Refusal> result) {
    if (result) return std::move(*result);
    return failure_of(etcd, std::move(result).error());
}

// Page after page, at the revision of the first.
class ListCall : public Call {
public:
    ListCall(Etcd& etcd, std::string prefix, Answered<Listing> on_done)
        : etcd_(etcd), prefix_(std::move(prefix)), on_done_(std::move(on_done)) {
        ask("");
    }

private:
    void ask(std::string after) {
        after_ = std::move(after);
        exchange_ = std::make_unique<EtcdExchange>(
            etcd_, "/kv/range", etcd::range_body(prefix_, after_, listing_.revision, limit_),
            Repeat::anywhere,
            [this](Result<HttpAnswer, Failure> answer) { on_answer(std::move(answer)); });
        exchange_->start();
    }

    void on_answer(Result<HttpAnswer, Failure> answer) {
        const bool is_too_large = !answer && answer.error().error.code == EMSGSIZE;
        if (is_too_large && limit_ > 1) {
            limit_ = std::max<std::size_t>(limit_ / 10, 1);
            return ask(after_);
        }
        if (!answer) return finish(std::move(answer).error());
        size_ += answer->body.size();
        auto page = etcd::parse_page(*answer, prefix_);
        if (!page && page.error().is_compacted && ++beginnings_ < most_beginnings) {
            listing_ = {};
            size_ = 0;
            return ask("");
        }
        if (!page) return finish(failure_of(etcd_, std::move(page).error()));
        if (size_ > largest_listing)
            return finish(failure_of(etcd_.endpoints,
                                     fmt::format("more than {} MiB are below '{}'",
                                                 largest_listing >> 20U, text::printable(prefix_)),
                                     true));
        add(std::move(page->listing));
        if (page->has_more)
            ask(page->last);
        else
            finish(std::move(listing_));
    }

    void add(Listing page) {
        // Those that follow are read at the revision of the first, and say their own.
        if (listing_.revision == 0) {
            listing_ = std::move(page);
            return;
        }
        std::ranges::move(page.entries, std::back_inserter(listing_.entries));
    }

    void finish(Result<Listing, Failure> result) {
        const auto on_done = std::move(on_done_);
        on_done(std::move(result));
    }

    Etcd& etcd_;
    std::string prefix_;
    Answered<Listing> on_done_;
    Listing listing_;
    std::string after_;
    std::size_t limit_ = etcd::largest_page;
    std::size_t size_ = 0;
    int beginnings_ = 0;
    std::unique_ptr<EtcdExchange> exchange_;
};

// A watch that ends with the first line that says something.
class ChangeCall : public Call {
public:
    ChangeCall(Etcd& etcd, std::string prefix, const Listing& seen, Answered<void> on_done)
        : etcd_(etcd), prefix_(std::move(prefix)), on_done_(std::move(on_done)),
          soon_(etcd.endpoints.client.loop(), [this] { finish(); }) {
        seen_.revision = seen.revision;
        seen_.cluster = seen.cluster;
        exchange_ = std::make_unique<EtcdExchange>(
            etcd_, "/watch", etcd::watch_body(prefix_, seen_.revision + 1), Repeat::anywhere,
            [this](const Result<HttpAnswer, Failure>& answer) { on_end(answer); },
            [this](std::string_view piece) { on_piece(piece); });
        exchange_->start();
    }

private:
    // Called from within the transfer, which therefore ends later.
    void on_piece(std::string_view piece) {
        if (result_) return;
        buffer_ += piece;
        std::size_t begin = 0;
        for (std::size_t end = buffer_.find('\n'); end != std::string::npos && !result_;
             end = buffer_.find('\n', begin)) {
            judge(std::string_view(buffer_).substr(begin, end - begin));
            begin = end + 1;
        }
        buffer_.erase(0, begin);
        if (!result_ && buffer_.size() > longest_line) end_with({});
    }

    void judge(std::string_view line) {
        switch (etcd::judge_line(line, seen_)) {
        case etcd::WatchLine::nothing: return;
        case etcd::WatchLine::changed: return end_with({});
        case etcd::WatchLine::broken:
            return end_with(failure_of(etcd_.endpoints, "has ended the watch", false));
        case etcd::WatchLine::denied: break;
        }
        end_with(failure_of(
            etcd_.endpoints,
            fmt::format("permission denied: '{}' may not be watched", text::printable(prefix_)),
            true));
    }

    void on_end(const Result<HttpAnswer, Failure>& answer) {
        if (result_) return;
        if (!answer)
            end_with(answer.error());
        else if (answer->status == 200)
            end_with(failure_of(etcd_.endpoints, "has ended the watch", false));
        else
            end_with(failure_of(etcd_, etcd::refuse(*answer)));
    }

    void end_with(Result<void, Failure> result) {
        result_ = std::move(result);
        soon_.start(Milliseconds(0));
    }

    void finish() {
        const auto on_done = std::move(on_done_);
        on_done(std::move(*result_));
    }

    Etcd& etcd_;
    std::string prefix_;
    Listing seen_;
    Answered<void> on_done_;
    std::string buffer_;
    std::optional<Result<void, Failure>> result_;
    platform::Timer soon_;
    std::unique_ptr<EtcdExchange> exchange_;
};

class EtcdStore : public Store {
public:
    EtcdStore(platform::HttpClient& client, EtcdSettings settings)
        : etcd_{{client, "etcd", std::move(settings.endpoints), "", {}, settings.tls},
                std::move(settings.user),
                std::move(settings.password)} {}

    std::string name() const override { return etcd_.endpoints.name(); }

    CallPtr list(const std::string& prefix, Answered<Listing> on_done) override {
        return std::make_unique<ListCall>(etcd_, etcd::clean_prefix(prefix), std::move(on_done));
    }
    CallPtr await_change(const std::string& prefix, const Listing& seen,
                         Answered<void> on_done) override {
        return std::make_unique<ChangeCall>(etcd_, etcd::clean_prefix(prefix), seen,
                                            std::move(on_done));
    }

    CallPtr open_session(const std::string& /*name*/, Milliseconds ttl,
                         Answered<Session> on_done) override {
        return ask<Session>("/lease/grant", etcd::grant_body(ttl), Repeat::unless_sent,
                            etcd::parse_lease, std::move(on_done));
    }
    CallPtr renew_session(const Session& session, Answered<bool> on_done) override {
        return ask<bool>("/lease/keepalive", etcd::lease_body(session), Repeat::anywhere,
                         etcd::parse_renewal, std::move(on_done));
    }
    CallPtr close_session(const Session& session, Answered<void> on_done) override {
        auto call = std::make_unique<JudgedCall<void>>(
            [this](const HttpAnswer& answer) -> Result<void, Failure> {
                // One that is gone is what was asked for.
                if (answer.status == 200 || answer.status == 404) return {};
                return failure_of(etcd_, etcd::refuse(answer));
            },
            std::move(on_done));
        return started("/lease/revoke", etcd::lease_body(session), Repeat::anywhere,
                       std::move(call));
    }

    CallPtr try_lock(const std::string& key, const Session& session, const std::string& value,
                     Answered<LockAttempt> on_done) override {
        return ask<LockAttempt>(
            "/kv/txn", etcd::lock_body(key, session, value), Repeat::anywhere,
            [key, session](const HttpAnswer& answer) {
                return etcd::parse_lock(answer, key, session);
            },
            std::move(on_done));
    }
    CallPtr unlock(const HeldLock& lock, Answered<void> on_done) override {
        auto call = std::make_unique<JudgedCall<void>>(
            [this](const HttpAnswer& answer) -> Result<void, Failure> {
                if (answer.status == 200) return {};
                return failure_of(etcd_, etcd::refuse(answer));
            },
            std::move(on_done));
        return started("/kv/txn", etcd::unlock_body(lock), Repeat::anywhere, std::move(call));
    }
    CallPtr write(const HeldLock& lock, WriteMode mode, const std::string& key,
                  const std::string& value, Answered<Written> on_done) override {
        return ask<Written>(
            "/kv/txn", etcd::write_body(lock, mode, key, value), Repeat::unless_sent,
            [lock](const HttpAnswer& answer) { return etcd::parse_write(answer, lock); },
            std::move(on_done));
    }

private:
    template <class T>
    CallPtr ask(std::string path, std::string body, Repeat repeat,
                std::function<Result<T, etcd::Refusal>(const HttpAnswer&)> parse,
                Answered<T> on_done) {
        auto call = std::make_unique<JudgedCall<T>>(
            [this, parse = std::move(parse)](const HttpAnswer& answer) {
                return placed<T>(etcd_, parse(answer));
            },
            std::move(on_done));
        return started(std::move(path), std::move(body), repeat, std::move(call));
    }

    template <class T>
    CallPtr started(std::string path, std::string body, Repeat repeat,
                    std::unique_ptr<JudgedCall<T>> call) {
        call->start(std::make_unique<EtcdExchange>(etcd_, std::move(path), std::move(body), repeat,
                                                   call->receiver()));
        return call;
    }

    Etcd etcd_;
};

}  // namespace

Result<std::unique_ptr<Store>> connect_etcd(platform::HttpClient& client,
                                            std::span<const std::string_view> environment) {
    KG_LET(settings, read_etcd_settings(environment));
    return std::unique_ptr<Store>(std::make_unique<EtcdStore>(client, std::move(settings)));
}

}  // namespace kaigara::remote
