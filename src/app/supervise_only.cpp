// SPDX-License-Identifier: Apache-2.0
#include "app/supervise_only.h"

#include <signal.h>

#include "platform/signals.h"

namespace kaigara::app {

namespace {

platform::SignalSet signals_to_read(const supervise::Launch& launch) {
    const platform::SignalSet ours{~launch.not_ours.bits};
    if (launch.not_ours.bits != 0) platform::set_signal_mask(ours);
    return ours;
}

class Children {
public:
    Children(platform::Reaper& reaper, ChildWatcher* watcher) : reaper_(reaper), watcher_(watcher) {
        if (watcher_ == nullptr) return;
        reaper_.on_stranger([this](pid_t pid, const platform::ChildEnd& end) {
            watcher_->stranger_ended(pid, end);
        });
    }

    void reap() {
        if (watcher_ != nullptr) watcher_->child_signal();
        reaper_.reap();
        if (watcher_ != nullptr) watcher_->reaped(reaper_.has_children());
    }

private:
    platform::Reaper& reaper_;
    ChildWatcher* watcher_;
};

}  // namespace

supervise::Outcome supervise_only(const supervise::Launch& launch, supervise::Observer& observer,
                                  ChildWatcher* watcher) {
    const platform::SignalSet set = signals_to_read(launch);
    platform::Reaper reaper;
    Children children(reaper, watcher);
    supervise::Supervisor supervisor(reaper, launch, observer);
    // A child that was dead before we began: its CHLD came to the program that executed us. Before
    // the application is there, whose own end has to be told by its CHLD.
    reaper.reap();
    supervisor.start();
    while (!supervisor.is_done()) {
        const auto signal = platform::wait_for_signal(set, supervisor.deadline());
        if (signal && signal->number == SIGCHLD) {
            children.reap();
            supervisor.on_reaped();
        } else if (signal) {
            supervisor.on_signal(*signal);
        }
        const auto deadline = supervisor.deadline();
        if (deadline && supervise::Supervisor::Clock::now() >= *deadline) supervisor.on_deadline();
    }
    return supervisor.outcome();
}

}  // namespace kaigara::app
