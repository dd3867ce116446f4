// SPDX-License-Identifier: Apache-2.0

// The benchmark: measures kaigara beside its peers and prints a table (docs/performance.md). It
// judges no time by itself: it fails only when it cannot measure.

#include <array>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "figures.h"

namespace {

using namespace kaigara::bench;

struct Figure {
    std::string_view name;
    void (*measure)(const Plan&, Report&);
};

constexpr std::array figures{
    Figure{"size", measure_size},
    Figure{"start", measure_start},
    Figure{"instructions", measure_instructions},
    Figure{"idle", measure_idle},
    Figure{"orphans", measure_orphans},
    Figure{"forward", measure_forward},
    Figure{"burst", measure_burst},
    Figure{"stop", measure_stop},
    Figure{"stage3", measure_stage3},
    Figure{"operations", measure_operations},
    Figure{"render", measure_render},
    Figure{"ledger", measure_ledger},
};

bool is_wanted(const Plan& plan, std::string_view name) {
    if (plan.figures.empty()) return true;
    for (const std::string& wanted : plan.figures) {
        if (wanted == name) return true;
    }
    return false;
}

void demand_known_figures(const Plan& plan) {
    for (const std::string& wanted : plan.figures) {
        bool known = false;
        for (const Figure& figure : figures) known = known || figure.name == wanted;
        if (!known) give_up(fmt::format("unknown figure {}; see --help", wanted));
    }
}

void measure(const Plan& plan) {
    demand_known_figures(plan);
    std::optional<PinnedTo> pinned;
    if (plan.pinned_to) pinned.emplace(*plan.pinned_to);
    watch_for_interruption();
    enter_user_namespace_unless_root();
    Report report;
    for (const Figure& figure : figures) {
        if (!is_wanted(plan, figure.name)) continue;
        fmt::print(stderr, "bench: measuring {}\n", figure.name);
        figure.measure(plan, report);
    }
    report.print();
}

}  // namespace

int main(int count, char** words) {
    try {
        measure(read_command_line(count, words));
    } catch (const std::exception& failure) {
        fmt::print(stderr, "bench: {}\n", failure.what());
        return 1;
    }
}
