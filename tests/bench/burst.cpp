// SPDX-License-Identifier: Apache-2.0

// Signals that come all at once. Distinct standard signals: each arrives. Real-time signals, many
// of each number: all arrive, and in the order in which they were sent.

#include <algorithm>
#include <array>
#include <csignal>

#include <fmt/format.h>

#include "behind_init.h"
#include "figures.h"

namespace kaigara::bench {

namespace {

constexpr int usual_bursts = 200;
constexpr int of_each_number = 10;  // real-time signals of one number in a burst
constexpr auto deadline = std::chrono::seconds(2);

// What every peer forwards. Without TSTP, TTIN, TTOU and CONT: each of them removes the other
// kind while it waits (signal(7)), so a burst cannot bring both.
constexpr std::array standard_signals{SIGHUP,    SIGINT,  SIGQUIT,   SIGUSR1, SIGUSR2, SIGPIPE,
                                      SIGALRM,   SIGTERM, SIGSTKFLT, SIGURG,  SIGXCPU, SIGXFSZ,
                                      SIGVTALRM, SIGPROF, SIGWINCH,  SIGIO,   SIGPWR};

struct Losses {
    std::uint64_t lost = 0;
    std::uint64_t out_of_order = 0;
};

std::vector<int> real_time_burst() {
    std::vector<int> signals;
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
        signals.insert(signals.end(), of_each_number, number);
    }
    return signals;
}

// Waits until as many as were sent have arrived, or nothing more comes. Returns how many came.
std::uint64_t wait_for(const BehindInit& receiver, std::uint64_t since, std::size_t sent) {
    while (receiver.channel.arrivals() - since < sent) {
        if (!receiver.channel.wait_for_child(deadline)) break;
    }
    return receiver.channel.arrivals() - since;
}

Losses send_burst(const BehindInit& receiver, const std::vector<int>& signals, bool ordered) {
    const std::uint64_t since = receiver.channel.arrivals();
    for (const int signal : signals) receiver.process.kill(signal);
    const std::uint64_t came = wait_for(receiver, since, signals.size());
    Losses losses;
    if (came < signals.size()) losses.lost = signals.size() - came;
    if (!ordered) return losses;
    const std::uint64_t compared = std::min<std::uint64_t>(came, signals.size());
    for (std::uint64_t index = 0; index < compared; ++index) {
        const auto expected = static_cast<unsigned long long>(signals[index]);
        if (receiver.channel.arrival(since + index).signal != expected) ++losses.out_of_order;
    }
    return losses;
}

std::vector<Losses> send_all(const Plan& plan,
                             const std::vector<std::unique_ptr<BehindInit>>& receivers,
                             const std::vector<int>& signals, bool ordered) {
    std::vector<Losses> total(receivers.size());
    const int rounds = plan.runs_or(usual_bursts);
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t index = 0; index < receivers.size(); ++index) {
            const Losses losses = send_burst(*receivers[index], signals, ordered);
            total[index].lost += losses.lost;
            total[index].out_of_order += losses.out_of_order;
        }
    }
    return total;
}

void add_row(Report& report, const std::string& figure,
             const std::vector<std::unique_ptr<BehindInit>>& receivers,
             const std::vector<Losses>& losses, bool ordered) {
    const auto describe = [ordered](const Losses& of_one) {
        if (!ordered) return fmt::format("{} lost", of_one.lost);
        return fmt::format("{} lost, {} out of order", of_one.lost, of_one.out_of_order);
    };
    Row row{figure, "-", "", "-", ordered ? "none lost, in order" : "none lost", "-"};
    std::vector<std::string> peers;
    for (std::size_t index = 0; index < receivers.size(); ++index) {
        const std::string& name = receivers[index]->contender.name;
        if (name == ours) {
            row.ours = describe(losses[index]);
            row.met = verdict(true, losses[index].lost == 0 && losses[index].out_of_order == 0);
        } else if (!name.starts_with("kaigara")) {
            peers.push_back(fmt::format("{} {}", name, describe(losses[index])));
        }
    }
    row.peers = listed(peers, "; ");
    report.add(std::move(row));
}

}  // namespace

void measure_burst(const Plan& plan, Report& report) {
    const auto receivers = start_behind_all(inits(plan), {plan.child("child_signals")});
    const std::vector<int> standard(standard_signals.begin(), standard_signals.end());
    const std::vector<int> real_time = real_time_burst();
    const int rounds = plan.runs_or(usual_bursts);
    const std::vector<Losses> of_standard = send_all(plan, receivers, standard, false);
    const std::vector<Losses> of_real_time = send_all(plan, receivers, real_time, true);
    add_row(report, fmt::format("{} bursts of {} standard signals", rounds, standard.size()),
            receivers, of_standard, false);
    add_row(report, fmt::format("{} bursts of {} real-time signals", rounds, real_time.size()),
            receivers, of_real_time, true);
}

}  // namespace kaigara::bench
