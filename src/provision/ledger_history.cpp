// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_history.h"

#include <fmt/format.h>

namespace kaigara::provision {

namespace {

constexpr std::string_view algorithm = "sha256:";

// A digest of another algorithm, of a later kaigara, is as good as none.
std::string digest_of(std::string_view details, std::string_view key) {
    std::string_view value = detail(details, key);
    if (!value.starts_with(algorithm)) return {};
    value.remove_prefix(algorithm.size());
    return std::string(value);
}

OperationDigests digests_of(std::string_view details) {
    return {digest_of(details, "content"), digest_of(details, "code"),
            digest_of(details, "inputs")};
}

bool is_barrier(std::string_view details) { return detail(details, "barrier") == "yes"; }

void succeed(OperationPast& past, const LedgerLine& line, OperationDigests digests, bool barrier) {
    past.has_succeeded = true;
    past.success_time = line.time;
    past.success = std::move(digests);
    past.success_is_barrier = barrier;
}

void apply(OperationPast& past, LedgerEvent event, const LedgerLine& line) {
    past.last = event;
    past.last_time = line.time;
    switch (event) {
    case LedgerEvent::started: ++past.starts; break;
    case LedgerEvent::done:
    case LedgerEvent::accepted:
    case LedgerEvent::baselined:
        succeed(past, line, digests_of(line.details), is_barrier(line.details));
        break;
    case LedgerEvent::forgotten:
        past.has_succeeded = past.success_is_barrier = false;
        past.success = {};
        break;
    case LedgerEvent::failed:
    case LedgerEvent::timed_out:
    case LedgerEvent::skipped:
    case LedgerEvent::cancelled:
    case LedgerEvent::ledger:
    case LedgerEvent::salvaged: break;
    }
}

}  // namespace

LedgerHistory read_history(const LedgerText& ledger) {
    LedgerHistory history;
    for (const LedgerLine& line : ledger.lines) {
        const auto event = find_event(line.event);
        if (!event || line.name == "-") continue;
        apply(history[decode_name(line.name)], *event, line);
    }
    return history;
}

std::string describe_operation(const OperationDigests& digests, bool barrier) {
    std::string details = fmt::format("content={}{}", algorithm, digests.content);
    if (!digests.code.empty()) details += fmt::format(" code={}{}", algorithm, digests.code);
    if (!digests.inputs.empty()) details += fmt::format(" inputs={}{}", algorithm, digests.inputs);
    if (barrier) details += " barrier=yes";
    return details;
}

}  // namespace kaigara::provision
