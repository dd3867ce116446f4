// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/follower.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "metadata/snapshot.h"
#include "metadata/sources/key_value.h"
#include "platform/random.h"
#include "platform/sha256.h"

namespace kaigara::metadata {

namespace {

constexpr Milliseconds first_delay{250};
constexpr Milliseconds longest_delay{30'000};
constexpr Milliseconds least_gap{100};
constexpr Milliseconds usual_list_limit{10'000};
// A wait that was cut off after so long did its work.
constexpr Milliseconds good_wait{1'000};

std::string digest_of(const Result<Tree, Errors>& answer) {
    if (answer) return platform::sha256_hex(snapshot::encode(*answer));
    std::string text;
    for (const Error& error : answer.error()) text += error.text() + '\n';
    return text;
}

}  // namespace

Follower::Follower(const FollowContext& context, const Source& source, OnAnswer on_answer)
    : context_(context), source_(source), on_answer_(std::move(on_answer)),
      timer_(context.loop, [this] { on_time(); }), backoff_(first_delay, longest_delay) {}

void Follower::start() { timer_.start(Milliseconds(0)); }

Milliseconds Follower::next_delay() noexcept { return backoff_.next(platform::random_number()); }

void Follower::ask_after(Milliseconds delay) {
    const auto gap = last_asked_ + least_gap - FollowContext::Clock::now();
    timer_.start(std::max(delay, std::chrono::ceil<Milliseconds>(gap)));
}

void Follower::expect_answer_within(Milliseconds limit) {
    is_asking_ = true;
    limit_ = limit;
    timer_.start(limit);
}

void Follower::on_time() {
    if (!is_asking_) {
        last_asked_ = FollowContext::Clock::now();
        ask();
        return;
    }
    cancel();
    failed({Fault::unavailable, 0,
            fmt::format("{}: no answer within {}", name_of(source_), format_duration(limit_)),
            source_.where});
}

void Follower::answered(Result<Tree, Errors> answer) {
    is_asking_ = false;
    timer_.stop();
    if (std::exchange(is_away_, false))
        log::info("{}: {} is back", source_.where, name_of(source_));
    std::string digest = digest_of(answer);
    if (has_answered_ && digest == digest_) return;
    has_answered_ = true;
    digest_ = std::move(digest);
    on_answer_(std::move(answer));
}

void Follower::failed(Error error) {
    is_asking_ = false;
    const bool is_first = !std::exchange(is_away_, true);
    const Milliseconds delay = next_delay();
    ask_after(delay);
    if (is_first)
        log::warn("a source is away{}; it is asked again and again: {}",
                  has_answered_ ? ", what it said last stays" : "", error.text());
    if (is_first && !has_answered_) on_answer_(Errors{std::move(error)});
}

void StoreFollower::ask() {
    if (std::exchange(connects_anew_, false)) {
        call_.reset();
        store_.reset();
    }
    if (!store_) {
        auto store = connect(context().http, source(), context().environment);
        if (!store) return failed(named(store.error()));
        store_ = std::move(*store);
    }
    expect_answer_within(source().timeout.count() != 0 ? source().timeout : usual_list_limit);
    call_ = store_->list(source().prefix, [this](Result<remote::Listing, remote::Failure> listing) {
        on_listing(std::move(listing));
    });
}

Error StoreFollower::named(const Error& error) const {
    return {error.fault, error.code, fmt::format("{}: {}", name_of(source()), error.text()),
            source().where};
}

void StoreFollower::on_listing(Result<remote::Listing, remote::Failure> listing) {
    if (!listing) {
        // A token or a certificate may be another one by then.
        connects_anew_ = listing.error().is_final;
        return failed(named(listing.error().error));
    }
    answered(read_listing(*listing, source()));
    listing->entries = {};
    seen_ = std::move(*listing);
    await_change();
}

void StoreFollower::await_change() {
    awaited_ = FollowContext::Clock::now();
    call_ = store_->await_change(
        source().prefix, seen_,
        [this](const Result<void, remote::Failure>& change) { on_change(change); });
}

// A wait that was cut off is no outage yet: the list that follows will tell.
void StoreFollower::on_change(const Result<void, remote::Failure>& change) {
    const bool was_good = FollowContext::Clock::now() - awaited_ >= good_wait;
    if (change || was_good) reset_delay();
    if (!change)
        log::debug("{}: {}: {}", source().where, name_of(source()), change.error().error.text());
    ask_after(change ? Milliseconds(0) : next_delay());
}

PollFollower::PollFollower(const FollowContext& context, const Source& source, OnAnswer on_answer)
    : Follower(context, source, std::move(on_answer)), once_(source) {
    once_.retries = 0;
}

void PollFollower::ask() {
    const FetchContext fetch{context().loop,        context().reaper,
                             context().http,        context().command_environment,
                             context().environment, FetchContext::Clock::now() + context().timeout};
    fetch_ = make_fetch(fetch, once_,
                        [this](Result<Tree, Errors> answer) { on_fetched(std::move(answer)); });
    fetch_->start();
}

void PollFollower::on_reaped() {
    if (fetch_) fetch_->on_reaped();
}

void PollFollower::on_fetched(Result<Tree, Errors> answer) {
    const bool is_away =
        !answer && answer.error().size() == 1 && answer.error().front().fault == Fault::unavailable;
    if (is_away) return failed(std::move(answer).error().front());
    answered(std::move(answer));
    reset_delay();
    const auto tenth = context().interval.count() / 10;
    const auto chance = platform::random_number() % static_cast<std::uint64_t>(2 * tenth + 1);
    ask_after(context().interval - Milliseconds(tenth) +
              Milliseconds(static_cast<Milliseconds::rep>(chance)));
}

std::unique_ptr<Follower> make_follower(const FollowContext& context, const Source& source,
                                        Follower::OnAnswer on_answer) {
    const bool is_store = source.kind == SourceKind::consul || source.kind == SourceKind::etcd;
    if (is_store) return std::make_unique<StoreFollower>(context, source, std::move(on_answer));
    return std::make_unique<PollFollower>(context, source, std::move(on_answer));
}

}  // namespace kaigara::metadata
