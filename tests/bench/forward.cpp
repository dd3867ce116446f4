// SPDX-License-Identifier: Apache-2.0

// A signal's way through an init: from kill(2) on the init, outside its namespace, to the first
// line of the handler in its child. All inits run at once and get their signals in turns.

#include <csignal>

#include <fmt/format.h>

#include "behind_init.h"
#include "figures.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr int usual_runs = 3000;
constexpr double target = 1.10;
constexpr auto deadline = std::chrono::seconds(10);

// The pause before a signal: everybody sleeps again, and no rhythm falls in with a timer's.
constexpr int shortest_pause = 200;
constexpr int longest_pause = 600;

double send_one(const BehindInit& receiver) {
    const std::uint64_t index = receiver.channel.arrivals();
    const std::uint64_t sent_at = monotonic_nanoseconds();
    receiver.process.kill(SIGUSR1);
    if (!receiver.channel.wait_for_child(deadline)) {
        give_up(receiver.contender.name + " did not forward a signal");
    }
    return static_cast<double>(receiver.channel.arrival(index).nanoseconds - sent_at) / 1000.0;
}

std::vector<Sample> send_all(const std::vector<std::unique_ptr<BehindInit>>& receivers,
                             int rounds) {
    std::vector<Sample> samples(receivers.size());
    std::mt19937 random(1);
    std::uniform_int_distribution<int> pause(shortest_pause, longest_pause);
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t index : shuffled(receivers.size(), random)) {
            sleep_for(std::chrono::microseconds(pause(random)));
            samples[index].add(send_one(*receivers[index]));
        }
    }
    return samples;
}

struct Medians {
    double own = 0;
    double tini = 0;
    std::vector<std::string> peers;
};

Medians measure_on(const Plan& plan, Report& report, const Placement& placement) {
    const PinnedTo for_inits(placement.inits_on);
    const auto receivers = start_behind_all(inits(plan), {plan.child("child_signals")});
    const PinnedTo for_sender(placement.sender_on);
    const int rounds = plan.runs_or(usual_runs);
    const std::vector<Sample> samples = send_all(receivers, rounds);
    Medians medians;
    for (std::size_t index = 0; index < receivers.size(); ++index) {
        const std::string& name = receivers[index]->contender.name;
        const Sample& sample = samples[index];
        report.note(fmt::format("signal, {}: {}, {} signals: median {:.1f} us, quartiles {:.1f} to "
                                "{:.1f}, minimum {:.1f}",
                                placement.name, name, rounds, sample.median(),
                                sample.quantile(0.25), sample.quantile(0.75), sample.minimum()));
        if (name == ours) medians.own = sample.median();
        if (name == "tini-static") medians.tini = sample.median();
        if (name.starts_with("kaigara")) continue;
        medians.peers.push_back(fmt::format("{} {:.1f} us", name, sample.median()));
    }
    return medians;
}

}  // namespace

void measure_forward(const Plan& plan, Report& report) {
    for (const Placement& placement : placements()) {
        const Medians medians = measure_on(plan, report, placement);
        report.add(
            {fmt::format("signal, kill to handler, {}", placement.name),
             medians.own > 0 ? fmt::format("{:.1f} us", medians.own) : "-",
             listed(medians.peers, ", "), ratio_text(medians.own, medians.tini),
             fmt::format("<= {:.2f} x tini-static", target),
             verdict(medians.own > 0 && medians.tini > 0, medians.own <= target * medians.tini)});
    }
}

}  // namespace kaigara::bench
