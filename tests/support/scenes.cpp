// SPDX-License-Identifier: Apache-2.0
#include "support/scenes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "support/pids_group.h"
#include "support/world.h"

namespace kaigara::test {

namespace {

void append(std::vector<std::string>& words, std::vector<std::string> more) {
    words.insert(words.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
}

}  // namespace

Outcome run(Setup setup) {
    Program program(std::move(setup));
    std::string ending = program.wait();
    return {std::move(ending), program.output(), program.errors()};
}

std::vector<std::string> with_actor(std::vector<std::string> first, std::vector<std::string> play) {
    first.push_back(actor_path());
    append(first, std::move(play));
    return first;
}

std::vector<std::string> command(std::vector<std::string> arguments) {
    std::vector<std::string> words{kaigara_path()};
    append(words, std::move(arguments));
    return words;
}

std::vector<std::string> exec_actor(std::vector<std::string> play,
                                    std::vector<std::string> options) {
    std::vector<std::string> words = command({"exec"});
    append(words, std::move(options));
    words.push_back("--");
    return with_actor(std::move(words), std::move(play));
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size())) {
        ++found;
    }
    return found;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        lines.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return lines;
}

bool limits_work() { return mode() != Mode::root || PidsGroup::make(1).has_value(); }

}  // namespace kaigara::test
