// SPDX-License-Identifier: Apache-2.0
#pragma once

// What most contract tests start with.

#include <string>
#include <string_view>
#include <vector>

#include "support/program.h"

namespace kaigara::test {

using Strings = std::vector<std::string>;

struct Outcome {
    std::string ending;
    std::string output;
    std::string errors;
};

// From the start to the end.
Outcome run(Setup setup);

// kaigara exec [options] -- actor PLAY...
std::vector<std::string> exec_actor(std::vector<std::string> play,
                                    std::vector<std::string> options = {});
// FIRST... actor PLAY...
std::vector<std::string> with_actor(std::vector<std::string> first, std::vector<std::string> play);
// kaigara ARGUMENTS...
std::vector<std::string> command(std::vector<std::string> arguments);

bool has(std::string_view text, std::string_view part);
std::size_t count(std::string_view text, std::string_view part);
std::vector<std::string> lines_of(const std::string& text);

// Whether a number of processes can be enforced here: by a resource limit on plain users, by a
// control group on root.
bool limits_work();

}  // namespace kaigara::test
