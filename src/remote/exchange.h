// SPDX-License-Identifier: Apache-2.0
#pragma once

// One request to a store that has several endpoints, and its answer.
//
// The endpoint that answered last is asked. One that cannot be reached, or answers with a status of
// 500 or above, is left for the next, until each has been asked once. That is so for reads; a write
// goes to the next endpoint only where it was never sent to the one before, since it would be
// carried out twice.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http.h"
#include "remote/store.h"

namespace kaigara::remote {

struct Endpoints {
    platform::HttpClient& client;
    std::string store;                   // "etcd", for messages
    std::vector<std::string> addresses;  // at least one, without a slash at their end
    std::string unix_socket;             // asked in place of the address, where there is one
    std::vector<std::string> headers;    // of every request
    platform::HttpTls tls;
    std::size_t current = 0;

    std::string name() const;  // "etcd http://10.0.0.1:2379"
};

// A failure of this store.
Failure failure_of(const Endpoints& endpoints, std::string message, bool is_final);

enum class Repeat : std::uint8_t { anywhere, unless_sent };

// Something that asks once.
class Asking {
public:
    virtual ~Asking() = default;
    virtual void start() = 0;
};

class Exchange : public Asking {
public:
    using OnDone = std::function<void(Result<platform::HttpAnswer, Failure>)>;

    // The endpoints outlive it. `request.url` is what follows the address: "/v3/kv/range".
    // `on_done` is called once, never by start(); the object may be destroyed in it. Answers below
    // 500 are all answers. `on_body` streams, as that of an HttpTransfer does.
    Exchange(Endpoints& endpoints, platform::HttpRequest request, Repeat repeat, OnDone on_done,
             platform::HttpTransfer::OnBody on_body = {});

    void start() override;

private:
    void ask();
    void on_answer(Result<platform::HttpAnswer> answer);
    bool ask_next();
    void finish(Result<platform::HttpAnswer, Failure> result);

    Endpoints& endpoints_;
    platform::HttpRequest request_;
    std::string path_;
    Repeat repeat_;
    OnDone on_done_;
    platform::HttpTransfer::OnBody on_body_;
    std::size_t asked_ = 0;
    std::unique_ptr<platform::HttpTransfer> transfer_;
};

// A call that is one exchange, whose answer is judged by a pure function.
template <class T>
class JudgedCall : public Call {
public:
    using Judge = std::function<Result<T, Failure>(const platform::HttpAnswer& answer)>;

    JudgedCall(Judge judge, Answered<T> on_done)
        : judge_(std::move(judge)), on_done_(std::move(on_done)) {}

    Exchange::OnDone receiver() {
        return [this](Result<platform::HttpAnswer, Failure> answer) { on_answer(answer); };
    }
    void start(std::unique_ptr<Asking> asking) {
        asking_ = std::move(asking);
        asking_->start();
    }

private:
    void on_answer(Result<platform::HttpAnswer, Failure>& answer) {
        // The object may be gone when the call returns.
        const auto on_done = std::move(on_done_);
        if (answer)
            on_done(judge_(*answer));
        else
            on_done(std::move(answer).error());
    }

    Judge judge_;
    Answered<T> on_done_;
    std::unique_ptr<Asking> asking_;
};

}  // namespace kaigara::remote
