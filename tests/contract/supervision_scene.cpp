// SPDX-License-Identifier: Apache-2.0
#include "supervision_scene.h"

#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>

#include "support/proc.h"
#include "support/world.h"

namespace kaigara::test {

namespace {

Strings in_front(Strings first, Strings more) {
    for (std::string& word : more) first.push_back(std::move(word));
    return first;
}

}  // namespace

SupervisionScene::SupervisionScene() = default;

void SupervisionScene::remove(std::string_view name) const {
    if (std::remove(path(name).c_str()) != 0) throw std::runtime_error("remove a file");
}

std::string SupervisionScene::script(std::string_view text) const {
    return fmt::format("actor='{}'; kaigara='{}'; scene='{}'; {}", actor_path(), kaigara_path(),
                       folder_.path(), text);
}

Strings SupervisionScene::shell(Strings options, std::string_view text) const {
    Strings words = in_front(command({"exec", "--socket", socket()}), std::move(options));
    return in_front(std::move(words), {"--", "/bin/sh", "-c", script(text)});
}

Strings SupervisionScene::actor(Strings options, Strings play) const {
    return exec_actor(std::move(play), in_front({"--socket", socket()}, std::move(options)));
}

std::unique_ptr<Program> SupervisionScene::start(Strings options, std::string_view text) const {
    return std::make_unique<Program>(Setup{.words = shell(std::move(options), text)});
}

std::unique_ptr<Program> SupervisionScene::play(Strings options, Strings play) const {
    return std::make_unique<Program>(Setup{.words = actor(std::move(options), std::move(play))});
}

Outcome SupervisionScene::outcome(Strings options, std::string_view text) const {
    return run({.words = shell(std::move(options), text)});
}

Outcome SupervisionScene::ask(Strings words) const {
    return run({.words = command(in_front(std::move(words), {"--socket", socket()}))});
}

std::string SupervisionScene::health() const {
    std::string all;
    for (const std::string& kind : Strings{"startup", "live", "ready"}) {
        const std::string ending = ask({"health", "--" + kind}).ending;
        const bool is_known = ending == "exit 0" || ending == "exit 1";
        all += fmt::format("{}{} {}", all.empty() ? "" : ", ", kind,
                           is_known ? ending.substr(5) : ending);
    }
    return all;
}

nlohmann::json SupervisionScene::status() const {
    return nlohmann::json::parse(ask({"status", "--json"}).output, nullptr, false);
}

std::string SupervisionScene::state() const {
    const nlohmann::json all = status();
    return all.is_object() ? all.value("state", "") : "";
}

void SupervisionScene::await_state(Program& program, std::string_view wanted) const {
    program.eventually(fmt::format("state {}", wanted), [&] { return state() == wanted; });
}

void SupervisionScene::await_health(Program& program, std::string_view wanted) const {
    program.eventually(wanted, [&] { return health() == wanted; });
}

std::vector<long> clocks(const std::string& output) {
    std::vector<long> all;
    for (const std::string& line : lines_of(output)) {
        if (line.starts_with("clock ")) all.push_back(std::stol(line.substr(6)));
    }
    return all;
}

std::size_t actors_below(pid_t process) {
    std::size_t found = 0;
    for (const pid_t child : children_of(process)) {
        if (link_of(child, "exe").ends_with("/actor") && state_of(child) != 'Z') ++found;
        found += actors_below(child);
    }
    return found;
}

}  // namespace kaigara::test
