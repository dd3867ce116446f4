// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is told to the service manager outside, such as systemd or conmon, through the NOTIFY_SOCKET
// that kaigara was started with. Nothing here ever waits: a manager that does not read, or is gone,
// loses what it is told, and the application goes on.

#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/fd.h"
#include "platform/socket_address.h"

namespace kaigara::supervise {

class NotifyRelay {
public:
    // `address` is a path or '@' and an abstract name; Fault::configuration for any other form.
    // That nobody is there yet is no error.
    static Result<NotifyRelay> make(std::string_view address);

    // One datagram, such as "READY=1"; an empty one is not sent. What fails is told once, at level
    // debug.
    void send(std::string_view text) noexcept;

private:
    NotifyRelay(std::string name, platform::SocketAddress address, platform::Fd socket)
        : name_(std::move(name)), address_(address), socket_(std::move(socket)) {}

    std::string name_;
    platform::SocketAddress address_;
    platform::Fd socket_;
    bool has_failed_ = false;
};

}  // namespace kaigara::supervise
