// SPDX-License-Identifier: Apache-2.0

// A stop: from TERM on an init, outside its namespace, to its end. The child has no handler and
// dies of the signal.

#include <csignal>

#include <fmt/format.h>
#include <sys/wait.h>

#include "behind_init.h"
#include "figures.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr int usual_runs = 500;
constexpr double target = 1.10;

double stop_once(const Contender& contender, const Words& child, const Placement& placement) {
    const PinnedTo for_init(placement.inits_on);
    BehindInit running(contender, child);
    const PinnedTo for_sender(placement.sender_on);
    const std::uint64_t sent_at = monotonic_nanoseconds();
    running.process.kill(SIGTERM);
    const InitEnd end = running.process.wait();
    if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 128 + SIGTERM) {
        give_up(contender.name + " did not end with 143 on TERM");
    }
    return static_cast<double>(end.ended_at - sent_at) / 1000.0;
}

void add_row(Report& report, const std::vector<Contender>& all, const std::vector<Sample>& samples,
             std::string_view name, const std::string& figure) {
    const std::optional<std::size_t> own = place_of(all, name);
    const std::optional<std::size_t> peer = place_of(all, "dumb-init");
    std::vector<std::string> peers;
    for (std::size_t index = 0; index < all.size(); ++index) {
        if (all[index].name.starts_with("kaigara")) continue;
        peers.push_back(fmt::format("{} {:.0f} us", all[index].name, samples[index].median()));
    }
    const double own_median = own ? samples[*own].median() : 0;
    const double peer_median = peer ? samples[*peer].median() : 0;
    report.add({figure, own ? fmt::format("{:.0f} us", own_median) : "-", listed(peers, ", "),
                ratio_text(own_median, peer_median), fmt::format("<= {:.2f} x dumb-init", target),
                verdict(own && peer, own_median <= target * peer_median)});
}

void measure_on(const Plan& plan, Report& report, const Placement& placement) {
    const std::vector<Contender> all = inits(plan, true);
    const Words child{plan.child("child_work")};
    std::vector<Sample> samples(all.size());
    std::mt19937 random(1);
    const int rounds = plan.runs_or(usual_runs);
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t index : shuffled(all.size(), random)) {
            samples[index].add(stop_once(all[index], child, placement));
        }
    }
    for (std::size_t index = 0; index < all.size(); ++index) {
        const Sample& sample = samples[index];
        report.note(fmt::format("stop, {}: {}, {} runs: median {:.0f} us, quartiles {:.0f} to "
                                "{:.0f}, minimum {:.0f}",
                                placement.name, all[index].name, rounds, sample.median(),
                                sample.quantile(0.25), sample.quantile(0.75), sample.minimum()));
    }
    add_row(report, all, samples, ours, fmt::format("stop, TERM to exit, {}", placement.name));
    add_row(report, all, samples, dumb_init_face,
            fmt::format("stop, called as dumb-init, {}", placement.name));
}

}  // namespace

void measure_stop(const Plan& plan, Report& report) {
    for (const Placement& placement : placements()) measure_on(plan, report, placement);
}

}  // namespace kaigara::bench
