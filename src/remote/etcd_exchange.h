// SPDX-License-Identifier: Apache-2.0
#pragma once

// One request to etcd, with what may have to come before it: a token, where authentication is on,
// and finding out under which path the gateway answers (etcd 3.3 has it elsewhere).
//
//     (token?) ─► authenticate ─► ask ─► 401 ─► authenticate, once more ─► ask ─► on_done
//                                     └─► 404 without a code ─► the older path ─► ask

#include <memory>
#include <string>

#include "remote/etcd_wire.h"
#include "remote/exchange.h"

namespace kaigara::remote {

// What all requests to one etcd share.
struct Etcd {
    Endpoints endpoints;
    std::string user;  // empty: no authentication
    std::string password;
    std::string token;     // of the last authentication
    bool has_auth = true;  // until etcd says that it has none
    std::string api = "/v3";
};

Failure failure_of(const Etcd& etcd, etcd::Refusal refusal);

class EtcdExchange : public Asking {
public:
    // As an Exchange; `path` is what follows "/v3". An answer with a status that is not 200 is one
    // all the same.
    EtcdExchange(Etcd& etcd, std::string path, std::string body, Repeat repeat,
                 Exchange::OnDone on_done, platform::HttpTransfer::OnBody on_body = {});

    void start() override;

private:
    void authenticate();
    void on_token(Result<platform::HttpAnswer, Failure> answer);
    void ask();
    void on_answer(Result<platform::HttpAnswer, Failure> answer);
    void finish(Result<platform::HttpAnswer, Failure> result);
    platform::HttpRequest request_for(const std::string& path, const std::string& body) const;

    Etcd& etcd_;
    std::string path_;
    std::string body_;
    Repeat repeat_;
    Exchange::OnDone on_done_;
    platform::HttpTransfer::OnBody on_body_;
    bool has_renewed_token_ = false;
    bool has_changed_path_ = false;
    std::unique_ptr<Exchange> exchange_;
};

}  // namespace kaigara::remote
