// SPDX-License-Identifier: Apache-2.0
#include "platform/wait_attempt.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "platform/http_answer.h"

namespace kaigara::platform {

namespace {

using Kind = WaitTarget::Kind;
using Clock = std::chrono::steady_clock;

constexpr const char* silent_servers = "the name servers do not answer in time";

// Why the path leads to nothing, or nothing.
std::string look_at(const std::string& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? "" : reason_of(errno);
}

}  // namespace

WaitAttempt::WaitAttempt(Loop& loop, HttpClient& client, const WaitTarget& target,
                         Milliseconds limit, std::function<void(const std::string& reason)> on_end)
    : loop_(loop), client_(client), target_(target), deadline_(Clock::now() + limit),
      on_end_(std::move(on_end)), timer_(loop, [this] { on_time(); }) {}

void WaitAttempt::start() {
    switch (target_.kind) {
    case Kind::file: return end(look_at(target_.path));
    case Kind::https: return ask_by_https();
    case Kind::tcp:
    case Kind::http: return look_up();
    case Kind::unix_socket: break;
    }
    const auto address = unix_address(target_.path);
    if (!address) return end("the path is too long for a socket");
    addresses_.push_back(*address);
    try_next();
}

void WaitAttempt::ask_by_https() {
    HttpRequest request;
    request.url = target_.url();
    request.connect_timeout = request.timeout = time_left();
    request.status_only = true;
    transfer_.emplace(client_, std::move(request),
                      [this](const Result<HttpAnswer>& answer) { on_answer(answer); });
    transfer_->start();
}

void WaitAttempt::on_answer(const Result<HttpAnswer>& answer) {
    if (!answer) return end(answer.error().message);
    const bool is_good = answer->status >= 200 && answer->status <= 399;
    end(is_good ? "" : fmt::format("status {}", answer->status));
}

void WaitAttempt::look_up() {
    if (const auto literal = literal_address(target_.host, target_.port)) {
        addresses_.push_back(*literal);
        return try_next();
    }
    lookup_.emplace(
        loop_, target_.host, target_.port,
        [this](Result<std::vector<SocketAddress>> found) { on_addresses(std::move(found)); });
    timer_.start(time_left());
    lookup_->start();
}

void WaitAttempt::on_addresses(Result<std::vector<SocketAddress>> found) {
    lookup_.reset();
    if (!found) return end(std::move(found.error().message));
    addresses_ = std::move(*found);
    try_next();
}

void WaitAttempt::try_next() {
    while (next_ < addresses_.size()) {
        const auto untried = static_cast<Milliseconds::rep>(addresses_.size() - next_);
        connection_.emplace(loop_, target_.kind == Kind::http ? http_request(target_) : "",
                            [this](const ConnectionEnd& reached) { on_connection_end(reached); });
        const auto failed = connection_->start(addresses_[next_++]);
        if (!failed) return timer_.start(time_left() / untried);
        note(*failed);
    }
    end(std::move(told_.reason));
}

void WaitAttempt::on_connection_end(const ConnectionEnd& reached) {
    if (reached.reason.empty()) return end({});
    note(reached);
    try_next();
}

void WaitAttempt::note(const ConnectionEnd& reached) {
    if (reached.connected || !told_.connected) told_ = reached;
}

void WaitAttempt::on_time() {
    if (!ended_) {
        if (lookup_) return end(silent_servers);
        return on_connection_end(connection_->so_far());
    }
    // The object may be gone when the call returns.
    const auto on_end = std::move(on_end_);
    const std::string reason = std::move(*ended_);
    on_end(reason);
}

void WaitAttempt::end(std::string reason) {
    transfer_.reset();
    lookup_.reset();
    connection_.reset();
    ended_ = std::move(reason);
    timer_.start(Milliseconds(0));
}

std::string WaitAttempt::reason_so_far() const {
    if (ended_) return *ended_;
    if (transfer_) return "no answer";
    if (lookup_) return silent_servers;
    if (!told_.reason.empty() || !connection_) return told_.reason;
    return connection_->so_far().reason;
}

Milliseconds WaitAttempt::time_left() const {
    return std::max(std::chrono::ceil<Milliseconds>(deadline_ - Clock::now()), Milliseconds(0));
}

}  // namespace kaigara::platform
