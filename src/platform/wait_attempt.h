// SPDX-License-Identifier: Apache-2.0
#pragma once

// One attempt to get an answer of one target: its name is looked up, where it has one, and its
// addresses are tried one after the other until one answers. The limit holds for all of it; each
// address has an equal share of what is left, so that one which swallows everything, as IPv6 behind
// a careless firewall does, leaves time for the next. A target of https is left to libcurl, which
// does the same in its way.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "platform/connection_attempt.h"
#include "platform/http.h"
#include "platform/loop.h"
#include "platform/name_lookup.h"
#include "platform/wait_target.h"

namespace kaigara::platform {

class WaitAttempt {
public:
    // Loop, client and target outlive it. `on_end` is called once, never by start(), with the
    // reason why there was no answer, or with nothing; the object may be destroyed in it.
    WaitAttempt(Loop& loop, HttpClient& client, const WaitTarget& target, Milliseconds limit,
                std::function<void(const std::string& reason)> on_end);

    void start();

    // What is to be said when there is no more time.
    std::string reason_so_far() const;

private:
    void ask_by_https();
    void on_answer(const Result<HttpAnswer>& answer);
    void look_up();
    void on_addresses(Result<std::vector<SocketAddress>> found);
    void try_next();
    void on_connection_end(const ConnectionEnd& end);
    void note(const ConnectionEnd& end);
    void on_time();
    void end(std::string reason);
    Milliseconds time_left() const;

    Loop& loop_;
    HttpClient& client_;
    const WaitTarget& target_;
    std::chrono::steady_clock::time_point deadline_;
    std::function<void(const std::string& reason)> on_end_;
    // The end of the lookup or of the present address' share; later the call of on_end.
    Timer timer_;
    std::optional<HttpTransfer> transfer_;
    std::optional<NameLookup> lookup_;
    std::vector<SocketAddress> addresses_;
    std::size_t next_ = 0;
    std::optional<ConnectionAttempt> connection_;
    ConnectionEnd told_;  // of the address that came furthest
    std::optional<std::string> ended_;
};

}  // namespace kaigara::platform
