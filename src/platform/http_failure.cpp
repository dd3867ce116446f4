// SPDX-License-Identifier: Apache-2.0
#include "platform/http_failure.h"

#include <curl/curl.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/connection_attempt.h"

namespace kaigara::platform {

namespace {

Error unavailable(std::string message, int code = 0) {
    return {Fault::unavailable, code, std::move(message), ""};
}

Error hopeless(std::string message) { return {Fault::configuration, 0, std::move(message), ""}; }

// libcurl's words, or nothing where it has none.
std::string in_parentheses(std::string_view detail) {
    return detail.empty() ? "" : fmt::format(" ({})", text::printable(detail));
}

Error untrusted(const HttpFailure& failure) {
    if (failure.authorities.empty())
        return hopeless("its certificate cannot be checked, for this image has no certificates of "
                        "authorities: install ca-certificates, or name a bundle by SSL_CERT_FILE");
    return hopeless(fmt::format("its certificate is not accepted{}; trusted is what stands in {}",
                                in_parentheses(failure.detail),
                                text::printable(failure.authorities)));
}

std::string cut_off(const HttpFailure& failure) {
    if (failure.system != 0) return reason_of(failure.system);
    return fmt::format("the connection was lost{}", in_parentheses(failure.detail));
}

}  // namespace

Error explain(const HttpFailure& failure) {
    if (failure.is_too_large)
        return {Fault::configuration, EMSGSIZE,
                fmt::format("its answer has more than {} bytes", failure.body_limit), ""};
    switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST: return unavailable("name not found", ENOTCONN);
    case CURLE_COULDNT_RESOLVE_PROXY: return unavailable("the proxy's name is not found", ENOTCONN);
    case CURLE_COULDNT_CONNECT:
        if (failure.system != 0) return unavailable(reason_of(failure.system), failure.system);
        return unavailable("cannot connect", ENOTCONN);
    case CURLE_OPERATION_TIMEDOUT:
        if (failure.was_connecting)
            return unavailable(
                fmt::format("no connection within {}", format_duration(failure.connect_timeout)),
                ENOTCONN);
        return unavailable(
            fmt::format("no whole answer within {}", format_duration(failure.timeout)));
    case CURLE_PEER_FAILED_VERIFICATION: return untrusted(failure);
    case CURLE_SSL_CACERT_BADFILE:
        return hopeless(fmt::format("the certificates of authorities cannot be read{}",
                                    in_parentheses(failure.detail)));
    case CURLE_SSL_CERTPROBLEM:
        return hopeless(fmt::format("our certificate or its key cannot be used{}",
                                    in_parentheses(failure.detail)));
    case CURLE_SSL_CONNECT_ERROR:
        return unavailable(fmt::format("no TLS connection{}", in_parentheses(failure.detail)));
    case CURLE_GOT_NOTHING:
        return unavailable("closed the connection without an answer; does it speak https?");
    case CURLE_PARTIAL_FILE: return unavailable("the connection ended within the answer");
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: return unavailable("what it answers is no HTTP");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return unavailable(cut_off(failure), failure.system);
    case CURLE_URL_MALFORMAT: return hopeless("is no URL");
    default: break;
    }
    const std::string_view words =
        failure.detail.empty() ? "libcurl has no words for it" : failure.detail;
    return unavailable(
        fmt::format("the transfer failed ({}, {})", text::printable(words), failure.code));
}

}  // namespace kaigara::platform
