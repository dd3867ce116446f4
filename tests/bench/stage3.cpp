// SPDX-License-Identifier: Apache-2.0

// What stays in memory while the application runs, after `start` has read a large metadata tree.

#include <fmt/format.h>

#include "behind_init.h"
#include "figures.h"

namespace kaigara::bench {

namespace {

constexpr std::uint64_t target = 500;  // kB
constexpr int groups = 100;
constexpr int leaves_of_a_group = 100;

std::string large_tree() {
    std::string text;
    for (int group = 0; group < groups; ++group) {
        text += fmt::format("group{:03}:\n", group);
        for (int leaf = 0; leaf < leaves_of_a_group; ++leaf) {
            text += fmt::format("  leaf{:03}: value of leaf {} in group {}\n", leaf, leaf, group);
        }
    }
    return text;
}

std::uint64_t anonymous_memory(const Plan& plan, const std::string& metadata) {
    const std::string empty = plan.scratch->path() + "/empty";
    const BehindInit running({"kaigara start",
                              {plan.kaigara, "start", "--metadata", metadata, "--resources", empty,
                               "--operations", empty, "--"}},
                             {plan.child("child_work")});
    sleep_for(std::chrono::seconds(1));
    return status_number(running.process.pid(), "RssAnon");
}

}  // namespace

void measure_stage3(const Plan& plan, Report& report) {
    Row row{"RssAnon in stage 3 after 10,000 leaves", "-", "-", "-",
            fmt::format("<= {} kB", target),          "-"};
    if (!plan.kaigara.empty()) {
        (void)plan.scratch->folder("empty");
        const std::uint64_t large =
            anonymous_memory(plan, plan.scratch->write("large.yml", large_tree()));
        const std::uint64_t small =
            anonymous_memory(plan, plan.scratch->write("small.yml", "leaf: value\n"));
        report.note(fmt::format("stage 3: RssAnon {} kB after {} leaves, {} kB after one", large,
                                groups * leaves_of_a_group, small));
        row.ours = fmt::format("{} kB", large);
        row.met = verdict(true, large <= target);
    }
    report.add(std::move(row));
}

}  // namespace kaigara::bench
