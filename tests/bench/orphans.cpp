// SPDX-License-Identifier: Apache-2.0

// Orphans made as fast as possible by forking twice: none may be left, and reaping must be cheap.
//
// The processor time is what the scheduler charged PID 1 with between two moments at which it
// sleeps: before the first orphan and after the last was reaped. (What wait4 tells in rusage would
// include the reaped children's own time.)
//
// The figure is taken on one processor. On several, PID 1 is also charged with the time it spins on
// the kernel's lock of the process table, which the forking holds most of the time, and the same
// init differs by half from run to run. One round on all processors looks for orphans left there.

#include <fmt/format.h>

#include "figures.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr auto deadline = std::chrono::seconds(60);
constexpr auto reaping_deadline = std::chrono::seconds(5);

struct Outcome {
    double microseconds_an_orphan = 0;
    std::size_t left = 0;
};

// The one child that may stay is the one that makes the orphans.
std::size_t wait_for_the_last(pid_t init) {
    const std::uint64_t give_up_at =
        monotonic_nanoseconds() +
        static_cast<std::uint64_t>(std::chrono::nanoseconds(reaping_deadline).count());
    std::size_t left = count_children(init) - 1;
    while (left > 0 && monotonic_nanoseconds() < give_up_at) {
        sleep_for(std::chrono::milliseconds(2));
        left = count_children(init) - 1;
    }
    return left;
}

Outcome run_once(const Plan& plan, const Contender& contender, int orphans) {
    const Channel channel;
    InitProcess process(
        join(contender.words, {plan.child("child_work"), fmt::format("{}", orphans)}),
        {.channel = &channel});
    if (!channel.wait_for_child(deadline)) give_up(contender.name + " started no child");
    sleep_for(std::chrono::milliseconds(20));  // until the init sleeps
    const std::uint64_t before = processor_nanoseconds(process.pid());
    channel.let_go_on();
    if (!channel.wait_for_child(deadline)) {
        give_up(fmt::format("{}: no {} orphans within a minute", contender.name, orphans));
    }
    Outcome outcome;
    outcome.left = wait_for_the_last(process.pid());
    sleep_for(std::chrono::milliseconds(20));
    const std::uint64_t after = processor_nanoseconds(process.pid());
    outcome.microseconds_an_orphan = static_cast<double>(after - before) / 1000.0 / orphans;
    channel.let_go_on();
    if (process.wait().status != 0) give_up(contender.name + ": orphans could not be made");
    return outcome;
}

struct Outcomes {
    std::vector<Sample> samples;    // one for each contender
    std::vector<std::size_t> left;  // likewise, over all rounds
};

Outcomes run_all(const Plan& plan, const std::vector<Contender>& all, int orphans, int rounds) {
    Outcomes outcomes{std::vector<Sample>(all.size()), std::vector<std::size_t>(all.size())};
    std::mt19937 random(1);
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t index : shuffled(all.size(), random)) {
            const Outcome outcome = run_once(plan, all[index], orphans);
            outcomes.samples[index].add(outcome.microseconds_an_orphan);
            outcomes.left[index] += outcome.left;
        }
    }
    return outcomes;
}

void add_notes(Report& report, const std::vector<Contender>& all, const Outcomes& outcomes,
               std::string_view title) {
    for (std::size_t index = 0; index < all.size(); ++index) {
        const Sample& sample = outcomes.samples[index];
        report.note(fmt::format("{}: {}: median {:.2f} us each, minimum {:.2f}, {} left", title,
                                all[index].name, sample.median(), sample.minimum(),
                                outcomes.left[index]));
    }
}

void add_row(Report& report, const std::vector<Contender>& all, const Outcomes& outcomes,
             int orphans) {
    std::vector<std::string> peers;
    for (std::size_t index = 0; index < all.size(); ++index) {
        if (all[index].name.starts_with("kaigara")) continue;
        peers.push_back(fmt::format("{} {:.2f} us, {} left", all[index].name,
                                    outcomes.samples[index].median(), outcomes.left[index]));
    }
    const std::optional<std::size_t> own = place_of(all, ours);
    const std::optional<std::size_t> tini = place_of(all, "tini-static");
    const double own_median = own ? outcomes.samples[*own].median() : 0;
    const double peer_median = tini ? outcomes.samples[*tini].median() : 0;
    const std::size_t own_left = own ? outcomes.left[*own] : 0;
    report.add({fmt::format("{} orphans, CPU of PID 1 each", orphans),
                own ? fmt::format("{:.2f} us, {} left", own_median, own_left) : "-",
                listed(peers, "; "), ratio_text(own_median, peer_median),
                "<= 1.00 x tini-static, 0 left",
                verdict(own && tini, own_median <= peer_median && own_left == 0)});
}

void measure_number(const Plan& plan, Report& report, int orphans, int usual_rounds) {
    const std::vector<Contender> all = inits(plan);
    const int rounds = plan.runs_or(usual_rounds);
    const std::vector<int> processors = usable_processors();
    Outcomes outcomes;
    {
        const PinnedTo pinned(processors.back());
        outcomes = run_all(plan, all, orphans, rounds);
    }
    add_notes(report, all, outcomes, fmt::format("{} orphans, one processor", orphans));
    if (processors.size() > 1) {
        const Outcomes free = run_all(plan, all, orphans, 1);
        add_notes(report, all, free, fmt::format("{} orphans, all processors", orphans));
        for (std::size_t index = 0; index < all.size(); ++index) {
            outcomes.left[index] += free.left[index];
        }
    }
    add_row(report, all, outcomes, orphans);
}

}  // namespace

void measure_orphans(const Plan& plan, Report& report) {
    measure_number(plan, report, 10'000, 5);
    measure_number(plan, report, 50'000, 3);
}

}  // namespace kaigara::bench
