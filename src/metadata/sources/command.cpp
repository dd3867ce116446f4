// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/command.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "metadata/bounds.h"
#include "platform/executable.h"
#include "platform/random.h"

namespace kaigara::metadata {

namespace {

constexpr Milliseconds first_delay{500};
constexpr Milliseconds longest_delay{10'000};

}  // namespace

CommandFetch::CommandFetch(const FetchContext& context, const Source& source, OnDone on_done)
    : context_(context), source_(source), on_done_(std::move(on_done)),
      backoff_(first_delay, longest_delay), timer_(context.loop, [this] { attempt(); }) {}

// The first attempt is made by the loop too, so that on_done never comes from within start().
void CommandFetch::start() { timer_.start(Milliseconds(0)); }

Milliseconds CommandFetch::time_left() const {
    return std::max(std::chrono::ceil<Milliseconds>(context_.deadline - FetchContext::Clock::now()),
                    Milliseconds(1));
}

void CommandFetch::attempt() {
    ++attempts_;
    platform::CapturedRequest request;
    request.argv = source_.command;
    request.environment = context_.command_environment;
    request.directory = source_.directory;
    request.out_limit = max_document_bytes;
    request.timeout = time_left();
    if (source_.timeout.count() != 0) request.timeout = std::min(request.timeout, source_.timeout);
    command_ = std::make_unique<platform::CapturedCommand>(
        context_.loop, context_.reaper, std::move(request),
        [this](const platform::CapturedEnd& end) { on_end(end); });
    const auto started = command_->start();
    if (started) return;
    const Error reason = platform::explain(started.error(), source_.command.front(),
                                           platform::path_of(context_.command_environment));
    failed("cannot be started: " + reason.text(), "");
}

void CommandFetch::on_reaped() {
    if (command_) command_->on_reaped();
}

void CommandFetch::on_end(const platform::CapturedEnd& end) {
    if (!end.succeeded()) {
        failed(end.failure_text(command_->request()), end.err);
        return;
    }
    if (!text::trim(end.err).empty())
        log::debug("{}: {} succeeded{}", source_.where, name_of(source_),
                   platform::what_it_said(end.err));
    const auto on_done = std::move(on_done_);
    on_done(read_document(end.out, SourceFormat::found,
                          fmt::format("{}: {}", source_.where, name_of(source_))));
}

void CommandFetch::failed(std::string reason, const std::string& err) {
    const Milliseconds delay = backoff_.next(platform::random_number());
    if (attempts_ <= source_.retries.value_or(0) && delay < time_left()) {
        log::warn("{}: {} {}; trying again in {}", source_.where, name_of(source_), reason,
                  format_duration(delay));
        timer_.start(delay);
        return;
    }
    Error error{Fault::unavailable, 0,
                fmt::format("{} {}{}", name_of(source_), reason, platform::what_it_said(err)),
                source_.where};
    const auto on_done = std::move(on_done_);
    on_done(Errors{std::move(error)});
}

}  // namespace kaigara::metadata
