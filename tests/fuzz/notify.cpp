// SPDX-License-Identifier: Apache-2.0

// Any bytes as a datagram of sd_notify(3).

#include <chrono>

#include "check.h"
#include "supervise/notify_message.h"

using namespace kaigara;
using namespace std::chrono_literals;
using supervise::NotifyMessage;

namespace {

constexpr std::chrono::microseconds now{123'456'789};

// Whether `line` is one of the datagram's.
bool has_line(std::string_view datagram, std::string_view line) {
    if (datagram.ends_with('\0')) datagram.remove_suffix(1);
    while (!datagram.empty()) {
        const std::size_t end = datagram.find('\n');
        std::string_view one = datagram.substr(0, end);
        if (one.ends_with('\r')) one.remove_suffix(1);
        if (one == line) return true;
        if (end == datagram.npos) return false;
        datagram.remove_prefix(end + 1);
    }
    return false;
}

bool says_anything(const NotifyMessage& message) {
    return message.ready || message.reloading || message.stopping || message.watchdog ||
           message.watchdog_trigger || message.barrier || message.status || message.main_pid ||
           message.watchdog_interval || message.extend_timeout;
}

void check_flags(std::string_view text, const NotifyMessage& message) {
    fuzz::check(message.ready == has_line(text, "READY=1"), "it is ready by that line", {text});
    fuzz::check(message.reloading == has_line(text, "RELOADING=1"), "it reloads by that line",
                {text});
    fuzz::check(message.stopping == has_line(text, "STOPPING=1"), "it stops by that line", {text});
    fuzz::check(message.watchdog == has_line(text, "WATCHDOG=1"), "it lives by that line", {text});
    fuzz::check(message.watchdog_trigger == has_line(text, "WATCHDOG=trigger"),
                "it is dead by that line", {text});
    fuzz::check(message.barrier == has_line(text, "BARRIER=1"), "a barrier is that line", {text});
}

void check_values(std::string_view text, const NotifyMessage& message) {
    if (message.status) {
        fuzz::check(message.status->size() <= supervise::longest_notify_status, "a status is short",
                    {text});
        fuzz::check(text::printable(*message.status, 2'000) == *message.status,
                    "a status is printable", {text});
    }
    fuzz::check(!message.main_pid || *message.main_pid > 0, "a pid is above 0", {text});
    fuzz::check(!message.watchdog_interval ||
                    (*message.watchdog_interval >= 100ms && *message.watchdog_interval <= 24h),
                "a watchdog has limits", {text});
    fuzz::check(!message.extend_timeout ||
                    (*message.extend_timeout > 0us && *message.extend_timeout <= 1h),
                "more time has limits", {text});
}

void check_complaint(std::string_view text, const NotifyMessage& message) {
    fuzz::check(message.complaint.size() < 300, "a complaint is short", {message.complaint});
    fuzz::check(text::printable(message.complaint, 1'000) == message.complaint,
                "a complaint is one line for a person", {message.complaint});
    fuzz::check(!message.complaint.empty() || text.find('=') != text.npos,
                "what says nothing is complained about", {text});
    if (text.size() <= supervise::longest_notify_datagram) return;
    fuzz::check(!message.complaint.empty() && !says_anything(message),
                "what is cut off says nothing", {text});
}

// What is relayed says the same, and nothing that a status has put into it.
void check_relayed(const NotifyMessage& message) {
    const std::string relayed = supervise::relayed_text(message, now);
    if (relayed.empty()) return;
    const NotifyMessage again = supervise::parse_notify_message(relayed);
    fuzz::check(again.complaint.empty(), "what is relayed is well-formed", {relayed});
    fuzz::check(again.ready == message.ready && again.reloading == message.reloading &&
                    again.stopping == message.stopping && again.status == message.status &&
                    again.watchdog == message.watchdog,
                "what is relayed is what was said", {relayed});
    fuzz::check(!again.main_pid && !again.watchdog_interval && !again.extend_timeout &&
                    !again.barrier && !again.watchdog_trigger,
                "what is ours is not relayed", {relayed});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    const NotifyMessage message = supervise::parse_notify_message(text);
    if (size <= supervise::longest_notify_datagram) check_flags(text, message);
    check_values(text, message);
    check_complaint(text, message);
    check_relayed(message);
    // The same with an end that is too far away, whatever the longest input is.
    const std::string padded =
        std::string(text) + "\n" + std::string(supervise::longest_notify_datagram, 'x');
    check_complaint(padded, supervise::parse_notify_message(padded));
    return 0;
}
