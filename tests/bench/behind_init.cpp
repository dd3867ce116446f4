// SPDX-License-Identifier: Apache-2.0
#include "behind_init.h"

#include <utility>

namespace kaigara::bench {

BehindInit::BehindInit(Contender which, const Words& child)
    : contender(std::move(which)), process(join(contender.words, child), {.channel = &channel}) {
    if (!channel.wait_for_child(std::chrono::seconds(10))) {
        give_up(contender.name + " started no child");
    }
    // The child may be there before its init has come to rest.
    sleep_for(std::chrono::milliseconds(2));
}

std::vector<Placement> placements() {
    const std::vector<int> processors = usable_processors();
    std::vector<Placement> all{{processors.back(), processors.back(), "one processor"}};
    if (processors.size() > 1) {
        all.push_back({processors.back(), processors.front(), "two processors"});
    }
    return all;
}

std::vector<std::unique_ptr<BehindInit>> start_behind_all(const std::vector<Contender>& contenders,
                                                          const Words& child) {
    std::vector<std::unique_ptr<BehindInit>> all;
    for (const Contender& contender : contenders) {
        all.push_back(std::make_unique<BehindInit>(contender, child));
    }
    return all;
}

}  // namespace kaigara::bench
