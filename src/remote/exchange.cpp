// SPDX-License-Identifier: Apache-2.0
#include "remote/exchange.h"

#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::remote {

namespace {

// No byte of the request has left.
bool was_never_sent(const Error& error) {
    switch (error.code) {
    case ENOTCONN:
    case ECONNREFUSED:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case ENOENT: return true;
    default: return false;
    }
}

// The end of what a server says of its own trouble, on one line.
std::string words_of(const platform::HttpAnswer& answer) {
    constexpr std::size_t longest = 200;
    const std::string_view body = text::trim(std::string_view(answer.body).substr(0, longest));
    return body.empty() ? "" : ": " + text::printable(body, longest);
}

}  // namespace

std::string Endpoints::name() const {
    const std::string place = unix_socket.empty() ? addresses[current] : "unix://" + unix_socket;
    return fmt::format("{} {}", store, text::printable(place));
}

Failure failure_of(const Endpoints& endpoints, std::string message, bool is_final) {
    return {{Fault::unavailable, 0, std::move(message), endpoints.name()}, is_final};
}

Exchange::Exchange(Endpoints& endpoints, platform::HttpRequest request, Repeat repeat,
                   OnDone on_done, platform::HttpTransfer::OnBody on_body)
    : endpoints_(endpoints), request_(std::move(request)), path_(request_.url), repeat_(repeat),
      on_done_(std::move(on_done)), on_body_(std::move(on_body)) {
    request_.tls = endpoints_.tls;
    request_.unix_socket = endpoints_.unix_socket;
    request_.headers.insert(request_.headers.end(), endpoints_.headers.begin(),
                            endpoints_.headers.end());
}

void Exchange::start() { ask(); }

void Exchange::ask() {
    ++asked_;
    request_.url = endpoints_.addresses[endpoints_.current] + path_;
    transfer_ = std::make_unique<platform::HttpTransfer>(
        endpoints_.client, request_,
        [this](Result<platform::HttpAnswer> answer) { on_answer(std::move(answer)); }, on_body_);
    transfer_->start();
}

bool Exchange::ask_next() {
    const std::size_t all = endpoints_.addresses.size();
    if (all > 1) endpoints_.current = (endpoints_.current + 1) % all;
    if (asked_ >= all) return false;
    ask();
    return true;
}

void Exchange::on_answer(Result<platform::HttpAnswer> answer) {
    const bool is_repeatable = repeat_ == Repeat::anywhere;
    if (!answer) {
        Failure failure = failure_of(endpoints_, std::move(answer.error().message),
                                     answer.error().fault == Fault::configuration);
        failure.error.code = answer.error().code;
        if ((is_repeatable || was_never_sent(failure.error)) && ask_next()) return;
        return finish(std::move(failure));
    }
    if (answer->status >= 500) {
        Failure failure = failure_of(
            endpoints_, fmt::format("answers with status {}{}", answer->status, words_of(*answer)),
            false);
        if (is_repeatable && ask_next()) return;
        return finish(std::move(failure));
    }
    finish(std::move(*answer));
}

void Exchange::finish(Result<platform::HttpAnswer, Failure> result) {
    // The object may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    on_done(std::move(result));
}

}  // namespace kaigara::remote
