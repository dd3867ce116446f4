// SPDX-License-Identifier: Apache-2.0
#pragma once

// What to measure and against what: the command line, read once.

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "init_process.h"

namespace kaigara::bench {

struct Plan {
    std::vector<std::string> figures;
    std::string kaigara;           // empty: only the peers are measured
    std::vector<Contender> extra;  // of --init
    std::string children;          // folder of the child programs
    std::optional<int> runs;       // replaces the number of runs of each figure
    bool quick = false;            // a tenth of the runs
    bool peers = true;
    std::optional<int> pinned_to;  // a processor for all that is measured
    std::unique_ptr<ScratchFolder> scratch;
    std::string as_tini;  // kaigara under the names of its faces
    std::string as_dumb_init;

    [[nodiscard]] int runs_or(int usual) const;
    [[nodiscard]] std::string child(std::string_view name) const;
};

constexpr std::string_view ours = "kaigara exec";
constexpr std::string_view tini_face = "kaigara as tini";
constexpr std::string_view dumb_init_face = "kaigara as dumb-init";

[[nodiscard]] Plan read_command_line(int count, char** words);
// Finds a program as a shell would; empty when there is none.
[[nodiscard]] std::string find_program(std::string_view name);

// kaigara (where there is one), then tini-static, catatonit, dumb-init (those installed), then
// those of --init. Each is to be followed by the child's words.
[[nodiscard]] std::vector<Contender> inits(const Plan& plan, bool with_dumb_init_face = false);
[[nodiscard]] std::optional<std::size_t> place_of(const std::vector<Contender>& all,
                                                  std::string_view name);

// 0 .. count-1, in another order each time: who runs after whom has an influence.
[[nodiscard]] std::vector<std::size_t> shuffled(std::size_t count, std::mt19937& random);

}  // namespace kaigara::bench
