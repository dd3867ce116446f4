// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a socket can be connected to: an IPv4 or IPv6 address with its port, or a path.

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace kaigara::platform {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    int family() const noexcept { return storage.ss_family; }
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

// "192.0.2.1" or "::1" (without brackets, without a zone); nothing for any other text.
std::optional<SocketAddress> literal_address(const std::string& host, std::uint16_t port);

// `address`, of AF_INET or AF_INET6, with this port; nothing where it is of another family.
std::optional<SocketAddress> with_port(const sockaddr* address, socklen_t size, std::uint16_t port);

// Nothing where the path has no room in a socket's address, or is empty.
std::optional<SocketAddress> unix_address(const std::string& path);

// That of an abstract socket (unix(7)), by its name without the '@' that is written before it.
std::optional<SocketAddress> abstract_address(const std::string& name);

}  // namespace kaigara::platform
