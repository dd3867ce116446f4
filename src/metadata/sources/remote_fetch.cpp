// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/remote_fetch.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "metadata/sources/http_document.h"
#include "metadata/sources/key_value.h"
#include "platform/random.h"

namespace kaigara::metadata {

namespace {

constexpr Milliseconds first_delay{250};
constexpr Milliseconds longest_delay{10'000};
constexpr Milliseconds usual_attempt_limit{10'000};

std::string in_seconds(FetchContext::Clock::duration duration) {
    return format_duration(std::chrono::ceil<std::chrono::seconds>(duration));
}

}  // namespace

RemoteFetch::RemoteFetch(const FetchContext& context, const Source& source, OnDone on_done)
    : context_(context), source_(source), on_done_(std::move(on_done)),
      timer_(context.loop, [this] { on_time(); }), backoff_(first_delay, longest_delay) {}

// The first attempt is made by the loop too, so that on_done never comes from within start().
void RemoteFetch::start() {
    begun_ = FetchContext::Clock::now();
    timer_.start(Milliseconds(0));
}

Milliseconds RemoteFetch::time_left() const {
    const auto left = context_.deadline - FetchContext::Clock::now();
    return std::max(std::chrono::ceil<Milliseconds>(left), Milliseconds(1));
}

Milliseconds RemoteFetch::attempt_limit() const {
    const bool is_set = source_.timeout.count() != 0;
    return std::min(is_set ? source_.timeout : usual_attempt_limit, time_left());
}

void RemoteFetch::on_time() {
    if (!is_asking_) return attempt();
    cancel();
    failed(
        {{Fault::unavailable, 0, fmt::format("no answer within {}", format_duration(limit_)), ""},
         false});
}

void RemoteFetch::attempt() {
    ++attempts_;
    is_asking_ = true;
    limit_ = attempt_limit();
    timer_.start(limit_);
    ask();
}

void RemoteFetch::answered(Result<Tree, Errors> layer) {
    timer_.stop();
    if (attempts_ > 1) log::info("{}: {} has answered", source_.where, name_of(source_));
    const auto on_done = std::move(on_done_);
    on_done(std::move(layer));
}

void RemoteFetch::failed(remote::Failure failure) {
    is_asking_ = false;
    timer_.stop();
    const Milliseconds delay = backoff_.next(platform::random_number());
    const bool may_repeat = !source_.retries || attempts_ <= *source_.retries;
    if (failure.is_final || !may_repeat || delay >= time_left()) return give_up(failure);
    const std::string what =
        fmt::format("{}: {}: {}", source_.where, name_of(source_), failure.error.text());
    if (attempts_ == 1)
        log::warn("{}; trying again for {}", what, in_seconds(time_left()));
    else
        log::debug("{}", what);
    timer_.start(delay);
}

void RemoteFetch::give_up(const remote::Failure& failure) {
    Error error = failure.error;
    error.message = fmt::format("{}: {}", name_of(source_), failure.error.text());
    if (attempts_ > 1) {
        error.message += fmt::format("; tried {} times in {}", attempts_,
                                     in_seconds(FetchContext::Clock::now() - begun_));
    }
    error.where = source_.where;
    const auto on_done = std::move(on_done_);
    on_done(Errors{std::move(error)});
}

void StoreFetch::ask() {
    if (!store_) {
        auto store = connect(context().http, source(), context().environment);
        if (!store) return failed({std::move(store).error(), true});
        store_ = std::move(*store);
    }
    call_ = store_->list(source().prefix, [this](Result<remote::Listing, remote::Failure> listing) {
        on_listing(std::move(listing));
    });
}

void StoreFetch::on_listing(Result<remote::Listing, remote::Failure> listing) {
    if (listing)
        answered(read_listing(*listing, source()));
    else
        failed(std::move(listing).error());
}

void DocumentFetch::ask() {
    auto request = document_request(source(), context().environment);
    if (!request) return failed({std::move(request).error(), true});
    request->timeout = Milliseconds(0);  // ours
    transfer_ = std::make_unique<platform::HttpTransfer>(
        context().http, std::move(*request),
        [this](Result<platform::HttpAnswer> answer) { on_answer(std::move(answer)); });
    transfer_->start();
}

void DocumentFetch::on_answer(Result<platform::HttpAnswer> answer) {
    if (!answer) {
        Error error = std::move(answer).error();
        const bool is_final = error.fault == Fault::configuration;
        error.fault = Fault::unavailable;
        return failed({std::move(error), is_final});
    }
    if (auto refused = judge_answer(*answer)) return failed(*std::move(refused));
    answered(read_document_part(answer->body, source()));
}

}  // namespace kaigara::metadata
