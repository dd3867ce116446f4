// SPDX-License-Identifier: Apache-2.0
#include "app/report.h"

#include <cstring>

#include <fmt/format.h>

#include "app/exit_code.h"
#include "platform/executable.h"
#include "platform/output.h"
#include "platform/terminal.h"

namespace kaigara::app {

namespace {

bool wants_no_colour(char** environment) {
    for (; *environment != nullptr; ++environment) {
        if (std::strncmp(*environment, "NO_COLOR=", 9) == 0) return (*environment)[9] != '\0';
    }
    return false;
}

log::Stage first_stage(Commands command) {
    if (command == command::exec) return log::Stage::supervise;
    return command == command::render ? log::Stage::provision : log::Stage::resolve;
}

// Words for what the application's own settings made impossible; the rest is platform's to explain.
Error explain_refusal(const platform::SpawnFailure& failure, const supervise::Launch& launch) {
    using Step = platform::SpawnStep;
    if (failure.step == Step::directory)
        return system_error(Fault::not_executable, failure.code,
                            "cannot enter the working directory '" + launch.directory.value_or("") +
                                "'");
    const bool is_about_user = failure.step >= Step::groups && failure.step <= Step::capabilities;
    if (is_about_user && launch.user)
        return system_error(Fault::not_executable, failure.code,
                            fmt::format("cannot become user {} with group {}: {}", launch.user->uid,
                                        launch.user->gid, platform::step_text(failure.step)));
    return platform::explain(failure, launch.argv[0], platform::path_of(launch.environment.data()));
}

}  // namespace

void set_up_log(const Settings& settings, Commands command, char** environment) {
    log::Settings& how = log::settings();
    const bool talks = (command & (command::start | command::provision)) != 0;
    how.level = settings.log_level.value_or(talks ? log::Level::info : log::Level::warn);
    how.format = settings.log_format;
    how.stage = first_stage(command);
    how.colour = platform::is_terminal(2) && !wants_no_colour(environment);
    platform::install_log_sink();
}

int report(const Error& error) {
    log::write(log::Level::error, error.text());
    return exit_code(error.fault);
}

int report(const Errors& errors) {
    for (const Error& error : errors) log::write(log::Level::error, error.text());
    return exit_code(errors);
}

int report(const Unresolved& reason) {
    return reason.signal != 0 ? exit_code_of_signal(reason.signal) : report(reason.errors);
}

int report(const supervise::Outcome& outcome, const supervise::Launch& launch) {
    using Kind = supervise::Outcome::Kind;
    switch (outcome.kind) {
    case Kind::ended: return exit_code(outcome.end, launch);
    case Kind::never_started: return exit_code_of_signal(outcome.signal);
    case Kind::refused: break;
    }
    return report(explain_refusal(outcome.failure, launch));
}

}  // namespace kaigara::app
