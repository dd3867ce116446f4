// SPDX-License-Identifier: Apache-2.0
#pragma once

// A folder as /opt/provision is, and the commands that use it.

#include <string>
#include <string_view>
#include <vector>

#include "support/scenes.h"
#include "support/scratch.h"

namespace kaigara::test {

class ProvisionScene {
public:
    ProvisionScene();

    const ScratchDir& folder() const noexcept { return folder_; }

    // An operation that is a shell script; $actor is the actor, $kaigara the binary under test and
    // $scene the folder.
    void operation(std::string_view name, std::string_view script, mode_t mode = 0755) const;
    // An operation that is a play of the actor.
    void play(std::string_view name, std::string_view words) const;

    void metadata(std::string_view yaml) const;
    // kaigara.yml, which all commands of words() are told of from then on.
    void config(std::string_view yaml) const;
    // A file of the resources directory.
    void resource(std::string_view name, std::string_view content) const;
    // A file of resources/root/ whose target is `name` in the folder.
    void root(std::string_view name, std::string_view content, mode_t mode = 0644) const;

    // kaigara COMMAND OPTION... with those of the folder's parts that the command knows.
    std::vector<std::string> words(std::string_view command,
                                   std::vector<std::string> options = {}) const;
    // These, from the start to the end.
    Outcome outcome(std::string_view command, std::vector<std::string> options = {},
                    std::vector<std::string> environment = {}) const;
    // kaigara start OPTION... -- actor PLAY...; the play says "application" first.
    std::vector<std::string> start(std::vector<std::string> options = {},
                                   std::vector<std::string> play = {}) const;

private:
    ScratchDir folder_;
};

// The lines that operations wrote, wherever kaigara passes them on to: those that begin with
// [NAME].
std::vector<std::string> operation_lines(const Outcome& outcome);
Outcome outcome_of(const Program& program, std::string ending);

}  // namespace kaigara::test
