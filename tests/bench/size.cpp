// SPDX-License-Identifier: Apache-2.0

// Sizes of the programs as they are on disk; kaigara's is to be the stripped static one.

#include <fmt/format.h>
#include <sys/stat.h>

#include "figures.h"

namespace kaigara::bench {

namespace {

constexpr double target = 2.5;  // megabytes of 1,000,000 bytes

double megabytes(const std::string& path) {
    struct stat about{};
    if (stat(path.c_str(), &about) != 0) give_up_errno("cannot read " + path);
    return static_cast<double>(about.st_size) / 1e6;
}

}  // namespace

void measure_size(const Plan& plan, Report& report) {
    std::vector<std::string> peers;
    for (const Contender& contender : inits(plan)) {
        if (contender.name.starts_with("kaigara")) continue;
        peers.push_back(fmt::format("{} {:.2f} MB", contender.name, megabytes(contender.words[0])));
    }
    const double own = plan.kaigara.empty() ? 0 : megabytes(plan.kaigara);
    report.add({"static binary", own > 0 ? fmt::format("{:.2f} MB", own) : "-", listed(peers, ", "),
                "-", fmt::format("<= {} MB", target), verdict(own > 0, own <= target)});
}

}  // namespace kaigara::bench
