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
    Rule{State::starting,       Event::spawned,           action::deliver_held,                                                                State::running},
    Rule{State::starting,       Event::spawn_deferred,    action::arm_retry,                                                                   State::starting},
    Rule{State::starting,       Event::spawn_refused,     action::report,                                                                      State::done},
    Rule{State::starting,       Event::signal,            action::hold,                                                                        State::starting},
    Rule{State::starting,       Event::stop,              action::finish_by_signal,                                                            State::done},
    Rule{State::starting,       Event::restart,           action::none,                                                                        State::starting},
    Rule{State::starting,       Event::prepared,          action::none,                                                                        State::starting},
    Rule{State::starting,       Event::ended,             action::finish,                                                                      State::done},
    Rule{State::starting,       Event::ended_with_others, action::terminate_others | action::arm_grace,                                        State::leaving},
    Rule{State::starting,       Event::again,             action::finish,                                                                      State::done},
    Rule{State::starting,       Event::deadline,          action::spawn,                                                                       State::starting},
    Rule{State::starting,       Event::run_gone,          action::none,                                                                        State::starting},
    Rule{State::starting,       Event::nobody_left,       action::none,                                                                        State::starting},

    Rule{State::running,        Event::spawned,           action::none,                                                                        State::running},
    Rule{State::running,        Event::spawn_deferred,    action::none,                                                                        State::running},
    Rule{State::running,        Event::spawn_refused,     action::none,                                                                        State::running},
    Rule{State::running,        Event::signal,            action::forward,                                                                     State::running},
    Rule{State::running,        Event::stop,              action::arm_stop | action::prepare,                                                  State::stop_preparing},
    Rule{State::running,        Event::restart,           action::arm_restart | action::prepare,                                               State::preparing},
    Rule{State::running,        Event::prepared,          action::none,                                                                        State::running},
    Rule{State::running,        Event::ended,             action::finish,                                                                      State::done},
    Rule{State::running,        Event::ended_with_others, action::terminate_others | action::arm_grace,                                        State::leaving},
    Rule{State::running,        Event::again,             action::clear_run,                                                                   State::clearing},
    Rule{State::running,        Event::deadline,          action::none,                                                                        State::running},
    Rule{State::running,        Event::run_gone,          action::none,                                                                        State::running},
    Rule{State::running,        Event::nobody_left,       action::none,                                                                        State::running},

    Rule{State::stop_preparing, Event::spawned,           action::none,                                                                        State::stop_preparing},
    Rule{State::stop_preparing, Event::spawn_deferred,    action::none,                                                                        State::stop_preparing},
    Rule{State::stop_preparing, Event::spawn_refused,     action::none,                                                                        State::stop_preparing},
    Rule{State::stop_preparing, Event::signal,            action::forward,                                                                     State::stop_preparing},
    Rule{State::stop_preparing, Event::stop,              action::cut_prepare | action::forward_stop,                                          State::stopping},
    Rule{State::stop_preparing, Event::restart,           action::none,                                                                        State::stop_preparing},
    Rule{State::stop_preparing, Event::prepared,          action::forward_stop,                                                                State::stopping},
    Rule{State::stop_preparing, Event::ended,             action::cut_prepare | action::finish,                                                State::done},
    Rule{State::stop_preparing, Event::ended_with_others, action::cut_prepare | action::terminate_others | action::arm_grace,                  State::leaving},
    Rule{State::stop_preparing, Event::again,             action::cut_prepare | action::finish,                                                State::done},
    Rule{State::stop_preparing, Event::deadline,          action::cut_prepare | action::kill_all,                                              State::stopping},
    Rule{State::stop_preparing, Event::run_gone,          action::none,                                                                        State::stop_preparing},
    Rule{State::stop_preparing, Event::nobody_left,       action::none,                                                                        State::stop_preparing},

    Rule{State::stopping,       Event::spawned,           action::none,                                                                        State::stopping},
    Rule{State::stopping,       Event::spawn_deferred,    action::none,                                                                        State::stopping},
    Rule{State::stopping,       Event::spawn_refused,     action::none,                                                                        State::stopping},
    Rule{State::stopping,       Event::signal,            action::forward,                                                                     State::stopping},
    Rule{State::stopping,       Event::stop,              action::forward,                                                                     State::stopping},
    Rule{State::stopping,       Event::restart,           action::none,                                                                        State::stopping},
    Rule{State::stopping,       Event::prepared,          action::none,                                                                        State::stopping},
    Rule{State::stopping,       Event::ended,             action::finish,                                                                      State::done},
    Rule{State::stopping,       Event::ended_with_others, action::terminate_others | action::arm_grace,                                        State::leaving},
    Rule{State::stopping,       Event::again,             action::finish,                                                                      State::done},
    Rule{State::stopping,       Event::deadline,          action::kill_all,                                                                    State::stopping},
    Rule{State::stopping,       Event::run_gone,          action::none,                                                                        State::stopping},
    Rule{State::stopping,       Event::nobody_left,       action::none,                                                                        State::stopping},

    Rule{State::preparing,      Event::spawned,           action::none,                                                                        State::preparing},
    Rule{State::preparing,      Event::spawn_deferred,    action::none,                                                                        State::preparing},
    Rule{State::preparing,      Event::spawn_refused,     action::none,                                                                        State::preparing},
    Rule{State::preparing,      Event::signal,            action::forward,                                                                     State::preparing},
    Rule{State::preparing,      Event::stop,              action::disarm | action::arm_stop,                                                   State::stop_preparing},
    Rule{State::preparing,      Event::restart,           action::none,                                                                        State::preparing},
    Rule{State::preparing,      Event::prepared,          action::stop_run,                                                                    State::restarting},
    Rule{State::preparing,      Event::ended,             action::cut_prepare | action::disarm | action::finish,                               State::done},
    Rule{State::preparing,      Event::ended_with_others, action::cut_prepare | action::disarm | action::terminate_others | action::arm_grace, State::leaving},
    Rule{State::preparing,      Event::again,             action::cut_prepare | action::disarm | action::clear_run,                            State::clearing},
    Rule{State::preparing,      Event::deadline,          action::cut_prepare | action::kill_run,                                              State::restarting},
    Rule{State::preparing,      Event::run_gone,          action::none,                                                                        State::preparing},
    Rule{State::preparing,      Event::nobody_left,       action::none,                                                                        State::preparing},

    Rule{State::restarting,     Event::spawned,           action::none,                                                                        State::restarting},
    Rule{State::restarting,     Event::spawn_deferred,    action::none,                                                                        State::restarting},
    Rule{State::restarting,     Event::spawn_refused,     action::none,                                                                        State::restarting},
    Rule{State::restarting,     Event::signal,            action::forward,                                                                     State::restarting},
    Rule{State::restarting,     Event::stop,              action::disarm | action::forward | action::arm_stop,                                 State::stopping},
    Rule{State::restarting,     Event::restart,           action::none,                                                                        State::restarting},
    Rule{State::restarting,     Event::prepared,          action::none,                                                                        State::restarting},
    Rule{State::restarting,     Event::ended,             action::disarm | action::finish,                                                     State::done},
    Rule{State::restarting,     Event::ended_with_others, action::disarm | action::terminate_others | action::arm_grace,                       State::leaving},
    Rule{State::restarting,     Event::again,             action::disarm | action::clear_run,                                                  State::clearing},
    Rule{State::restarting,     Event::deadline,          action::kill_run,                                                                    State::restarting},
    Rule{State::restarting,     Event::run_gone,          action::none,                                                                        State::restarting},
    Rule{State::restarting,     Event::nobody_left,       action::none,                                                                        State::restarting},

    Rule{State::clearing,       Event::spawned,           action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::spawn_deferred,    action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::spawn_refused,     action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::signal,            action::tell_nobody,                                                                 State::clearing},
    Rule{State::clearing,       Event::stop,              action::kill_all | action::finish,                                                   State::done},
    Rule{State::clearing,       Event::restart,           action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::prepared,          action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::ended,             action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::ended_with_others, action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::again,             action::none,                                                                        State::clearing},
    Rule{State::clearing,       Event::deadline,          action::kill_run,                                                                    State::clearing},
    Rule{State::clearing,       Event::run_gone,          action::disarm | action::arm_delay,                                                  State::waiting},
    Rule{State::clearing,       Event::nobody_left,       action::none,                                                                        State::clearing},

    Rule{State::waiting,        Event::spawned,           action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::spawn_deferred,    action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::spawn_refused,     action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::signal,            action::tell_nobody,                                                                 State::waiting},
    Rule{State::waiting,        Event::stop,              action::disarm | action::finish,                                                     State::done},
    Rule{State::waiting,        Event::restart,           action::disarm | action::spawn,                                                      State::starting},
    Rule{State::waiting,        Event::prepared,          action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::ended,             action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::ended_with_others, action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::again,             action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::deadline,          action::spawn,                                                                       State::starting},
    Rule{State::waiting,        Event::run_gone,          action::none,                                                                        State::waiting},
    Rule{State::waiting,        Event::nobody_left,       action::none,                                                                        State::waiting},

    Rule{State::leaving,        Event::spawned,           action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::spawn_deferred,    action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::spawn_refused,     action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::signal,            action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::stop,              action::kill_all | action::finish,                                                   State::done},
    Rule{State::leaving,        Event::restart,           action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::prepared,          action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::ended,             action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::ended_with_others, action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::again,             action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::deadline,          action::kill_all | action::finish,                                                   State::done},
    Rule{State::leaving,        Event::run_gone,          action::none,                                                                        State::leaving},
    Rule{State::leaving,        Event::nobody_left,       action::finish,                                                                      State::done},

    Rule{State::done,           Event::spawned,           action::none,                                                                        State::done},
    Rule{State::done,           Event::spawn_deferred,    action::none,                                                                        State::done},
    Rule{State::done,           Event::spawn_refused,     action::none,                                                                        State::done},
    Rule{State::done,           Event::signal,            action::none,                                                                        State::done},
    Rule{State::done,           Event::stop,              action::none,                                                                        State::done},
    Rule{State::done,           Event::restart,           action::none,                                                                        State::done},
    Rule{State::done,           Event::prepared,          action::none,                                                                        State::done},
    Rule{State::done,           Event::ended,             action::none,                                                                        State::done},
    Rule{State::done,           Event::ended_with_others, action::none,                                                                        State::done},
    Rule{State::done,           Event::again,             action::none,                                                                        State::done},
    Rule{State::done,           Event::deadline,          action::none,                                                                        State::done},
    Rule{State::done,           Event::run_gone,          action::none,                                                                        State::done},
    Rule{State::done,           Event::nobody_left,       action::none,                                                                        State::done},
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
