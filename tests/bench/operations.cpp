// SPDX-License-Identifier: Apache-2.0

// A hundred operations that do nothing: what `kaigara provision` adds to each, and what run-parts
// does, over a loop of fork, exec and wait. All run as PID 1 of a namespace.

#include <fmt/format.h>

#include "figures.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr int usual_runs = 40;
constexpr int operations = 100;

struct Folder {
    std::string path;
    Words scripts;
};

Folder make_scripts(const Plan& plan) {
    Folder folder{plan.scratch->folder("operations"), {}};
    for (int number = 0; number < operations; ++number) {
        folder.scripts.push_back(plan.scratch->write(
            fmt::format("operations/{:03}-nothing", number), "#!/bin/sh\n:\n", 0755));
    }
    return folder;
}

struct Runner {
    std::string name;
    Words words;
    Sample sample;
};

std::vector<Runner> runners(const Plan& plan, const Folder& folder) {
    std::vector<Runner> all;
    all.push_back({"loop", join({plan.child("fork_loop")}, folder.scripts), {}});
    if (const std::string path = find_program("run-parts"); !path.empty()) {
        all.push_back({"run-parts", {path, folder.path}, {}});
    }
    if (plan.kaigara.empty()) return all;
    for (const char* output : {"raw", "prefix"}) {
        all.push_back(
            {fmt::format("kaigara, {} output", output),
             {plan.kaigara, "provision", "--operations", folder.path, "--operation-output", output},
             {}});
    }
    return all;
}

// Microseconds an operation, over the loop.
double overhead(const Runner& runner, const Runner& loop) {
    return (runner.sample.median() - loop.sample.median()) / operations;
}

const Runner* find(const std::vector<Runner>& all, std::string_view name) {
    for (const Runner& runner : all) {
        if (runner.name == name) return &runner;
    }
    return nullptr;
}

void add_row(Report& report, const std::vector<Runner>& all, const char* output, double target) {
    const Runner* own = find(all, fmt::format("kaigara, {} output", output));
    const Runner* peer = find(all, "run-parts");
    const double own_overhead = own != nullptr ? overhead(*own, all.front()) : 0;
    const double peer_overhead = peer != nullptr ? overhead(*peer, all.front()) : 0;
    report.add(
        {fmt::format("overhead of an operation, {} output", output),
         own != nullptr ? fmt::format("{:.0f} us", own_overhead) : "-",
         peer != nullptr ? fmt::format("run-parts {:.0f} us", peer_overhead) : "-",
         ratio_text(own_overhead, peer_overhead), fmt::format("<= {:.2f} x run-parts", target),
         verdict(own != nullptr && peer != nullptr, own_overhead <= target * peer_overhead)});
}

}  // namespace

void measure_operations(const Plan& plan, Report& report) {
    std::vector<Runner> all = runners(plan, make_scripts(plan));
    std::mt19937 random(1);
    for (const Runner& runner : all) (void)run_to_success(runner.words);
    const int rounds = plan.runs_or(usual_runs);
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t index : shuffled(all.size(), random)) {
            all[index].sample.add(run_to_success(all[index].words).microseconds());
        }
    }
    for (const Runner& runner : all) {
        report.note(fmt::format("operations: {}, {} runs: median {:.0f} us an operation (minimum "
                                "{:.0f}), over the loop {:.0f}",
                                runner.name, rounds, runner.sample.median() / operations,
                                runner.sample.minimum() / operations,
                                overhead(runner, all.front())));
    }
    add_row(report, all, "raw", 0.5);
    add_row(report, all, "prefix", 1.0);
}

}  // namespace kaigara::bench
