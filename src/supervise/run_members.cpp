// SPDX-License-Identifier: Apache-2.0
#include "supervise/run_members.h"

#include <algorithm>
#include <set>

namespace kaigara::supervise {

std::vector<pid_t> members_of_run(const Run& run, pid_t self,
                                  const std::vector<platform::Process>& all) {
    std::set<pid_t> spared;
    for (const pid_t companion : run.companions) {
        spared.insert(companion);
        const auto below = platform::descendants_of(companion, all);
        spared.insert(below.begin(), below.end());
        const auto beside = platform::members_of_session(companion, all);
        spared.insert(beside.begin(), beside.end());
    }
    for (const platform::Process& process : all)
        if (process.started < run.started) spared.insert(process.pid);
    std::vector<pid_t> members = platform::descendants_of(self, all);
    std::erase_if(members, [&spared](pid_t pid) { return spared.contains(pid); });
    return members;
}

}  // namespace kaigara::supervise
