// SPDX-License-Identifier: Apache-2.0
#pragma once

// A face of kaigara beside the program whose face it is, as Debian has it. Both play the same
// scene, PID 1 of a namespace each, under the same name; then what they did is compared. Process
// numbers need no care: in a fresh namespace they are the same for both.
//
// What is not compared: what a peer gets wrong, which kaigara does better (reference tests of their
// own say how), and the words of usage texts and licences beyond what programs read.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/scenes.h"

namespace kaigara::test {

// What of an outcome has to be the same; the status always has.
enum class Compare { all, status, output, errors };

class Twin {
public:
    // The face's name, and where it is another, the peer's.
    explicit Twin(std::string face, std::string peer = {});

    bool has_peer() const noexcept { return peer_.has_value(); }

    // Plays the scene with both, `setup.words` being what follows the name.
    void same(Setup setup, Compare what = Compare::all,
              const std::function<void(Program&)>& scene = nullptr) const;

    // Kaigara alone.
    Outcome face(Setup setup, const std::function<void(Program&)>& scene = nullptr) const;
    Outcome peer(Setup setup, const std::function<void(Program&)>& scene = nullptr) const;
    Setup face_setup(Setup setup) const;

private:
    std::string name_;
    std::string face_;
    std::optional<std::string> peer_;
};

// What follows the name: options, --, actor, play.
std::vector<std::string> options_and_play(std::vector<std::string> options,
                                          std::vector<std::string> play);

// Waits for "ready" and sends the signals, the last of which ends the play. The kernel hands out
// the lowest of those that are pending, but first of all those that faults cause (SYS is one of
// them): the last has to be one that is neither.
void send_all(Program& program, const std::vector<int>& signals);

}  // namespace kaigara::test
