// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd_exchange.h"

namespace kaigara::remote {

using platform::HttpAnswer;
using platform::HttpRequest;

Failure failure_of(const Etcd& etcd, etcd::Refusal refusal) {
    return failure_of(etcd.endpoints, std::move(refusal.message), refusal.is_final);
}

EtcdExchange::EtcdExchange(Etcd& etcd, std::string path, std::string body, Repeat repeat,
                           Exchange::OnDone on_done, platform::HttpTransfer::OnBody on_body)
    : etcd_(etcd), path_(std::move(path)), body_(std::move(body)), repeat_(repeat),
      on_done_(std::move(on_done)), on_body_(std::move(on_body)) {}

void EtcdExchange::start() {
    if (!etcd_.user.empty() && etcd_.has_auth && etcd_.token.empty())
        authenticate();
    else
        ask();
}

HttpRequest EtcdExchange::request_for(const std::string& path, const std::string& body) const {
    HttpRequest request;
    request.method = "POST";
    request.url = etcd_.api + path;
    request.headers = {"Content-Type: application/json"};
    request.body = body;
    // A stream lives as long as it is watched.
    if (on_body_) request.timeout = Milliseconds(0);
    return request;
}

void EtcdExchange::authenticate() {
    HttpRequest request =
        request_for("/auth/authenticate", etcd::authenticate_body(etcd_.user, etcd_.password));
    exchange_ = std::make_unique<Exchange>(
        etcd_.endpoints, std::move(request), Repeat::anywhere,
        [this](Result<HttpAnswer, Failure> answer) { on_token(std::move(answer)); });
    exchange_->start();
}

void EtcdExchange::on_token(Result<HttpAnswer, Failure> answer) {
    if (!answer) return finish(std::move(answer).error());
    auto token = etcd::parse_token(*answer);
    if (!token && token.error().knows_no_path && !has_changed_path_) {
        has_changed_path_ = true;
        etcd_.api = "/v3beta";
        return authenticate();
    }
    if (!token && !token.error().knows_no_auth)
        return finish(failure_of(etcd_, std::move(token).error()));
    // An old token would be refused even where authentication is off.
    etcd_.token = token ? std::move(*token) : "";
    etcd_.has_auth = token.has_value();
    ask();
}

void EtcdExchange::ask() {
    HttpRequest request = request_for(path_, body_);
    if (!etcd_.token.empty()) request.headers.push_back("Authorization: " + etcd_.token);
    exchange_ = std::make_unique<Exchange>(
        etcd_.endpoints, std::move(request), repeat_,
        [this](Result<HttpAnswer, Failure> answer) { on_answer(std::move(answer)); }, on_body_);
    exchange_->start();
}

void EtcdExchange::on_answer(Result<HttpAnswer, Failure> answer) {
    if (!answer || answer->status == 200) return finish(std::move(answer));
    const etcd::Refusal refusal = etcd::refuse(*answer);
    if (refusal.wants_token && !etcd_.user.empty() && !has_renewed_token_) {
        has_renewed_token_ = true;
        etcd_.has_auth = true;
        return authenticate();
    }
    if (refusal.knows_no_path && !has_changed_path_ && etcd_.api == "/v3") {
        has_changed_path_ = true;
        etcd_.api = "/v3beta";
        return ask();
    }
    if (refusal.knows_no_path) etcd_.api = "/v3";
    finish(std::move(answer));
}

void EtcdExchange::finish(Result<HttpAnswer, Failure> result) {
    // The object may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    on_done(std::move(result));
}

}  // namespace kaigara::remote
