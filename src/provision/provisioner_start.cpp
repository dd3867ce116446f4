// SPDX-License-Identifier: Apache-2.0

// How the provisioner brings one operation to life: waits for what it needs, records its start,
// makes its process. What happens after that stands in provisioner.cpp.

#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "base/text.h"
#include "provision/provisioner.h"

namespace kaigara::provision {

namespace {

constexpr Milliseconds first_respawn_delay{20};
constexpr Milliseconds longest_respawn_delay{1'000};
constexpr Milliseconds respawn_limit{10'000};
}  // namespace

void Provisioner::begin() {
    const auto rest = std::span(plan_.operations).subspan(index_);
    if (std::ranges::none_of(rest, &PlannedOperation::is_pending)) plan_.recorder.release();
    while (index_ < plan_.operations.size() && !turns_out_to_run()) ++index_;
    if (index_ == plan_.operations.size())
        handle(Event::none_left_to_run);
    else if (needs_ledger() || !options().wait.empty())
        handle(Event::must_wait);
    else
        spawn();
}

// An input that is a file may have been written by an operation before this one.
bool Provisioner::turns_out_to_run() {
    PlannedOperation& now = plan_.operations[index_];
    const auto changed = now.candidate.refresh();
    if (changed && *changed) {
        now.decide();
        if (now.runs()) log::info("operation {} runs: {}", name(), now.decision.why);
    }
    // An input that cannot be read any more is an error of this operation: prepare() finds it.
    if (!changed) return true;
    return now.runs();
}

bool Provisioner::needs_ledger() const {
    return planned().is_pending() && !plan_.recorder.has_ledger();
}

void Provisioner::begin_wait() {
    if (!needs_ledger()) {
        wait_for_targets();
        return;
    }
    if (plan_.ledger == nullptr) {
        end_.error = {Fault::internal, 0, "an operation is to be recorded without a ledger", ""};
        handle(Event::failed);
        return;
    }
    is_taking_ = true;
    plan_.ledger->take(
        plan_.lock_timeout, [this](const LedgerState& state) { return is_still_pending(state); },
        [this](Result<TakenLedger> taken) { on_taken(std::move(taken)); });
}

bool Provisioner::is_still_pending(const LedgerState& state) const {
    PlannedOperation now = planned();
    now.decide(state.history, state.in_use ? LedgerUse::by_another : LedgerUse::ours_or_free);
    return now.is_pending();
}

void Provisioner::on_taken(Result<TakenLedger> taken) {
    is_taking_ = false;
    timer_.stop();
    auto accepted = taken ? accept(std::move(*taken)) : Result<void>(std::move(taken).error());
    if (!accepted) {
        end_.error = std::move(accepted).error();
        handle(Event::failed);
        return;
    }
    if (!planned().runs())
        handle(Event::passed);
    else
        handle(options().wait.empty() ? Event::answered : Event::must_wait);
}

// Decides by what the ledger says now: another kaigara may have done it meanwhile, or have died of
// it.
Result<void> Provisioner::accept(TakenLedger taken) {
    for (PlannedOperation& planned : std::span(plan_.operations).subspan(index_))
        planned.decide(taken.state.history);
    if (planned().is_blocked()) return refusal(planned());
    if (planned().is_pending() && taken.held) {
        plan_.recorder = OperationRecorder(std::move(taken.held));
        watch_lock();
    }
    return {};
}

void Provisioner::watch_lock() {
    plan_.recorder.on_lost([this](const Error& why, Milliseconds within) { on_lost(why, within); });
}

void Provisioner::on_lost(Error why, Milliseconds within) {
    const bool is_open = plan_.recorder.is_open();
    plan_.recorder.release();
    if (!is_open) {
        log::warn("{}; it is taken again for the next operation that needs it", why.text());
        return;
    }
    lost_within_ = within;
    end_.error = std::move(why).while_doing(
        fmt::format("operation {} was ended, and its end is not recorded", name()));
    handle(Event::lost);
}

void Provisioner::wait_for_targets() {
    std::vector<platform::WaitTarget> targets;
    for (const std::string& text : options().wait) {
        auto target = platform::parse_wait_target(text);
        if (!target) {
            give_up(std::move(target).error());
            return;
        }
        targets.push_back(std::move(*target));
    }
    log::debug("operation {} waits for {}", name(), fmt::join(options().wait, ", "));
    started_ = Clock::now();
    waiter_ = std::make_unique<platform::Waiter>(
        loop_, std::move(targets), options().wait_timeout,
        [this](Result<void> answered) { on_waited(std::move(answered)); });
    waiter_->start();
}

void Provisioner::on_waited(Result<void> answered) {
    const auto over = std::move(waiter_);  // until we return: it may be our caller
    timer_.stop();
    if (answered) {
        handle(Event::answered);
        return;
    }
    give_up({Fault::operation_timeout, 0,
             fmt::format("operation {} was not started: {}", name(), answered.error().text()), ""});
}

void Provisioner::spawn() {
    has_ended_ = has_timed_out_ = false;
    if (needs_ledger()) {
        handle(Event::must_wait);
        return;
    }
    if (auto ready = prepare(); !ready) {
        refuse(std::move(ready).error());
        return;
    }
    if (output_) {
        auto opened = output_->open(operation().name);
        if (!opened) {
            refuse(std::move(opened).error());
            return;
        }
        ends_ = *opened;
    }
    if (plan_.recorder.must_announce(planned()))
        handle(Event::must_announce);
    else
        launch();
}

void Provisioner::announce() {
    plan_.recorder.start(planned(), attempt_, [this](Result<void> recorded) {
        if (recorded) {
            handle(Event::announced);
            return;
        }
        end_.error = std::move(recorded).error().while_doing(
            fmt::format("operation {} is not run, for its start cannot be recorded", name()));
        handle(Event::record_failed);
    });
}

void Provisioner::launch() {
    started_ = Clock::now();
    const auto pid = spawn_child();
    if (output_) output_->close_ends();
    if (pid)
        on_spawned(*pid);
    else
        on_spawn_failure(pid.error());
}

// The user is looked up only now: an operation before this one may have made it.
Result<void> Provisioner::prepare() {
    user_.reset();
    if (auto read = plan_.operations[index_].candidate.refresh(); !read)
        return std::move(read).error();
    if (options().user.empty()) return {};
    KG_LET(user, platform::find_user(options().user));
    user_ = std::move(user);
    return {};
}

Result<pid_t, platform::SpawnFailure> Provisioner::spawn_child() {
    argv_.clear();
    for (std::string& word : plan_.operations[index_].candidate.operation.command)
        argv_.push_back(word.data());
    argv_.push_back(nullptr);

    const platform::SignalInheritance& born = platform::take_signals();
    platform::SpawnRequest request;
    request.argv = argv_.data();
    request.environment = environment_.of({operation().name, attempt_,
                                           planned().decision.interrupted && attempt_ == 1,
                                           user_ ? &*user_ : nullptr});
    if (user_) request.credentials = &user_->credentials;
    request.group = platform::ProcessGroup::own_session;
    request.stdio[0] = no_input_.get();
    request.stdio[1] = ends_.out;
    request.stdio[2] = ends_.err;
    request.passed = plan_.snapshot;
    request.passed_as = passed_as_;
    request.close_others = true;
    request.mask = born.mask;
    request.ignore_child_signal = born.child_ignored;
    return platform::spawn(request);
}

void Provisioner::on_spawned(pid_t pid) {
    // The last attempt's process may not even be reaped yet: its end is told to the old object.
    told_ = std::make_shared<std::optional<platform::ChildEnd>>();
    // A process that not even KILL ends may be reaped when this object is long gone.
    reaper_.expect(pid, [told = told_](const platform::ChildEnd& end) { *told = end; });
    session_.begin(pid);
    if (operation().through_interpreter)
        log::info("operation {} may not be executed itself, so it runs through {}", name(),
                  text::printable(operation().command.front()));
    log::debug("operation {} runs as process {}", name(), pid);
    handle(Event::spawned);
}

void Provisioner::on_spawn_failure(const platform::SpawnFailure& failure) {
    if (output_) output_->abandon();
    Error reason = platform::explain(failure, operation().command.front(), "");
    if (!platform::is_worth_another_try(failure) || respawned_for_ >= respawn_limit) {
        refuse(std::move(reason));
        return;
    }
    if (respawned_for_.count() == 0) {
        log::warn("operation {}: {}; trying again for {}", name(), reason.text(),
                  format_duration(respawn_limit));
        respawn_delay_ = first_respawn_delay;
    } else {
        respawn_delay_ = std::min(respawn_delay_ * 2, longest_respawn_delay);
    }
    respawned_for_ += respawn_delay_;
    handle(Event::spawn_deferred);
}

// It never came to be. What is wrong with the configuration is told as that: another attempt would
// meet it again.
void Provisioner::refuse(Error reason) {
    if (output_) output_->abandon();
    const Fault fault =
        reason.fault == Fault::configuration ? Fault::configuration : Fault::operation_failed;
    refusal_ = Error{fault, reason.code,
                     fmt::format("operation {} cannot be started: {}", name(), reason.text()), ""};
    handle(Event::refused);
}

}  // namespace kaigara::provision
