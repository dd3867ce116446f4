// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fetches of what is asked over the network: what they have in common, and the two of them.
// fetch.h has the picture.

#include <memory>

#include "base/backoff.h"
#include "metadata/sources/fetch.h"
#include "platform/http.h"
#include "platform/loop.h"
#include "remote/store.h"

namespace kaigara::metadata {

class RemoteFetch : public Fetch {
public:
    RemoteFetch(const FetchContext& context, const Source& source, OnDone on_done);
    void start() override;

protected:
    // Begins an attempt, which ends in answered() or failed(), never within ask() but for what no
    // attempt could mend.
    virtual void ask() = 0;
    virtual void cancel() = 0;

    void answered(Result<Tree, Errors> layer);
    void failed(remote::Failure failure);

    const FetchContext& context() const noexcept { return context_; }
    const Source& source() const noexcept { return source_; }

private:
    void attempt();
    void on_time();
    void give_up(const remote::Failure& failure);
    Milliseconds time_left() const;
    Milliseconds attempt_limit() const;

    FetchContext context_;
    const Source& source_;
    OnDone on_done_;
    platform::Timer timer_;
    Backoff backoff_;
    unsigned attempts_ = 0;
    bool is_asking_ = false;
    Milliseconds limit_{0};  // of this attempt
    FetchContext::Clock::time_point begun_;
};

// A prefix of etcd or Consul.
class StoreFetch : public RemoteFetch {
public:
    using RemoteFetch::RemoteFetch;

private:
    void ask() override;
    void cancel() override { call_.reset(); }
    void on_listing(Result<remote::Listing, remote::Failure> listing);

    std::unique_ptr<remote::Store> store_;
    remote::CallPtr call_;
};

// A document of an HTTP server.
class DocumentFetch : public RemoteFetch {
public:
    using RemoteFetch::RemoteFetch;

private:
    void ask() override;
    void cancel() override { transfer_.reset(); }
    void on_answer(Result<platform::HttpAnswer> answer);

    std::unique_ptr<platform::HttpTransfer> transfer_;
};

}  // namespace kaigara::metadata
