// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be waited for, as it is written in `kaigara wait` and in an operation's `wait`:
//
//     tcp:HOST:PORT            tcp:[::1]:5432           a connection is accepted
//     http://HOST[:PORT][/PATH]     or http:http://...  a GET is answered with 200 to 399
//     https://HOST[:PORT][/PATH]    or http:https://... the same, by a server whose certificate is
//                                                       trusted (platform/http.h says whose is)
//     unix:PATH                                         a connection is accepted
//     file:PATH                                         the path leads to something
//
// Pure: names are not looked up here. A user name or a password in a target is refused, for a
// target is shown in messages; of a URL's query nobody is shown anything, tokens stand there.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kaigara::platform {

inline constexpr std::size_t longest_wait_target = 4'096;

struct WaitTarget {
    enum class Kind : std::uint8_t { tcp, http, https, unix_socket, file };

    Kind kind = Kind::tcp;
    std::string host{};      // tcp, http and https: a name or a literal address, without brackets
    std::uint16_t port = 0;  // 1 to 65535
    std::string path{};      // unix and file: the path; of a URL: what is asked for, with its query
    std::string text{};      // for messages: what it is called, without secrets, printable

    // As the Host of a request and in a URL: an IPv6 address has its brackets.
    std::string bracketed_host() const;
    // Of http and https, with its query.
    std::string url() const;
};

// Fault::usage with a message that shows the target, without secrets, and the right form.
Result<WaitTarget> parse_wait_target(std::string_view text);

}  // namespace kaigara::platform
