// SPDX-License-Identifier: Apache-2.0
#pragma once

// Follows one source that has to be waited for, for as long as it lives, and tells each new
// content.
//
//     consul, etcd     list ─► await_change ─► list ─► ...       (StoreFollower)
//     http, command    fetch ─► interval, ±10 % ─► fetch ─► ...  (PollFollower)
//
// What was answered last stays good while the source is away: one warning when it goes, one line
// when it is back, and attempts in between with a delay that doubles. The same content is told
// once, however often it was answered. A source is asked at most every 100 ms.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/backoff.h"
#include "metadata/sources/fetch.h"
#include "metadata/sources/source.h"
#include "remote/store.h"

namespace kaigara::metadata {

struct FollowContext {
    using Clock = std::chrono::steady_clock;

    platform::Loop& loop;
    platform::Reaper& reaper;
    platform::HttpClient& http;
    char* const* command_environment;
    std::span<const std::string_view> environment;  // "NAME=value"
    Milliseconds timeout;                           // of an attempt, where nothing else says
    Milliseconds interval;                          // between two polls
};

class Follower {
public:
    // A content that is new, whether it is good or has errors in it; or, as long as there never was
    // an answer, why not: one error of Fault::unavailable or configuration.
    using OnAnswer = std::function<void(Result<Tree, Errors>)>;

    Follower(const FollowContext& context, const Source& source, OnAnswer on_answer);
    virtual ~Follower() = default;
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    void start();
    // After each round of reaping.
    virtual void on_reaped() {}

protected:
    // Begins an attempt; by the loop.
    virtual void ask() = 0;
    // The attempt that is under way is given up.
    virtual void cancel() = 0;

    void ask_after(Milliseconds delay);
    void expect_answer_within(Milliseconds limit);
    void answered(Result<Tree, Errors> answer);
    void failed(Error error);

    const FollowContext& context() const noexcept { return context_; }
    const Source& source() const noexcept { return source_; }
    bool is_away() const noexcept { return is_away_; }
    Milliseconds next_delay() noexcept;
    void reset_delay() noexcept { backoff_.reset(); }

private:
    void on_time();

    FollowContext context_;
    const Source& source_;
    OnAnswer on_answer_;
    platform::Timer timer_;
    Backoff backoff_;
    FollowContext::Clock::time_point last_asked_;
    Milliseconds limit_{0};
    std::string digest_;  // of what was told last
    bool is_asking_ = false;
    bool has_answered_ = false;
    bool is_away_ = false;
};

// A prefix of etcd or Consul.
class StoreFollower : public Follower {
public:
    using Follower::Follower;

private:
    void ask() override;
    void cancel() override { call_.reset(); }
    void on_listing(Result<remote::Listing, remote::Failure> listing);
    Error named(const Error& error) const;
    void await_change();
    void on_change(const Result<void, remote::Failure>& change);

    std::unique_ptr<remote::Store> store_;
    remote::CallPtr call_;
    remote::Listing seen_;  // without its entries
    bool connects_anew_ = false;
    FollowContext::Clock::time_point awaited_;
};

// A document of an HTTP server, or a command's.
class PollFollower : public Follower {
public:
    PollFollower(const FollowContext& context, const Source& source, OnAnswer on_answer);
    void on_reaped() override;

private:
    void ask() override;
    void cancel() override { fetch_.reset(); }
    void on_fetched(Result<Tree, Errors> answer);

    Source once_;  // the same source, whose attempts are not repeated by the fetch
    std::unique_ptr<Fetch> fetch_;
};

// The source has to be waited for, and outlives the follower, as all of the context does.
std::unique_ptr<Follower> make_follower(const FollowContext& context, const Source& source,
                                        Follower::OnAnswer on_answer);

}  // namespace kaigara::metadata
