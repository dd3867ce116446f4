// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara start --watch` on a folder with one file source, watched.yml, and one file, rendered.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/program.h"
#include "support/provision_scene.h"
#include "support/scenes.h"

namespace kaigara::test {

class WatchScene {
public:
    // The file `rendered` holds `value {{value}}`, and `on_change` is its entry's; `more` is
    // further keys of the entry in flow form, `config` further lines of kaigara.yml.
    explicit WatchScene(std::string_view on_change, std::string_view more = "",
                        std::string_view config = "");

    const ProvisionScene& scene() const noexcept { return scene_; }
    std::string path(std::string_view name) const { return scene_.folder() / name; }

    // As an editor does it: another file is renamed to the name.
    void set_value(std::string_view value) const;
    void put(std::string_view name, std::string_view content) const;

    // An application that writes "run PID" when it has begun and "got NAME" for each HUP and USR1,
    // and ends with 0 on TERM; with a quiet time of 100 ms.
    std::unique_ptr<Program> start(std::vector<std::string> options = {},
                                   Place place = Place::first,
                                   std::vector<std::string> environment = {}) const;
    // That the file holds the value.
    void await_value(Program& program, std::string_view value) const;

    // The watcher below a kaigara; 0 where there is none.
    static pid_t watcher_of(pid_t kaigara);

private:
    ProvisionScene scene_;
};

}  // namespace kaigara::test
