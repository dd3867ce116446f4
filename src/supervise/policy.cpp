// SPDX-License-Identifier: Apache-2.0
#include "supervise/policy.h"

#include <array>
#include <cstddef>

namespace kaigara::supervise {

namespace {

constexpr std::size_t states = static_cast<std::size_t>(State::done) + 1;
constexpr std::size_t events = static_cast<std::size_t>(Event::nobody_left) + 1;

struct Rule {
    State state;
    Event event;
    Actions actions;
    State next;
};

// clang-format off
constexpr std::array rules = {
    Rule{State::starting,   Event::spawned,           action::deliver_held,                                    State::running},
    Rule{State::starting,   Event::spawn_deferred,    action::arm_retry,                                       State::starting},
    Rule{State::starting,   Event::spawn_refused,     action::report,                                          State::done},
    Rule{State::starting,   Event::signal,            action::hold,                                            State::starting},
    Rule{State::starting,   Event::stop,              action::finish_by_signal,                                State::done},
    Rule{State::starting,   Event::restart,           action::none,                                            State::starting},
    Rule{State::starting,   Event::interrupted,       action::none,                                            State::starting},
    Rule{State::starting,   Event::ended,             action::finish,                                          State::done},
    Rule{State::starting,   Event::ended_with_others, action::terminate_others | action::arm_grace,            State::leaving},
    Rule{State::starting,   Event::deadline,          action::spawn,                                           State::starting},
    Rule{State::starting,   Event::run_gone,          action::none,                                            State::starting},
    Rule{State::starting,   Event::nobody_left,       action::none,                                            State::starting},

    Rule{State::running,    Event::spawned,           action::none,                                            State::running},
    Rule{State::running,    Event::spawn_deferred,    action::none,                                            State::running},
    Rule{State::running,    Event::spawn_refused,     action::none,                                            State::running},
    Rule{State::running,    Event::signal,            action::forward,                                         State::running},
    Rule{State::running,    Event::stop,              action::forward | action::arm_stop,                      State::stopping},
    Rule{State::running,    Event::restart,           action::stop_run | action::arm_restart,                  State::restarting},
    Rule{State::running,    Event::interrupted,       action::none,                                            State::running},
    Rule{State::running,    Event::ended,             action::finish,                                          State::done},
    Rule{State::running,    Event::ended_with_others, action::terminate_others | action::arm_grace,            State::leaving},
    Rule{State::running,    Event::deadline,          action::none,                                            State::running},
    Rule{State::running,    Event::run_gone,          action::none,                                            State::running},
    Rule{State::running,    Event::nobody_left,       action::none,                                            State::running},

    Rule{State::stopping,   Event::spawned,           action::none,                                            State::stopping},
    Rule{State::stopping,   Event::spawn_deferred,    action::none,                                            State::stopping},
    Rule{State::stopping,   Event::spawn_refused,     action::none,                                            State::stopping},
    Rule{State::stopping,   Event::signal,            action::forward,                                         State::stopping},
    Rule{State::stopping,   Event::stop,              action::forward,                                         State::stopping},
    Rule{State::stopping,   Event::restart,           action::none,                                            State::stopping},
    Rule{State::stopping,   Event::interrupted,       action::none,                                            State::stopping},
    Rule{State::stopping,   Event::ended,             action::finish,                                          State::done},
    Rule{State::stopping,   Event::ended_with_others, action::terminate_others | action::arm_grace,            State::leaving},
    Rule{State::stopping,   Event::deadline,          action::kill_all,                                        State::stopping},
    Rule{State::stopping,   Event::run_gone,          action::none,                                            State::stopping},
    Rule{State::stopping,   Event::nobody_left,       action::none,                                            State::stopping},

    Rule{State::restarting, Event::spawned,           action::none,                                            State::restarting},
    Rule{State::restarting, Event::spawn_deferred,    action::none,                                            State::restarting},
    Rule{State::restarting, Event::spawn_refused,     action::none,                                            State::restarting},
    Rule{State::restarting, Event::signal,            action::forward,                                         State::restarting},
    Rule{State::restarting, Event::stop,              action::disarm | action::forward | action::arm_stop,     State::stopping},
    Rule{State::restarting, Event::restart,           action::none,                                            State::restarting},
    Rule{State::restarting, Event::interrupted,       action::disarm,                                          State::stopping},
    Rule{State::restarting, Event::ended,             action::disarm | action::kill_run,                       State::clearing},
    Rule{State::restarting, Event::ended_with_others, action::terminate_run | action::arm_grace,               State::clearing},
    Rule{State::restarting, Event::deadline,          action::kill_run,                                        State::restarting},
    Rule{State::restarting, Event::run_gone,          action::none,                                            State::restarting},
    Rule{State::restarting, Event::nobody_left,       action::none,                                            State::restarting},

    Rule{State::clearing,   Event::spawned,           action::none,                                            State::clearing},
    Rule{State::clearing,   Event::spawn_deferred,    action::none,                                            State::clearing},
    Rule{State::clearing,   Event::spawn_refused,     action::none,                                            State::clearing},
    Rule{State::clearing,   Event::signal,            action::hold,                                            State::clearing},
    Rule{State::clearing,   Event::stop,              action::kill_all | action::finish,                       State::done},
    Rule{State::clearing,   Event::restart,           action::none,                                            State::clearing},
    Rule{State::clearing,   Event::interrupted,       action::none,                                            State::clearing},
    Rule{State::clearing,   Event::ended,             action::none,                                            State::clearing},
    Rule{State::clearing,   Event::ended_with_others, action::none,                                            State::clearing},
    Rule{State::clearing,   Event::deadline,          action::kill_run,                                        State::clearing},
    Rule{State::clearing,   Event::run_gone,          action::disarm | action::spawn,                          State::starting},
    Rule{State::clearing,   Event::nobody_left,       action::none,                                            State::clearing},

    Rule{State::leaving,    Event::spawned,           action::none,                                            State::leaving},
    Rule{State::leaving,    Event::spawn_deferred,    action::none,                                            State::leaving},
    Rule{State::leaving,    Event::spawn_refused,     action::none,                                            State::leaving},
    Rule{State::leaving,    Event::signal,            action::none,                                            State::leaving},
    Rule{State::leaving,    Event::stop,              action::kill_all | action::finish,                       State::done},
    Rule{State::leaving,    Event::restart,           action::none,                                            State::leaving},
    Rule{State::leaving,    Event::interrupted,       action::none,                                            State::leaving},
    Rule{State::leaving,    Event::ended,             action::none,                                            State::leaving},
    Rule{State::leaving,    Event::ended_with_others, action::none,                                            State::leaving},
    Rule{State::leaving,    Event::deadline,          action::kill_all | action::finish,                       State::done},
    Rule{State::leaving,    Event::run_gone,          action::none,                                            State::leaving},
    Rule{State::leaving,    Event::nobody_left,       action::finish,                                          State::done},

    Rule{State::done,       Event::spawned,           action::none,                                            State::done},
    Rule{State::done,       Event::spawn_deferred,    action::none,                                            State::done},
    Rule{State::done,       Event::spawn_refused,     action::none,                                            State::done},
    Rule{State::done,       Event::signal,            action::none,                                            State::done},
    Rule{State::done,       Event::stop,              action::none,                                            State::done},
    Rule{State::done,       Event::restart,           action::none,                                            State::done},
    Rule{State::done,       Event::interrupted,       action::none,                                            State::done},
    Rule{State::done,       Event::ended,             action::none,                                            State::done},
    Rule{State::done,       Event::ended_with_others, action::none,                                            State::done},
    Rule{State::done,       Event::deadline,          action::none,                                            State::done},
    Rule{State::done,       Event::run_gone,          action::none,                                            State::done},
    Rule{State::done,       Event::nobody_left,       action::none,                                            State::done},
};
// clang-format on

constexpr std::size_t place(State state, Event event) {
    return static_cast<std::size_t>(state) * events + static_cast<std::size_t>(event);
}

// The rules stand in the order of the enums, so a missing or a double one is out of place.
constexpr bool is_complete() {
    if (rules.size() != states * events) return false;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (place(rules[i].state, rules[i].event) != i) return false;
    }
    return true;
}
static_assert(is_complete(), "each event needs exactly one rule in each state");

}  // namespace

Decision decide(State state, Event event) noexcept {
    const Rule& rule = rules[place(state, event)];
    return {rule.actions, rule.next};
}

}  // namespace kaigara::supervise
