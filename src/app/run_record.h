// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `kaigara status` tells of the runs of the application: when the present one began, and how
// the last ones ended. An end by KILL that nobody here has sent is the kernel's for want of memory
// where the cgroup has counted one more since the run began.

#include <cstdint>
#include <optional>

#include "app/status.h"
#include "supervise/restart_policy.h"

namespace kaigara::app {

class RunRecord {
public:
    void begin();
    // The entry of a run that has ended; `by_us`: while it was being stopped, so that a KILL may be
    // ours.
    Status::Exit end(const supervise::RunEnd& end, bool by_us);
    void count_forwarded() noexcept { ++known_.signals_forwarded; }

    // Fills what is known here; the present run's beginning where one runs.
    void describe(Status& status) const;

private:
    Status known_;  // of which only what is filled by describe() is used
    std::optional<std::uint64_t> oom_kills_;
};

}  // namespace kaigara::app
