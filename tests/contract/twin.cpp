// SPDX-License-Identifier: Apache-2.0
#include "contract/twin.h"

#include <utility>

#include <doctest/doctest.h>

#include "support/world.h"

namespace kaigara::test {

namespace {

Setup named(Setup setup, const std::string& name, const std::string& file) {
    setup.words.insert(setup.words.begin(), name);
    setup.file = file;
    return setup;
}

Outcome play(Setup setup, const std::function<void(Program&)>& scene) {
    Program program(std::move(setup));
    if (scene) scene(program);
    std::string ending = program.wait();
    return {std::move(ending), program.output(), program.errors()};
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += '\'' + word + "' ";
    return text;
}

}  // namespace

Twin::Twin(std::string face, std::string peer)
    : name_(std::move(face)), face_(face_path(name_)),
      peer_(peer_path(peer.empty() ? name_ : peer)) {}

Setup Twin::face_setup(Setup setup) const { return named(std::move(setup), name_, face_); }

Outcome Twin::face(Setup setup, const std::function<void(Program&)>& scene) const {
    return play(face_setup(std::move(setup)), scene);
}

Outcome Twin::peer(Setup setup, const std::function<void(Program&)>& scene) const {
    return play(named(std::move(setup), name_, peer_.value()), scene);
}

void Twin::same(Setup setup, Compare what, const std::function<void(Program&)>& scene) const {
    INFO(name_ << " " << joined(setup.words));
    INFO("environment " << joined(setup.environment));
    INFO(std::string(setup.place == Place::first ? "as PID 1" : "not as PID 1"));
    const Outcome theirs = peer(setup, scene);
    const Outcome ours = face(setup, scene);
    CHECK(ours.ending == theirs.ending);
    if (what == Compare::all || what == Compare::output) CHECK(ours.output == theirs.output);
    if (what == Compare::all || what == Compare::errors) CHECK(ours.errors == theirs.errors);
}

std::vector<std::string> options_and_play(std::vector<std::string> options,
                                          std::vector<std::string> play) {
    options.emplace_back("--");
    return with_actor(std::move(options), std::move(play));
}

void send_all(Program& program, const std::vector<int>& signals) {
    program.wait_for("ready\n");
    for (const int signal : signals) program.send(signal);
}

}  // namespace kaigara::test
