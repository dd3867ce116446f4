// SPDX-License-Identifier: Apache-2.0
#pragma once

// How often the kernel has ended a process of this container for want of memory, as its cgroup
// counts it: `oom_kill` of memory.events (cgroup v2) or of memory.oom_control (v1). Whether one
// KILL was the kernel's can only be told by the difference.

#include <cstdint>
#include <optional>

namespace kaigara::platform {

// Nothing where /sys/fs/cgroup does not tell.
std::optional<std::uint64_t> count_oom_kills();

}  // namespace kaigara::platform
