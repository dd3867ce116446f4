// SPDX-License-Identifier: Apache-2.0
#include "supervise/notify_relay.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace kaigara::supervise {

namespace {

std::optional<platform::SocketAddress> read_address(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    if (text.starts_with('@')) return platform::abstract_address(std::string(text.substr(1)));
    if (text.starts_with('/')) return platform::unix_address(std::string(text));
    return std::nullopt;
}

}  // namespace

Result<NotifyRelay> NotifyRelay::make(std::string_view text) {
    const std::string shown = text::printable(text);
    const auto address = read_address(text);
    if (!address) {
        const bool has_form = text.starts_with('/') || text.starts_with('@');
        const std::string reason =
            has_form ? fmt::format("'{}' does not fit into a socket's address", shown)
                     : fmt::format("'{}' is neither an absolute path nor '@' and the name of an "
                                   "abstract socket, and only these can be notified",
                                   shown);
        return Error{Fault::configuration, 0, reason, ""};
    }
    platform::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open())
        return system_error(Fault::internal, errno, "cannot make a socket to notify " + shown);
    return NotifyRelay(shown, *address, std::move(socket));
}

void NotifyRelay::send(std::string_view text) noexcept {
    if (text.empty()) return;
    ssize_t sent = -1;
    do {
        // By address each time: a manager that was started anew has a new socket there.
        sent = ::sendto(socket_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                        address_.get(), address_.size);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0 || std::exchange(has_failed_, true)) return;
    log::debug("cannot notify {} of '{}': {}; what fails after this is not told", name_,
               text::printable(text), errno_text(errno));
}

}  // namespace kaigara::supervise
