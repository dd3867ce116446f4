// SPDX-License-Identifier: Apache-2.0
#pragma once

// An application under supervision that is asked how it is: a folder with the control socket and
// whatever files the application and its checks agree upon.
//
//     const SupervisionScene scene;
//     const auto program = scene.start({"--ready", scene.check("test -e $scene/good")}, "...");
//     program->eventually("ready", [&] { return scene.health() == "startup 0, live 0, ready 0"; });
//
// The socket is always in the folder: the default place belongs to the machine, and not to each of
// the modes.

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/scenes.h"
#include "support/scratch.h"

namespace kaigara::test {

class SupervisionScene {
public:
    SupervisionScene();

    const ScratchDir& folder() const noexcept { return folder_; }
    std::string path(std::string_view name) const { return folder_ / name; }
    std::string socket() const { return path("control.sock"); }
    void touch(std::string_view name) const { folder_.write(name, ""); }
    void remove(std::string_view name) const;

    // A text for sh in which $actor is the actor, $kaigara the binary and $scene the folder.
    std::string script(std::string_view text) const;
    // The same as a check: exec:CMD.
    std::string check(std::string_view text) const { return "exec:" + script(text); }

    // kaigara exec --socket SOCKET OPTION... -- /bin/sh -c TEXT, or actor PLAY...
    Strings shell(Strings options, std::string_view text) const;
    Strings actor(Strings options, Strings play) const;
    std::unique_ptr<Program> start(Strings options, std::string_view text) const;
    std::unique_ptr<Program> play(Strings options, Strings play) const;
    Outcome outcome(Strings options, std::string_view text) const;

    // kaigara WORD... --socket SOCKET, from its start to its end.
    Outcome ask(Strings words) const;
    // "startup 0, live 0, ready 1": the status of `kaigara health` for each.
    std::string health() const;
    // What `status --json` prints; discarded where that is no JSON.
    nlohmann::json status() const;
    // Its "state", or nothing.
    std::string state() const;
    void await_state(Program& program, std::string_view state) const;
    void await_health(Program& program, std::string_view health) const;

private:
    ScratchDir folder_;
};

// The numbers of "clock N" lines, in order.
std::vector<long> clocks(const std::string& output);

// How many processes below this one are the actor, zombies aside.
std::size_t actors_below(pid_t process);

}  // namespace kaigara::test
