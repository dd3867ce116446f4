// SPDX-License-Identifier: Apache-2.0
#include "support/provision_scene.h"

#include <utility>

#include <fmt/format.h>

#include "support/world.h"

namespace kaigara::test {

ProvisionScene::ProvisionScene() {
    folder_.make_dir("operations");
    folder_.make_dir("resources");
    metadata("{}\n");
}

void ProvisionScene::operation(std::string_view name, std::string_view script, mode_t mode) const {
    folder_.write(fmt::format("operations/{}", name),
                  fmt::format("#!/bin/sh\nactor='{}' kaigara='{}' scene='{}'\n{}\n", actor_path(),
                              kaigara_path(), folder_.path(), script),
                  mode);
}

void ProvisionScene::play(std::string_view name, std::string_view words) const {
    operation(name, fmt::format("exec \"$actor\" {}", words));
}

void ProvisionScene::metadata(std::string_view yaml) const { folder_.write("metadata.yml", yaml); }

void ProvisionScene::config(std::string_view yaml) const { folder_.write("kaigara.yml", yaml); }

void ProvisionScene::resource(std::string_view name, std::string_view content) const {
    folder_.write(fmt::format("resources/{}", name), content);
}

void ProvisionScene::root(std::string_view name, std::string_view content, mode_t mode) const {
    folder_.write(fmt::format("resources/root{}/{}", folder_.path(), name), content, mode);
}

std::vector<std::string> ProvisionScene::words(std::string_view command_name,
                                               std::vector<std::string> options) const {
    std::vector<std::string> words =
        command({std::string(command_name), "--metadata", folder_ / "metadata.yml"});
    if (folder_.exists("kaigara.yml")) {
        words.insert(words.end(), {"--config", folder_ / "kaigara.yml"});
    }
    const bool runs = command_name == "start" || command_name == "provision" ||
                      command_name == "plan" || command_name == "check";
    if (runs) words.insert(words.end(), {"--operations", folder_ / "operations"});
    if (runs || command_name == "render") {
        words.insert(words.end(), {"--resources", folder_ / "resources"});
    }
    words.insert(words.end(), options.begin(), options.end());
    return words;
}

Outcome ProvisionScene::outcome(std::string_view command_name, std::vector<std::string> options,
                                std::vector<std::string> environment) const {
    return run(
        {.words = words(command_name, std::move(options)), .environment = std::move(environment)});
}

std::vector<std::string> ProvisionScene::start(std::vector<std::string> options,
                                               std::vector<std::string> play) const {
    std::vector<std::string> first = words("start", std::move(options));
    first.emplace_back("--");
    play.insert(play.begin(), {"say", "application"});
    return with_actor(std::move(first), std::move(play));
}

std::vector<std::string> operation_lines(const Outcome& outcome) {
    std::vector<std::string> found;
    for (const std::string* text : {&outcome.output, &outcome.errors}) {
        for (std::string& line : lines_of(*text)) {
            if (line.starts_with('[')) found.push_back(std::move(line));
        }
    }
    return found;
}

Outcome outcome_of(const Program& program, std::string ending) {
    return {std::move(ending), program.output(), program.errors()};
}

}  // namespace kaigara::test
