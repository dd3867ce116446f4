// SPDX-License-Identifier: Apache-2.0
#include "platform/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace kaigara::platform {

std::optional<SocketAddress> literal_address(const std::string& host, std::uint16_t port) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1)
        return with_port(reinterpret_cast<const sockaddr*>(&four), sizeof four, port);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1)
        return with_port(reinterpret_cast<const sockaddr*>(&six), sizeof six, port);
    return std::nullopt;
}

std::optional<SocketAddress> with_port(const sockaddr* address, socklen_t size,
                                       std::uint16_t port) {
    SocketAddress result;
    const bool is_four = address->sa_family == AF_INET;
    if (!is_four && address->sa_family != AF_INET6) return std::nullopt;
    result.size = is_four ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (size < result.size) return std::nullopt;
    std::memcpy(&result.storage, address, result.size);
    const std::uint16_t network = htons(port);
    const std::size_t place =
        is_four ? offsetof(sockaddr_in, sin_port) : offsetof(sockaddr_in6, sin6_port);
    std::memcpy(reinterpret_cast<char*>(&result.storage) + place, &network, sizeof network);
    return result;
}

std::optional<SocketAddress> unix_address(const std::string& path) {
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    SocketAddress result;
    result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    std::memcpy(&result.storage, &address, result.size);
    return result;
}

std::optional<SocketAddress> abstract_address(const std::string& name) {
    sockaddr_un address{};
    // Before it stands a NUL, and there is none behind it: the size is what ends it.
    if (name.empty() || name.size() >= sizeof address.sun_path) return std::nullopt;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    SocketAddress result;
    result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    std::memcpy(&result.storage, &address, result.size);
    return result;
}

}  // namespace kaigara::platform
