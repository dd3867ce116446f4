// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/command.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "metadata/bounds.h"
#include "metadata/json.h"
#include "metadata/yaml.h"
#include "platform/executable.h"

namespace kaigara::metadata {

namespace {

constexpr Milliseconds first_delay{500};
constexpr Milliseconds longest_delay{10'000};

// So that the replicas of a service that start together do not come back together.
Milliseconds with_jitter(Milliseconds delay) {
    std::minstd_rand random(
        static_cast<unsigned>(::getpid()) ^
        static_cast<unsigned>(CommandFetch::Clock::now().time_since_epoch().count()));
    std::uniform_int_distribution<int> percent(80, 120);
    return delay * percent(random) / 100;
}

}  // namespace

Result<Tree, Errors> parse_output(std::string_view output, const std::string& name) {
    auto as_json = text::trim(output).starts_with('{') ? std::optional(read_json(output, 0, name))
                                                       : std::nullopt;
    if (as_json && *as_json) return Tree(std::move(**as_json), {name});
    auto root = read_yaml(output, 0, name);
    if (root) return Tree(std::move(*root), {name});
    // A map in braces may be YAML, too; where it is neither, it was meant to be JSON.
    return as_json ? std::move(*as_json).error() : std::move(root).error();
}

CommandFetch::CommandFetch(const Context& context, const Source& source,
                           std::function<void(Result<std::string>)> on_done)
    : context_(context), source_(source), on_done_(std::move(on_done)),
      timer_(context.loop, [this] { attempt(); }) {}

// The first attempt is made by the loop too, so that on_done never comes from within start().
void CommandFetch::start() { timer_.start(Milliseconds(0)); }

Milliseconds CommandFetch::time_left() const {
    return std::max(std::chrono::ceil<Milliseconds>(context_.deadline - Clock::now()),
                    Milliseconds(1));
}

void CommandFetch::attempt() {
    ++attempts_;
    platform::CapturedRequest request;
    request.argv = source_.command;
    request.environment = context_.environment;
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
                                           platform::path_of(context_.environment));
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
    on_done(end.out);
}

void CommandFetch::failed(std::string reason, const std::string& err) {
    delay_ = attempts_ == 1 ? first_delay : std::min(delay_ * 2, longest_delay);
    const Milliseconds delay = with_jitter(delay_);
    if (attempts_ <= source_.retries && delay < time_left()) {
        log::warn("{}: {} {}; trying again in {}", source_.where, name_of(source_), reason,
                  format_duration(delay));
        timer_.start(delay);
        return;
    }
    Error error{Fault::unavailable, 0,
                fmt::format("{} {}{}", name_of(source_), reason, platform::what_it_said(err)),
                source_.where};
    const auto on_done = std::move(on_done_);
    on_done(std::move(error));
}

}  // namespace kaigara::metadata
