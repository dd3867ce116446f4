// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where others learn what goes on in this kaigara, and steer it: the control socket and the file of
// metrics. Both are there from the first stage on.
//
//     stages 1 and 2 ── enter(), sources, operations ──► Status ──► control socket: status, health
//     stage 3 ───────── SuperviseStage::describe() ─────►   └─────► metrics file
//
//     control socket: reload, restart ──► SuperviseStage, where there is one

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/control_request.h"
#include "app/metrics_file.h"
#include "app/settings.h"
#include "app/settings_table.h"
#include "app/status.h"
#include "app/supervise_stage.h"
#include "platform/control_socket.h"
#include "platform/loop.h"
#include "platform/reaper.h"

namespace kaigara::app {

class Outlets {
public:
    // All outlive it.
    Outlets(platform::Loop& loop, const platform::Reaper& reaper, Commands command,
            const Settings& settings);

    // Fault::cannot_create where a socket that was named cannot be had.
    Result<void> open();
    // The last word in the metrics.
    void close();

    void enter(Status::Stage stage, Status::State state);
    // A stop has come while the stages 1 and 2 were at work.
    void stopping();
    // They have been read now.
    void add_sources(const std::vector<metadata::Source>& sources);
    void add_operation(Status::Operation operation);
    // From now on it is asked, until it is nullptr again.
    void follow(SuperviseStage* stage) noexcept { stage_ = stage; }
    // Something of the status may be another.
    void changed();

private:
    using Clock = std::chrono::steady_clock;

    Status status() const;
    std::string answer(std::string_view request);
    Result<void> reload();
    Result<void> restart();
    Error busy() const;
    bool wants_socket() const noexcept;

    platform::Loop& loop_;
    const platform::Reaper& reaper_;
    Commands command_;
    const Settings& settings_;
    SuperviseStage* stage_ = nullptr;
    const Clock::time_point began_ = Clock::now();
    Clock::time_point resolved_ = began_;
    Status status_;  // what the stages before the third have to tell
    std::optional<MetricsFile> metrics_;
    platform::ControlServer control_;
};

}  // namespace kaigara::app
