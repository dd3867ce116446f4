// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where one run of the application says how it is: the socket of NOTIFY_SOCKET, sd_notify(3).
//
//     /run/kaigara/notify-1-5c0e1f9a.sock      mode 0666: the application may be another user
//     @kaigara-0f3b...                         an abstract one, where no file can be made there
//
// Each run has a socket of its own. What a process of an earlier run still sends goes nowhere, and
// whoever waits there for a barrier is let go, because the kernel closes what was on its way.
//
// Who may speak is decided by what the kernel says of the sender: root, our own user or the
// application's, and of a process that exists in this container. Nobody is trusted further than
// that: a message is read without waiting, at most 64 a round of the loop, with all the descriptors
// that came along closed as soon as it is handled (which is the answer that BARRIER=1 waits for,
// and all that becomes of FDSTORE=1), and warnings are limited.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/fd.h"
#include "platform/loop.h"
#include "supervise/notify_message.h"
#include "supervise/warning_limit.h"

namespace kaigara::supervise {

inline constexpr std::size_t notify_datagrams_a_round = 64;

struct NotifySocketRequest {
    std::string directory;     // absolute; made with mode 0755 where it is missing
    std::optional<uid_t> uid;  // of the application, where it is not ours
};

class NotifySocket {
public:
    // The loop outlives it. `on_message` gets what a message says that may be heard; what is to
    // complain about it has been told. It may destroy this object.
    NotifySocket(platform::Loop& loop, NotifySocketRequest request,
                 std::function<void(const NotifyMessage&)> on_message);
    // Takes the socket's file away.
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    // Once. An error only where not even an abstract one can be had; Fault::cannot_create.
    Result<void> open();
    // The value of NOTIFY_SOCKET.
    const std::string& address() const noexcept { return address_; }
    // Reads what is there now, a round of it at most, as the loop would do next.
    void read_round() { on_readable(); }

private:
    Result<void> bind_file();
    Result<void> bind_abstract();
    void on_readable();
    bool receive();
    bool may_speak(pid_t pid, uid_t uid) const noexcept;
    void hear(pid_t sender, std::string_view text);
    void warn(std::string_view what);

    platform::Loop& loop_;
    NotifySocketRequest request_;
    std::function<void(const NotifyMessage&)> on_message_;
    uid_t own_uid_;
    std::string address_;
    std::string path_;  // of the file to take away; empty where there is none
    platform::Fd socket_;
    std::optional<platform::Poll> poll_;
    WarningLimit limit_;
    // False once the object is gone, for who has called back.
    std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);
};

}  // namespace kaigara::supervise
