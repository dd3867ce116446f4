// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_environment.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kaigara::provision {

namespace {

// Those of an operation of another kaigara, in whose environment this one may run.
constexpr std::array<std::string_view, 4> our_variables = {
    "KAIGARA_OPERATION=", "KAIGARA_ATTEMPT=", "KAIGARA_INTERRUPTED=", "KAIGARA_SNAPSHOT="};

bool is_ours(std::string_view variable) {
    return std::ranges::any_of(
        our_variables, [variable](std::string_view ours) { return variable.starts_with(ours); });
}

bool has_name_of(std::string_view variable, const std::vector<std::string>& entries) {
    const std::string_view name = variable.substr(0, variable.find('=') + 1);
    return !name.empty() && std::ranges::any_of(entries, [name](const std::string& entry) {
        return entry.starts_with(name);
    });
}

}  // namespace

OperationEnvironment::OperationEnvironment(std::vector<std::string> inherited, int snapshot_number)
    : inherited_(std::move(inherited)) {
    std::erase_if(inherited_, is_ours);
    if (snapshot_number >= 0)
        snapshot_ = fmt::format("KAIGARA_SNAPSHOT=/proc/self/fd/{}", snapshot_number);
}

char* const* OperationEnvironment::of(const Run& run) {
    own_ = {fmt::format("KAIGARA_OPERATION={}", run.operation),
            fmt::format("KAIGARA_ATTEMPT={}", run.attempt)};
    if (run.interrupted) own_.emplace_back("KAIGARA_INTERRUPTED=1");
    if (!snapshot_.empty()) own_.push_back(snapshot_);
    if (run.user != nullptr) {
        own_.push_back("HOME=" + run.user->home);
        // An id without an entry has no name: what was inherited stays, as with --user.
        if (!run.user->name.empty()) {
            own_.push_back("USER=" + run.user->name);
            own_.push_back("LOGNAME=" + run.user->name);
        }
    }
    pointers_.clear();
    for (std::string& variable : own_) pointers_.push_back(variable.data());
    for (std::string& variable : inherited_) {
        if (run.user == nullptr || !has_name_of(variable, own_))
            pointers_.push_back(variable.data());
    }
    pointers_.push_back(nullptr);
    return pointers_.data();
}

int snapshot_number() noexcept {
    constexpr rlim_t wanted = 60;
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<int>(wanted);
    // Below 4 there is no room for it; the child's dup2(2) will say so.
    return static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur - 1, 3, wanted));
}

}  // namespace kaigara::provision
