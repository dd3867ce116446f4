// SPDX-License-Identifier: Apache-2.0

// User-space instructions of an init from its first to its last, its child's not among them: a
// figure that another load on the machine does not change. callgrind counts, as PID 1 of a
// namespace with a /proc of its own, so that the init under it is PID 1 too.

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "figures.h"

namespace kaigara::bench {

namespace {

constexpr double target = 2.5;

// glibc looks at each variable of the environment when a program starts, some 560 instructions for
// each: the figure depends on it more than on the init. An orchestrator sets seven variables for
// each service of a namespace.
constexpr int many_variables = 35;
constexpr int few_variables = 0;

// 0 when valgrind said no number, as for a program that it cannot load.
std::uint64_t count_instructions(const Plan& plan, const std::string& valgrind,
                                 const Contender& contender, int variables) {
    const std::string log = plan.scratch->path() + "/valgrind.log";
    const Words words = join(
        join({valgrind, "--tool=callgrind", "--trace-children=no", "--child-silent-after-fork=yes",
              "--callgrind-out-file=/dev/null", "--log-file=" + log},
             contender.words),
        {plan.child("child_exit")});
    InitProcess process(words, {.own_proc = true, .service_variables = variables});
    if (process.wait().status != 0)
        give_up(fmt::format("{} failed under valgrind", contender.name));
    const std::string said = read_file(log);
    constexpr std::string_view mark = "Collected : ";
    const std::size_t place = said.find(mark);
    if (place == std::string::npos) return 0;
    return std::strtoull(said.c_str() + place + mark.size(), nullptr, 10);
}

void add_rows(const Plan& plan, Report& report, const std::string& valgrind, int variables) {
    const std::vector<Contender> all = inits(plan);
    std::vector<double> counts;
    std::vector<std::string> peers;
    for (const Contender& contender : all) {
        const std::uint64_t count = count_instructions(plan, valgrind, contender, variables);
        counts.push_back(static_cast<double>(count));
        if (contender.name.starts_with("kaigara")) continue;
        peers.push_back(fmt::format("{} {}", contender.name, count));
    }
    const std::optional<std::size_t> tini = place_of(all, "tini-static");
    const double peer = tini ? counts[*tini] : 0;
    for (const std::string_view name : {ours, tini_face}) {
        const std::optional<std::size_t> own = place_of(all, name);
        const double count = own ? counts[*own] : 0;
        report.add({fmt::format("instructions, {}, {} variables",
                                name == ours ? "`exec`" : "called as tini", variables + 3),
                    count > 0 ? fmt::format("{:.0f}", count) : "-", listed(peers, ", "),
                    ratio_text(count, peer), fmt::format("<= {} x tini-static", target),
                    verdict(count > 0 && peer > 0, count <= target * peer)});
    }
}

}  // namespace

void measure_instructions(const Plan& plan, Report& report) {
    const std::string valgrind = find_program("valgrind");
    if (valgrind.empty()) {
        report.note("instructions: valgrind is not installed");
        return;
    }
    add_rows(plan, report, valgrind, many_variables);
    add_rows(plan, report, valgrind, few_variables);
}

}  // namespace kaigara::bench
