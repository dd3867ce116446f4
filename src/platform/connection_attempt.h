// SPDX-License-Identifier: Apache-2.0
#pragma once

// One attempt to connect to one address, and, with a request, to get a good HTTP status from there.
//
//     start() ─► connecting ─► connected ─► request sent ─► status line ─► on_end
//                    │             └─ without a request: on_end
//                    └─ refused, unreachable, ...: on_end
//
// It has no clock: whoever made it ends it by destroying it, and asks so_far() what there was.

#include <functional>
#include <optional>
#include <string>

#include "platform/fd.h"
#include "platform/loop.h"
#include "platform/socket_address.h"

namespace kaigara::platform {

struct ConnectionEnd {
    bool connected = false;
    std::string reason{};  // why it is no answer: "connection refused"; empty when it is one
};

class ConnectionAttempt {
public:
    // The loop outlives it. An empty request: to be connected is enough. `on_end` is called once,
    // never by start(); the object may be destroyed in it.
    ConnectionAttempt(Loop& loop, std::string request, std::function<void(ConnectionEnd)> on_end);

    // An end that is known at once; then `on_end` is never called.
    std::optional<ConnectionEnd> start(const SocketAddress& address);

    // What is to be said when there is no more time.
    ConnectionEnd so_far() const;

private:
    void on_writable();
    void on_readable();
    std::optional<int> pending_error() const;
    bool is_connected_to_itself() const;
    void watch(Poll::Readiness readiness, void (ConnectionAttempt::*on_ready)());
    void end(std::string reason);

    Loop& loop_;
    std::string unsent_;
    std::string received_;
    std::function<void(ConnectionEnd)> on_end_;
    Fd socket_;
    std::optional<Poll> poll_;
    bool is_connected_ = false;
    bool has_request_;
};

// The text of an errno as it stands behind a colon: "connection refused".
std::string reason_of(int code);

}  // namespace kaigara::platform
