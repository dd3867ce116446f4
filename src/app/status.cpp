// SPDX-License-Identifier: Apache-2.0
#include "app/status.h"

namespace kaigara::app {

std::string_view word_of(Status::Stage stage) noexcept {
    switch (stage) {
    case Status::Stage::resolve: return "resolve";
    case Status::Stage::provision: return "provision";
    case Status::Stage::supervise: return "supervise";
    }
    return "";
}

std::string_view word_of(Status::State state) noexcept {
    switch (state) {
    case Status::State::resolving: return "resolving";
    case Status::State::provisioning: return "provisioning";
    case Status::State::starting: return "starting";
    case Status::State::running: return "running";
    case Status::State::reloading: return "reloading";
    case Status::State::restarting: return "restarting";
    case Status::State::waiting: return "waiting";
    case Status::State::stopping: return "stopping";
    }
    return "";
}

std::string_view word_of(Status::EndReason reason) noexcept {
    switch (reason) {
    case Status::EndReason::exited: return "exited";
    case Status::EndReason::signal: return "signal";
    case Status::EndReason::oom_kill: return "oom-kill";
    case Status::EndReason::not_live: return "not-live";
    case Status::EndReason::start_timeout: return "start-timeout";
    case Status::EndReason::restart: return "restart";
    }
    return "";
}

namespace {

using State = Status::State;

// What is to be said of a state in which the application is not ready, whatever it was before.
std::string_view words_for(State state) noexcept {
    switch (state) {
    case State::resolving: return "the metadata is being resolved";
    case State::provisioning: return "the files and operations are not done yet";
    case State::starting: return "the application is starting";
    case State::running: return "the ready check fails";
    case State::reloading: return "the application is reading its configuration again";
    case State::restarting: return "the application is being stopped, to be started again";
    case State::waiting: return "the application ended, and is started again after a delay";
    case State::stopping: return "the application is being stopped";
    }
    return "";
}

Health answer(bool ok, const Status& status) {
    if (ok) return {true};
    std::string reason(words_for(status.state));
    // The reason of a check belongs to what a check finds out.
    const bool is_of_check = status.state == State::starting || status.state == State::running ||
                             status.state == State::reloading;
    if (is_of_check && status.last_reason && !status.last_reason->empty())
        reason = status.state == State::starting ? reason + ": " + *status.last_reason
                                                 : *status.last_reason;
    return {false, std::move(reason)};
}

bool is_startup_done(const Status& status) noexcept {
    switch (status.state) {
    case State::resolving:
    case State::provisioning: return false;
    case State::starting:
    case State::running:
    case State::reloading:
    case State::restarting:
    case State::waiting: return status.started;
    case State::stopping: return !status.live && status.started;
    }
    return false;
}

bool is_ready_now(const Status& status) noexcept {
    const bool may_be = status.state == State::running || status.state == State::reloading;
    return may_be && status.live && status.ready;
}

}  // namespace

Health health_of(const Status& status, HealthKind kind) {
    const bool is_live = status.live;
    if (kind == HealthKind::startup) return answer(is_startup_done(status), status);
    if (!is_live) return {false, status.last_reason.value_or("the live check fails")};
    return answer(kind == HealthKind::live || is_ready_now(status), status);
}

}  // namespace kaigara::app
