// SPDX-License-Identifier: Apache-2.0
#include "provision/provision_policy.h"

#include <array>
#include <cstddef>

namespace kaigara::provision {

namespace {

constexpr std::size_t states = static_cast<std::size_t>(State::done) + 1;
constexpr std::size_t events = static_cast<std::size_t>(Event::deadline) + 1;

struct Rule {
    State state;
    Event event;
    Actions actions;
    State next;
};

// clang-format off
constexpr std::array rules = {
    Rule{State::starting, Event::spawned,           action::arm_run,                                               State::running},
    Rule{State::starting, Event::spawn_deferred,    action::arm_spawn,                                             State::starting},
    Rule{State::starting, Event::none_left_to_run,  action::finish_done,                                           State::done},
    Rule{State::starting, Event::must_wait,         action::begin_wait | action::arm_progress,                     State::waiting},
    Rule{State::starting, Event::answered,          action::none,                                                  State::starting},
    Rule{State::starting, Event::ended,             action::none,                                                  State::starting},
    Rule{State::starting, Event::ended_with_others, action::none,                                                  State::starting},
    Rule{State::starting, Event::timed_out,         action::none,                                                  State::starting},
    Rule{State::starting, Event::session_empty,     action::none,                                                  State::starting},
    Rule{State::starting, Event::session_occupied,  action::none,                                                  State::starting},
    Rule{State::starting, Event::retry,             action::arm_retry,                                             State::delaying},
    Rule{State::starting, Event::passed,            action::next,                                                  State::starting},
    Rule{State::starting, Event::failed,            action::finish_failed,                                         State::done},
    Rule{State::starting, Event::stop,              action::finish_stopped,                                        State::done},
    Rule{State::starting, Event::deadline,          action::spawn,                                                 State::starting},

    Rule{State::waiting,  Event::spawned,           action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::spawn_deferred,    action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::none_left_to_run,  action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::must_wait,         action::begin_wait | action::arm_progress,                      State::waiting},
    Rule{State::waiting,  Event::answered,          action::spawn,                                                 State::starting},
    Rule{State::waiting,  Event::ended,             action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::ended_with_others, action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::timed_out,         action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::session_empty,     action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::session_occupied,  action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::retry,             action::none,                                                  State::waiting},
    Rule{State::waiting,  Event::passed,            action::next,                                                  State::starting},
    Rule{State::waiting,  Event::failed,            action::finish_failed,                                         State::done},
    Rule{State::waiting,  Event::stop,              action::finish_stopped,                                        State::done},
    Rule{State::waiting,  Event::deadline,          action::tell_progress | action::arm_progress,                  State::waiting},

    Rule{State::running,  Event::spawned,           action::none,                                                  State::running},
    Rule{State::running,  Event::spawn_deferred,    action::none,                                                  State::running},
    Rule{State::running,  Event::none_left_to_run,  action::none,                                                  State::running},
    Rule{State::running,  Event::must_wait,         action::none,                                                  State::running},
    Rule{State::running,  Event::answered,          action::none,                                                  State::running},
    Rule{State::running,  Event::ended,             action::flush,                                                 State::flushing},
    Rule{State::running,  Event::ended_with_others, action::terminate | action::arm_kill,                          State::clearing},
    Rule{State::running,  Event::timed_out,         action::tell_timeout | action::terminate | action::arm_kill,   State::expiring},
    Rule{State::running,  Event::session_empty,     action::none,                                                  State::running},
    Rule{State::running,  Event::session_occupied,  action::none,                                                  State::running},
    Rule{State::running,  Event::retry,             action::none,                                                  State::running},
    Rule{State::running,  Event::passed,            action::none,                                                  State::running},
    Rule{State::running,  Event::failed,            action::none,                                                  State::running},
    Rule{State::running,  Event::stop,              action::send_stop | action::arm_kill,                          State::stopping},
    Rule{State::running,  Event::deadline,          action::tell_progress | action::arm_run,                       State::running},

    Rule{State::expiring, Event::spawned,           action::none,                                                  State::expiring},
    Rule{State::expiring, Event::spawn_deferred,    action::none,                                                  State::expiring},
    Rule{State::expiring, Event::none_left_to_run,  action::none,                                                  State::expiring},
    Rule{State::expiring, Event::must_wait,         action::none,                                                  State::expiring},
    Rule{State::expiring, Event::answered,          action::none,                                                  State::expiring},
    Rule{State::expiring, Event::ended,             action::flush,                                                 State::flushing},
    Rule{State::expiring, Event::ended_with_others, action::watch,                                                 State::expiring},
    Rule{State::expiring, Event::timed_out,         action::none,                                                  State::expiring},
    Rule{State::expiring, Event::session_empty,     action::flush,                                                 State::flushing},
    Rule{State::expiring, Event::session_occupied,  action::watch,                                                 State::expiring},
    Rule{State::expiring, Event::retry,             action::none,                                                  State::expiring},
    Rule{State::expiring, Event::passed,            action::none,                                                  State::expiring},
    Rule{State::expiring, Event::failed,            action::none,                                                  State::expiring},
    Rule{State::expiring, Event::stop,              action::send_stop | action::arm_kill,                          State::stopping},
    Rule{State::expiring, Event::deadline,          action::kill | action::arm_kill,                               State::sweeping},

    Rule{State::clearing, Event::spawned,           action::none,                                                  State::clearing},
    Rule{State::clearing, Event::spawn_deferred,    action::none,                                                  State::clearing},
    Rule{State::clearing, Event::none_left_to_run,  action::none,                                                  State::clearing},
    Rule{State::clearing, Event::must_wait,         action::none,                                                  State::clearing},
    Rule{State::clearing, Event::answered,          action::none,                                                  State::clearing},
    Rule{State::clearing, Event::ended,             action::none,                                                  State::clearing},
    Rule{State::clearing, Event::ended_with_others, action::none,                                                  State::clearing},
    Rule{State::clearing, Event::timed_out,         action::none,                                                  State::clearing},
    Rule{State::clearing, Event::session_empty,     action::flush,                                                 State::flushing},
    Rule{State::clearing, Event::session_occupied,  action::watch,                                                 State::clearing},
    Rule{State::clearing, Event::retry,             action::none,                                                  State::clearing},
    Rule{State::clearing, Event::passed,            action::none,                                                  State::clearing},
    Rule{State::clearing, Event::failed,            action::none,                                                  State::clearing},
    Rule{State::clearing, Event::stop,              action::watch,                                                 State::stopping},
    Rule{State::clearing, Event::deadline,          action::kill | action::arm_kill,                               State::sweeping},

    Rule{State::sweeping, Event::spawned,           action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::spawn_deferred,    action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::none_left_to_run,  action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::must_wait,         action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::answered,          action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::ended,             action::flush,                                                 State::flushing},
    Rule{State::sweeping, Event::ended_with_others, action::kill | action::watch,                                  State::sweeping},
    Rule{State::sweeping, Event::timed_out,         action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::session_empty,     action::flush,                                                 State::flushing},
    Rule{State::sweeping, Event::session_occupied,  action::kill | action::watch,                                  State::sweeping},
    Rule{State::sweeping, Event::retry,             action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::passed,            action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::failed,            action::none,                                                  State::sweeping},
    Rule{State::sweeping, Event::stop,              action::watch,                                                 State::killing},
    Rule{State::sweeping, Event::deadline,          action::tell_survivors | action::flush,                        State::flushing},

    Rule{State::flushing, Event::spawned,           action::none,                                                  State::flushing},
    Rule{State::flushing, Event::spawn_deferred,    action::none,                                                  State::flushing},
    Rule{State::flushing, Event::none_left_to_run,  action::none,                                                  State::flushing},
    Rule{State::flushing, Event::must_wait,         action::none,                                                  State::flushing},
    Rule{State::flushing, Event::answered,          action::none,                                                  State::flushing},
    Rule{State::flushing, Event::ended,             action::none,                                                  State::flushing},
    Rule{State::flushing, Event::ended_with_others, action::none,                                                  State::flushing},
    Rule{State::flushing, Event::timed_out,         action::none,                                                  State::flushing},
    Rule{State::flushing, Event::session_empty,     action::none,                                                  State::flushing},
    Rule{State::flushing, Event::session_occupied,  action::none,                                                  State::flushing},
    Rule{State::flushing, Event::retry,             action::arm_retry,                                             State::delaying},
    Rule{State::flushing, Event::passed,            action::next,                                                  State::starting},
    Rule{State::flushing, Event::failed,            action::finish_failed,                                         State::done},
    Rule{State::flushing, Event::stop,              action::finish_stopped,                                        State::done},
    Rule{State::flushing, Event::deadline,          action::none,                                                  State::flushing},

    Rule{State::delaying, Event::spawned,           action::none,                                                  State::delaying},
    Rule{State::delaying, Event::spawn_deferred,    action::none,                                                  State::delaying},
    Rule{State::delaying, Event::none_left_to_run,  action::none,                                                  State::delaying},
    Rule{State::delaying, Event::must_wait,         action::none,                                                  State::delaying},
    Rule{State::delaying, Event::answered,          action::none,                                                  State::delaying},
    Rule{State::delaying, Event::ended,             action::none,                                                  State::delaying},
    Rule{State::delaying, Event::ended_with_others, action::none,                                                  State::delaying},
    Rule{State::delaying, Event::timed_out,         action::none,                                                  State::delaying},
    Rule{State::delaying, Event::session_empty,     action::none,                                                  State::delaying},
    Rule{State::delaying, Event::session_occupied,  action::none,                                                  State::delaying},
    Rule{State::delaying, Event::retry,             action::none,                                                  State::delaying},
    Rule{State::delaying, Event::passed,            action::none,                                                  State::delaying},
    Rule{State::delaying, Event::failed,            action::none,                                                  State::delaying},
    Rule{State::delaying, Event::stop,              action::finish_stopped,                                        State::done},
    Rule{State::delaying, Event::deadline,          action::spawn,                                                 State::starting},

    Rule{State::stopping, Event::spawned,           action::none,                                                  State::stopping},
    Rule{State::stopping, Event::spawn_deferred,    action::none,                                                  State::stopping},
    Rule{State::stopping, Event::none_left_to_run,  action::none,                                                  State::stopping},
    Rule{State::stopping, Event::must_wait,         action::none,                                                  State::stopping},
    Rule{State::stopping, Event::answered,          action::none,                                                  State::stopping},
    Rule{State::stopping, Event::ended,             action::finish_stopped,                                        State::done},
    Rule{State::stopping, Event::ended_with_others, action::terminate | action::watch,                             State::stopping},
    Rule{State::stopping, Event::timed_out,         action::none,                                                  State::stopping},
    Rule{State::stopping, Event::session_empty,     action::finish_stopped,                                        State::done},
    Rule{State::stopping, Event::session_occupied,  action::watch,                                                 State::stopping},
    Rule{State::stopping, Event::retry,             action::none,                                                  State::stopping},
    Rule{State::stopping, Event::passed,            action::none,                                                  State::stopping},
    Rule{State::stopping, Event::failed,            action::none,                                                  State::stopping},
    Rule{State::stopping, Event::stop,              action::kill | action::arm_kill,                               State::killing},
    Rule{State::stopping, Event::deadline,          action::kill | action::arm_kill,                               State::killing},

    Rule{State::killing,  Event::spawned,           action::none,                                                  State::killing},
    Rule{State::killing,  Event::spawn_deferred,    action::none,                                                  State::killing},
    Rule{State::killing,  Event::none_left_to_run,  action::none,                                                  State::killing},
    Rule{State::killing,  Event::must_wait,         action::none,                                                  State::killing},
    Rule{State::killing,  Event::answered,          action::none,                                                  State::killing},
    Rule{State::killing,  Event::ended,             action::finish_stopped,                                        State::done},
    Rule{State::killing,  Event::ended_with_others, action::kill | action::watch,                                  State::killing},
    Rule{State::killing,  Event::timed_out,         action::none,                                                  State::killing},
    Rule{State::killing,  Event::session_empty,     action::finish_stopped,                                        State::done},
    Rule{State::killing,  Event::session_occupied,  action::kill | action::watch,                                  State::killing},
    Rule{State::killing,  Event::retry,             action::none,                                                  State::killing},
    Rule{State::killing,  Event::passed,            action::none,                                                  State::killing},
    Rule{State::killing,  Event::failed,            action::none,                                                  State::killing},
    Rule{State::killing,  Event::stop,              action::none,                                                  State::killing},
    Rule{State::killing,  Event::deadline,          action::tell_survivors | action::finish_stopped,               State::done},

    Rule{State::done,     Event::spawned,           action::none,                                                  State::done},
    Rule{State::done,     Event::spawn_deferred,    action::none,                                                  State::done},
    Rule{State::done,     Event::none_left_to_run,  action::none,                                                  State::done},
    Rule{State::done,     Event::must_wait,         action::none,                                                  State::done},
    Rule{State::done,     Event::answered,          action::none,                                                  State::done},
    Rule{State::done,     Event::ended,             action::none,                                                  State::done},
    Rule{State::done,     Event::ended_with_others, action::none,                                                  State::done},
    Rule{State::done,     Event::timed_out,         action::none,                                                  State::done},
    Rule{State::done,     Event::session_empty,     action::none,                                                  State::done},
    Rule{State::done,     Event::session_occupied,  action::none,                                                  State::done},
    Rule{State::done,     Event::retry,             action::none,                                                  State::done},
    Rule{State::done,     Event::passed,            action::none,                                                  State::done},
    Rule{State::done,     Event::failed,            action::none,                                                  State::done},
    Rule{State::done,     Event::stop,              action::none,                                                  State::done},
    Rule{State::done,     Event::deadline,          action::none,                                                  State::done},
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

}  // namespace kaigara::provision
