// SPDX-License-Identifier: Apache-2.0
#include "platform/wait_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::platform {

namespace {

constexpr std::size_t longest_host = 253;    // RFC 1035, without the dot at the end
constexpr std::size_t longest_path = 4'095;  // PATH_MAX without its null byte
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t shown_bytes = 200;
constexpr std::string_view forms = "tcp:HOST:PORT, http[s]://HOST[:PORT][/PATH], unix:PATH "
                                   "or file:PATH";

using Kind = WaitTarget::Kind;

std::string without_query(std::string_view text) {
    const std::size_t query = text.find('?');
    return std::string(text.substr(0, query)) + (query == std::string_view::npos ? "" : "?***");
}

// What a message may show of a target that is wrong: it may hold a password even so.
std::string without_secrets(std::string_view text) {
    const std::string_view scheme = text.substr(0, text.find(':'));
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at < scheme.size()) return without_query(text);
    return fmt::format("{}:***{}", scheme, without_query(text.substr(at)));
}

Error refuse(std::string_view text, std::string_view why) {
    const bool is_path = text.starts_with("unix:") || text.starts_with("file:");
    const std::string shown = is_path ? std::string(text) : without_secrets(text);
    return {Fault::usage, 0,
            fmt::format("cannot wait for '{}': {}", text::printable(shown, shown_bytes), why), ""};
}

struct Authority {
    std::string host;
    std::uint16_t port = 0;  // 0: none was given
};

// The parts below answer with the reason alone; parse_wait_target() says of what.
struct Why {
    std::string text;
};
template <class T>
using Part = Result<T, Why>;

