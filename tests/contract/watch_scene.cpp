// SPDX-License-Identifier: Apache-2.0
#include "watch_scene.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "support/proc.h"
#include "support/world.h"

namespace kaigara::test {

namespace {

// A shell that is its own application: every line is one write.
constexpr std::string_view application =
    "trap 'echo got HUP' HUP; trap 'echo got USR1' USR1; trap 'echo ended; exit 0' TERM; "
    "echo run $$; while :; do sleep 0.02; done";

std::string command_line_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", process));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

WatchScene::WatchScene(std::string_view on_change, std::string_view more, std::string_view config) {
    set_value("0");
    scene_.resource("t.tmpl", "value {{value}}\n");
    scene_.config(fmt::format("metadata:\n  - file: watched.yml\ntemplates:\n"
                              "  - {{source: t, target: '{}', on-change: '{}'{}{}}}\n{}",
                              path("rendered"), on_change, more.empty() ? "" : ", ", more, config));
}

void WatchScene::put(std::string_view name, std::string_view content) const {
    const std::string temporary = scene_.folder().write(std::string(name) + ".new", content);
    if (std::rename(temporary.c_str(), path(name).c_str()) != 0) throw std::runtime_error("rename");
}

void WatchScene::set_value(std::string_view value) const {
    put("watched.yml", fmt::format("value: {}\n", value));
}

std::unique_ptr<Program> WatchScene::start(std::vector<std::string> options, Place place,
                                           std::vector<std::string> environment) const {
    std::vector<std::string> all = {"--watch", "--watch-quiet", "100ms"};
    all.insert(all.end(), options.begin(), options.end());
    std::vector<std::string> words = scene_.words("start", std::move(all));
    for (const std::string_view word :
         {std::string_view("--"), std::string_view("/bin/sh"), std::string_view("-c"), application})
        words.emplace_back(word);
    Setup setup{.words = std::move(words), .place = place};
    setup.environment = std::move(environment);
    auto program = std::make_unique<Program>(std::move(setup));
    program->wait_for("run ");
    return program;
}

void WatchScene::await_value(Program& program, std::string_view value) const {
    program.eventually("the file holds the value", [&] {
        return scene_.folder().exists("rendered") &&
               scene_.folder().read("rendered") == fmt::format("value {}\n", value);
    });
}

pid_t WatchScene::watcher_of(pid_t kaigara) {
    for (const pid_t child : children_of(kaigara)) {
        const std::string words = command_line_of(child);
        if (words.find("/proc/self/exe") == 0 && state_of(child) != 'Z') return child;
    }
    return 0;
}

}  // namespace kaigara::test
