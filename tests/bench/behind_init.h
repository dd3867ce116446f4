// SPDX-License-Identifier: Apache-2.0
#pragma once

// An init with a child behind it that has said that it is there.

#include <memory>
#include <string_view>
#include <vector>

#include "plan.h"

namespace kaigara::bench {

struct BehindInit {
    Contender contender;
    Channel channel;
    InitProcess process;

    BehindInit(Contender which, const Words& child);
};

// Which processors the inits and the sender of signals use. Left to itself the kernel wakes now the
// same and now another processor, which takes 15 or 60 us in a virtual machine, and a median jumps
// between the two for every init alike. On one processor a figure is what the init and the switches
// cost; with the sender on another, an idle processor has to be woken too, as is usual.
struct Placement {
    int inits_on = 0;
    int sender_on = 0;
    std::string_view name;
};

// The second one only where there are two processors to use.
[[nodiscard]] std::vector<Placement> placements();

[[nodiscard]] std::vector<std::unique_ptr<BehindInit>>
start_behind_all(const std::vector<Contender>& contenders, const Words& child);

}  // namespace kaigara::bench