Part<std::uint16_t> parse_port(std::string_view text) {
    const auto port = text::parse_number(text, 65'535);
    if (!port || *port == 0) return Why{"a port is a number from 1 to 65535"};
    return static_cast<std::uint16_t>(*port);
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

Part<std::string> parse_name(std::string_view host) {
    if (host.empty()) return Why{"a host is needed"};
    if (host.size() > longest_host)
        return Why{fmt::format("a host's name has at most {} bytes", longest_host)};
    if (!std::ranges::all_of(host, is_host_character))
        return Why{"a host is a name of letters, digits, dots and hyphens, or an address"};
    return std::string(host);
}

// "[::1]:80": the address, and what stands behind it in `rest`.
Part<std::string> parse_bracketed(std::string_view& rest) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return Why{"']' is missing behind the address"};
    std::string host(rest.substr(1, end - 1));
    in6_addr address{};
    if (host.find('\0') != std::string::npos || ::inet_pton(AF_INET6, host.c_str(), &address) != 1)
        return Why{"what stands in brackets is an IPv6 address, without a zone"};
    rest.remove_prefix(end + 1);
    return host;
}

Part<Authority> parse_authority(std::string_view text) {
    if (text.find('@') != std::string_view::npos)
        return Why{"no user name and no password may stand in it, for it is shown in "
                   "messages, and none is asked for"};
    Authority authority;
    if (text.starts_with('[')) {
        KG_LET(host, parse_bracketed(text));
        authority.host = std::move(host);
    } else {
        const std::size_t end = std::min(text.find(':'), text.size());
        if (end != text.size() && text.find(':', end + 1) != std::string_view::npos)
            return Why{"an IPv6 address stands in brackets, as in [::1]:80"};
        KG_LET(host, parse_name(text.substr(0, end)));
        authority.host = std::move(host);
        text.remove_prefix(end);
    }
    if (text.empty()) return authority;
    if (text[0] != ':') return Why{"a colon and the port follow the address"};
    KG_LET(port, parse_port(text.substr(1)));
    authority.port = port;
    return authority;
}

Part<WaitTarget> parse_tcp(std::string_view rest) {
    if (rest.starts_with("//")) return Why{"it is written tcp:HOST:PORT, without slashes"};
    KG_LET(authority, parse_authority(rest));
    if (authority.port == 0) return Why{"a port is needed, as in tcp:HOST:5432"};
    WaitTarget target{.kind = Kind::tcp, .host = std::move(authority.host), .port = authority.port};
    target.text = fmt::format("tcp:{}:{}", target.bracketed_host(), target.port);
    return target;
}

bool is_printable_ascii(char c) { return c > ' ' && c < '\x7f'; }

Part<std::string> parse_request_target(std::string_view rest) {
    if (!std::ranges::all_of(rest, is_printable_ascii))
        return Why{"what is not printable ASCII has to be percent-encoded in a URL"};
    if (rest.find('#') != std::string_view::npos)
        return Why{"a fragment ('#') is never sent to a server: leave it out"};
    return rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
}

std::string lower_scheme(std::string_view text) {
    return text::lower(text.substr(0, text.find(':')));
}

// What stands behind the scheme.
Part<WaitTarget> parse_url(Kind kind, std::string_view rest) {
    const bool is_https = kind == Kind::https;
    if (!rest.starts_with("//")) return Why{"a URL is needed, as in http://HOST:8080/health"};
    rest.remove_prefix(2);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    KG_LET(authority, parse_authority(rest.substr(0, end)));
    KG_LET(path, parse_request_target(rest.substr(end)));
    const std::uint16_t usual_port = is_https ? 443 : 80;
    WaitTarget target{.kind = kind,
                      .host = std::move(authority.host),
                      .port = authority.port == 0 ? usual_port : authority.port,
                      .path = std::move(path)};
    const bool names_path = end != rest.size();
    target.text =
        fmt::format("{}://{}{}{}", is_https ? "https" : "http", target.bracketed_host(),
                    authority.port == 0 ? "" : fmt::format(":{}", authority.port),
                    names_path ? text::printable(without_query(target.path), shown_bytes) : "");
    return target;
}

Part<WaitTarget> parse_https(std::string_view rest) { return parse_url(Kind::https, rest); }

Part<WaitTarget> parse_http(std::string_view rest) {
    // http:http://...: the kind, and then the URL.
    const std::string inner = lower_scheme(rest);
    if (inner != "http" && inner != "https") return parse_url(Kind::http, rest);
    rest.remove_prefix(std::min(inner.size() + 1, rest.size()));
    return parse_url(inner == "https" ? Kind::https : Kind::http, rest);
}

Part<WaitTarget> parse_path(Kind kind, std::string_view word, std::string_view path) {
    if (path.empty()) return Why{fmt::format("a path is needed, as in {}:/run/ready", word)};
    if (path.find('\0') != std::string_view::npos) return Why{"a path holds no null byte"};
    if (path.size() > longest_path)
        return Why{fmt::format("a path has at most {} bytes", longest_path)};
    return WaitTarget{.kind = kind,
                      .path = std::string(path),
                      .text = fmt::format("{}:{}", word, text::printable(path, shown_bytes))};
}

Part<WaitTarget> parse_unix(std::string_view rest) {
    if (rest.size() > longest_socket_path)
        return Why{fmt::format("the path of a socket has at most {} bytes, this one has {}",
                               longest_socket_path, rest.size())};
    return parse_path(Kind::unix_socket, "unix", rest);
}

Part<WaitTarget> parse_file(std::string_view rest) { return parse_path(Kind::file, "file", rest); }

struct Scheme {
    std::string_view word;
    Part<WaitTarget> (*parse)(std::string_view rest);
};

constexpr std::array schemes = {
    Scheme{"tcp", parse_tcp},   Scheme{"http", parse_http}, Scheme{"https", parse_https},
    Scheme{"unix", parse_unix}, Scheme{"file", parse_file},
};

// "db:5432", as other programs take it, is most likely meant as a port.
std::string what_was_meant(std::string_view text) {
    const auto authority = parse_authority(text);
    if (authority && authority->port != 0)
        return fmt::format("a target is {} (did you mean 'tcp:{}'?)", forms, text);
    std::array<std::string_view, schemes.size()> words;
    std::ranges::transform(schemes, words.begin(), &Scheme::word);
    return fmt::format("a target is {}{}", forms, text::did_you_mean(lower_scheme(text), words));
}

}  // namespace

std::string WaitTarget::bracketed_host() const {
    return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

std::string WaitTarget::url() const {
    return fmt::format("{}://{}:{}{}", kind == Kind::https ? "https" : "http", bracketed_host(),
                       port, path);
}

Result<WaitTarget> parse_wait_target(std::string_view text) {
    if (text.size() > longest_wait_target)
        return refuse(text, fmt::format("it has more than {} bytes", longest_wait_target));
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return refuse(text, what_was_meant(text));
    const auto scheme = std::ranges::find(schemes, lower_scheme(text), &Scheme::word);
    if (scheme == schemes.end()) return refuse(text, what_was_meant(text));
    auto target = scheme->parse(text.substr(colon + 1));
    if (!target) return refuse(text, target.error().text);
    return std::move(*target);
}

}  // namespace kaigara::platform
