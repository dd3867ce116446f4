// SPDX-License-Identifier: Apache-2.0

// What an init adds to the life of a container: from its execve to the moment its end is seen, less
// the same time of the bare child as PID 1.

#include <fmt/format.h>

#include "figures.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr int usual_runs = 1000;
constexpr double target = 1.0;

struct Net {
    double median;
    double minimum;
};

std::vector<Sample> run_all(const std::vector<Words>& commands, int rounds) {
    std::vector<Sample> samples(commands.size());
    std::mt19937 random(1);
    for (const Words& command : commands) (void)run_to_success(command);  // into the page cache
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t index : shuffled(commands.size(), random)) {
            samples[index].add(run_to_success(commands[index]).microseconds());
        }
    }
    return samples;
}

void add_row(Report& report, const std::vector<Contender>& all, const std::vector<Net>& net,
             std::string_view name, std::string_view figure) {
    const std::optional<std::size_t> own = place_of(all, name);
    const std::optional<std::size_t> tini = place_of(all, "tini-static");
    std::vector<std::string> peers;
    for (std::size_t index = 0; index < all.size(); ++index) {
        if (all[index].name.starts_with("kaigara")) continue;
        peers.push_back(fmt::format("{} {:.0f} us", all[index].name, net[index].median));
    }
    const double own_median = own ? net[*own].median : 0;
    const double peer_median = tini ? net[*tini].median : 0;
    report.add({std::string(figure), own ? fmt::format("{:.0f} us", own_median) : "-",
                listed(peers, ", "), ratio_text(own_median, peer_median),
                fmt::format("<= {:.2f} x tini-static", target),
                verdict(own && tini, own_median <= target * peer_median)});
}

}  // namespace

void measure_start(const Plan& plan, Report& report) {
    const std::vector<Contender> all = inits(plan);
    const Words child{plan.child("child_exit")};
    std::vector<Words> commands;
    for (const Contender& contender : all) commands.push_back(join(contender.words, child));
    commands.push_back(child);
    const int rounds = plan.runs_or(usual_runs);
    const std::vector<Sample> samples = run_all(commands, rounds);
    const Sample& bare = samples.back();

    report.note(fmt::format("start, {} runs each, us from exec to exit (bare child: median {:.0f}, "
                            "quartiles {:.0f} to {:.0f}, minimum {:.0f}):",
                            rounds, bare.median(), bare.quantile(0.25), bare.quantile(0.75),
                            bare.minimum()));
    std::vector<Net> net;
    for (std::size_t index = 0; index < all.size(); ++index) {
        const Sample& sample = samples[index];
        net.push_back({sample.median() - bare.median(), sample.minimum() - bare.minimum()});
        report.note(fmt::format("  {:<22} whole {:6.0f} (quartiles {:.0f} to {:.0f}), less bare: "
                                "median {:6.0f}, minimum {:6.0f}",
                                all[index].name, sample.median(), sample.quantile(0.25),
                                sample.quantile(0.75), net.back().median, net.back().minimum));
    }
    add_row(report, all, net, ours, "start, `exec`");
    add_row(report, all, net, tini_face, "start, called as tini");
}

}  // namespace kaigara::bench
