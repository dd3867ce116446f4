// SPDX-License-Identifier: Apache-2.0
#include "app/supervise_only.h"

#include "platform/loop.h"
#include "platform/signals.h"

namespace kaigara::app {

namespace {

platform::SignalSet signals_to_read(const supervise::Launch& launch) {
    const platform::SignalSet ours{~launch.not_ours.bits};
    if (launch.not_ours.bits != 0) platform::set_signal_mask(ours);
    return ours;
}

class SuperviseOnly {
public:
    SuperviseOnly(const supervise::Launch& launch, supervise::Observer& observer,
                  ChildWatcher* watcher)
        : watcher_(watcher),
          signals_(
              loop_, [this](const platform::Signal& signal) { supervisor_.on_signal(signal); },
              [this] { on_child(); }, signals_to_read(launch)),
          supervisor_(loop_, reaper_, launch, observer,
                      [this](const supervise::Outcome& outcome) { on_done(outcome); }) {
        if (watcher_ == nullptr) return;
        reaper_.on_stranger([this](pid_t pid, const platform::ChildEnd& end) {
            watcher_->stranger_ended(pid, end);
        });
    }

    supervise::Outcome run() {
        supervisor_.start();
        if (!done_) loop_.run();
        return outcome_;
    }

private:
    void on_child() {
        if (watcher_ != nullptr) watcher_->child_signal();
        reaper_.reap();
        if (watcher_ != nullptr) watcher_->reaped(reaper_.has_children());
        supervisor_.on_reaped();
    }

    void on_done(const supervise::Outcome& outcome) {
        outcome_ = outcome;
        done_ = true;
        loop_.stop();
    }

    ChildWatcher* watcher_;
    platform::Loop loop_;
    platform::Reaper reaper_;
    platform::SignalReader signals_;
    supervise::Supervisor supervisor_;
    supervise::Outcome outcome_;
    bool done_ = false;
};

}  // namespace

supervise::Outcome supervise_only(const supervise::Launch& launch, supervise::Observer& observer,
                                  ChildWatcher* watcher) {
    return SuperviseOnly(launch, observer, watcher).run();
}

}  // namespace kaigara::app
