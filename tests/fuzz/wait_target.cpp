// SPDX-License-Identifier: Apache-2.0

// Any bytes as something to wait for, and as what a server answers to it.

#include <algorithm>

#include "check.h"
#include "platform/http_answer.h"
#include "platform/socket_address.h"
#include "platform/wait_target.h"

using namespace kaigara;
using platform::WaitTarget;

namespace {

// What stands before the last '@' of what is no path may be a password, from the first colon on.
std::string_view hidden_part(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::size_t at = text.rfind('@');
    if (colon == text.npos || at == text.npos || at < colon) return {};
    return text.substr(colon + 1, at - colon - 1);
}

bool is_path(std::string_view text) {
    const std::string scheme = text::lower(text.substr(0, text.find(':')));
    return scheme == "unix" || scheme == "file";
}

void check_refusal(std::string_view text, const Error& error) {
    fuzz::check_words(error);
    fuzz::check(error.fault == Fault::usage, "a bad target is usage", {text});
    const std::string_view hidden = hidden_part(text);
    // Shorter ones may be words of the message.
    if (is_path(text) || hidden.size() < 12) return;
    const std::string shown = text::printable(hidden, 4'096);
    const std::string before = text::printable(text.substr(0, text.find(':')), 4'096);
    const std::string behind = text::printable(text.substr(text.rfind('@')), 4'096);
    // It may be said elsewhere in the target, too.
    if (before.find(shown) != std::string::npos || behind.find(shown) != std::string::npos) return;
    // What follows says what a target looks like, in words that the input may have, too.
    const std::string_view named =
        std::string_view(error.message).substr(0, error.message.find("': "));
    fuzz::check(named.find(shown) == std::string_view::npos, "no password is repeated",
                {text, error.message});
}

void check_request(const WaitTarget& target) {
    const std::string request = platform::http_request(target);
    fuzz::check(request.starts_with("GET /"), "a request asks for a path", {request});
    fuzz::check(std::ranges::count(request, '\n') == 6 && request.ends_with("\r\n\r\n"),
                "no target adds a line to a request", {request});
    fuzz::check(std::ranges::count(request.substr(0, request.find('\r')), ' ') == 2,
                "no target adds a word to a request", {request});
}

void check_target(std::string_view text, const WaitTarget& target) {
    fuzz::check(text::printable(target.text, 10'000) == target.text, "a target is printable",
                {target.text});
    const bool has_path = target.kind != WaitTarget::Kind::tcp;
    fuzz::check(has_path != target.path.empty(), "a path is there or not", {text});
    if (target.kind == WaitTarget::Kind::unix_socket)
        fuzz::check(platform::unix_address(target.path).has_value(), "a socket's path fits",
                    {text});
    if (is_path(text)) return;
    fuzz::check(!target.host.empty() && target.port != 0, "there is a host and a port", {text});
    fuzz::check(target.host.find_first_of("@/?#[] \r\n") == std::string::npos,
                "a host is nothing else", {target.host});
    if (target.kind == WaitTarget::Kind::http) check_request(target);
    if (target.path.find('?') != std::string::npos) return;
    const auto again = platform::parse_wait_target(target.text);
    fuzz::check(again.has_value() || target.text.ends_with("..."), "what is shown is a target",
                {target.text});
    fuzz::check(!again || target.text.ends_with("...") ||
                    (again->host == target.host && again->port == target.port),
                "what is shown is the same target", {text, target.text});
}

void check_status_line(std::string_view text) {
    using State = platform::StatusLine::State;
    const auto whole = platform::read_status_line(text);
    fuzz::check(whole.state != State::whole || (whole.status >= 100 && whole.status <= 999),
                "a status has three digits", {text});
    fuzz::check(whole.state != State::incomplete || text.size() < platform::longest_status_line,
                "an endless line is garbage", {text});
    bool decided = false;
    for (std::size_t size = 0; size <= std::min<std::size_t>(text.size(), 64); ++size) {
        const auto part = platform::read_status_line(text.substr(0, size));
        fuzz::check(!decided || part.state != State::incomplete, "what is decided stays so",
                    {text});
        decided = part.state != State::incomplete;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    const auto target = platform::parse_wait_target(text);
    if (target)
        check_target(text, *target);
    else
        check_refusal(text, target.error());
    check_status_line(text);
    return 0;
}
