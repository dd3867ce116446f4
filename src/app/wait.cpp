// SPDX-License-Identifier: Apache-2.0
#include "app/wait.h"

#include <optional>

#include "app/exit_code.h"
#include "app/own_loop.h"
#include "app/report.h"
#include "base/log.h"
#include "platform/reaper.h"
#include "platform/waiter.h"

namespace kaigara::app {

namespace {

constexpr Milliseconds progress_interval{10'000};

Result<std::vector<platform::WaitTarget>, Errors> parse_targets(const CommandLine& line) {
    std::vector<platform::WaitTarget> targets;
    Errors errors;
    for (const std::string_view operand : line.operands) {
        auto target = platform::parse_wait_target(operand);
        if (target)
            targets.push_back(std::move(*target));
        else
            errors.push_back(std::move(target).error());
    }
    if (!errors.empty()) return errors;
    return targets;
}

class Waiting {
public:
    Waiting(std::vector<platform::WaitTarget> targets, Milliseconds timeout)
        : loop_([this] { reaper_.reap(); }),  // as PID 1 of a container it has orphans
          waiter_(loop_.get(), std::move(targets), timeout,
                  [this](Result<void> done) {
                      done_ = std::move(done);
                      loop_.stop();
                  }),
          progress_(loop_.get(), [this] { on_progress(); }) {}

    int run() {
        waiter_.start();
        progress_.start(progress_interval);
        if (const int signal = loop_.run(); signal != 0) return exit_code_of_signal(signal);
        return *done_ ? exit_ok : report(done_->error());
    }

private:
    void on_progress() {
        log::info("still waiting for {}", waiter_.missing());
        progress_.start(progress_interval);
    }

    OwnLoop loop_;
    platform::Reaper reaper_;
    platform::Waiter waiter_;
    platform::Timer progress_;
    std::optional<Result<void>> done_;
};

}  // namespace

int run_wait(const CommandLine& line, const Settings& settings) {
    auto targets = parse_targets(line);
    if (!targets) return report(targets.error());
    log::info("waiting up to {} for {}", format_duration(settings.wait_timeout),
              platform::names_of(*targets));
    return Waiting(std::move(*targets), settings.wait_timeout).run();
}

}  // namespace kaigara::app
