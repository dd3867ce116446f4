// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_environment.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kaigara::provision {

namespace {

constexpr std::string_view operation_variable = "KAIGARA_OPERATION=";

// Those of an operation of another kaigara, in whose environment this one may run.
constexpr std::array<std::string_view, 4> our_variables = {
    operation_variable, "KAIGARA_ATTEMPT=", "KAIGARA_INTERRUPTED=", "KAIGARA_SNAPSHOT="};

bool is_ours(std::string_view variable) {
    return std::ranges::any_of(
        our_variables, [variable](std::string_view ours) { return variable.starts_with(ours); });
}

}  // namespace

OperationEnvironment::OperationEnvironment(std::vector<std::string> inherited, int snapshot_number)
    : inherited_(std::move(inherited)), attempt_("KAIGARA_ATTEMPT=1") {
    std::erase_if(inherited_, is_ours);
    pointers_.reserve(inherited_.size() + 4);
    pointers_.push_back(nullptr);
    pointers_.push_back(attempt_.data());
    if (snapshot_number >= 0) {
        snapshot_ = fmt::format("KAIGARA_SNAPSHOT=/proc/self/fd/{}", snapshot_number);
        pointers_.push_back(snapshot_.data());
    }
    for (std::string& variable : inherited_) pointers_.push_back(variable.data());
    pointers_.push_back(nullptr);
}

char* const* OperationEnvironment::of(std::string_view operation) {
    operation_ = operation_variable;
    operation_ += operation;
    pointers_.front() = operation_.data();
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
