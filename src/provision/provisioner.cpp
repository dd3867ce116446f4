// SPDX-License-Identifier: Apache-2.0
#include "provision/provisioner.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"

namespace kaigara::provision {

namespace {

constexpr Milliseconds longest_retry_delay{30'000};
constexpr Milliseconds first_look_delay{10};
constexpr Milliseconds longest_look_delay{250};
// A stop is to end within a second, also where the ledger does not answer.
constexpr Milliseconds longest_close{500};

bool is_stop(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }

// /dev/null, or where a container has no /dev an empty file, which reads the same.
platform::Fd open_no_input() {
    platform::Fd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (fd.is_open()) return fd;
    auto empty = platform::sealed_memory("no-input", "");
    return empty ? std::move(*empty) : platform::Fd();
}

bool waits_for_session(State state) {
    return state == State::expiring || state == State::clearing || state == State::sweeping ||
           state == State::losing || state == State::dropping || state == State::stopping ||
           state == State::killing;
}

}  // namespace

Provisioner::Provisioner(platform::Loop& loop, platform::Reaper& reaper, ProvisionPlan plan,
                         std::function<void(const ProvisionEnd&)> on_done)
    : loop_(loop), reaper_(reaper), plan_(std::move(plan)), on_done_(std::move(on_done)),
      passed_as_(plan_.snapshot < 0 ? -1 : snapshot_number()),
      environment_(std::move(plan_.environment), passed_as_), session_(reaper),
      no_input_(open_no_input()), timer_(loop, [this] { on_time(); }) {
    if (plan_.output != OutputMode::raw)
        output_.emplace(loop_, plan_.output, plan_.targets, [this] { conclude(); });
    watch_lock();
}

void Provisioner::start() {
    if (state_ == State::starting) begin();
}

void Provisioner::handle(Event event) {
    const Decision decision = decide(state_, event);
    state_ = decision.next;
    perform(decision.actions);
}

// An action that leads to a further event is the last of its rule, and after a finish nothing of
// this object is touched any more: it may be gone.
void Provisioner::perform(Actions actions) {
    if ((actions & action::tell_progress) != 0) tell_progress();
    if ((actions & action::tell_timeout) != 0)
        log::warn("operation {} has run for its timeout of {}: it is ended (KILL after {})", name(),
                  format_duration(options().timeout), format_duration(options().kill_after));
    if ((actions & action::tell_survivors) != 0)
        log::warn("operation {}: KILL has not ended all of its processes ({} left); they are not "
                  "waited for any longer",
                  name(), session_.count());
    if ((actions & action::tell_loss) != 0)
        log::warn("operation {} is ended, for the lock of the ledger is lost (KILL within {})",
                  name(), format_duration(std::min(options().kill_after, lost_within_)));
    if ((actions & action::send_stop) != 0) send_stop();
    if ((actions & action::terminate) != 0) session_.send(SIGTERM);
    if ((actions & action::kill) != 0) session_.send(SIGKILL);
    if ((actions & action::arm_spawn) != 0) arm(respawn_delay_);
    if ((actions & action::arm_retry) != 0) arm(retry_delay_);
    if ((actions & action::arm_progress) != 0) arm(plan_.progress_interval);
    if ((actions & action::arm_run) != 0) arm_run();
    if ((actions & action::arm_kill) != 0) arm(options().kill_after);
    if ((actions & action::arm_loss) != 0) arm_loss();
    if ((actions & action::arm_close) != 0) arm(longest_close);
    if ((actions & action::watch) != 0) schedule();
    if ((actions & action::begin_wait) != 0) begin_wait();
    if ((actions & action::spawn) != 0) spawn();
    if ((actions & action::announce) != 0) announce();
    if ((actions & action::launch) != 0) launch();
    if ((actions & action::next) != 0) next();
    if ((actions & action::record) != 0) record();
    if ((actions & action::record_stop) != 0) record_stop();
    if ((actions & action::flush) != 0) flush();
    if ((actions & action::finish_done) != 0) finish(ProvisionEnd::Kind::done);
    if ((actions & action::finish_failed) != 0) finish(ProvisionEnd::Kind::failed);
    if ((actions & action::finish_stopped) != 0) finish(ProvisionEnd::Kind::stopped);
}

void Provisioner::send_stop() {
    log::info("{}: stopping operation {} (KILL after {})", platform::signal_name(end_.signal),
              name(), format_duration(options().kill_after));
    session_.send(end_.signal);
}

void Provisioner::tell_progress() {
    if (waiter_)
        log::info("operation {} still waits for {}", name(), waiter_->missing());
    else if (!is_taking_)  // which tells it itself
        log::info("operation {} is still running after {}", name(), rounded(elapsed()));
}

void Provisioner::next() {
    ++index_;
    attempt_ = 1;
    respawned_for_ = Milliseconds(0);
    begin();
}

void Provisioner::on_signal(const platform::Signal& signal) {
    if (!is_stop(signal.number)) {
        log::debug("{} is held back while operations run", platform::signal_name(signal.number));
        return;
    }
    if (end_.signal == 0) {
        end_.signal = signal.number;
        ended_before_stop_ = has_ended_;
    }
    handle(Event::stop);
}

void Provisioner::on_reaped() {
    if (*told_) {
        child_end_ = **told_;
        *told_ = std::nullopt;
        ended_ = Clock::now();
        has_ended_ = true;
        look_delay_ = first_look_delay;
        handle(session_.is_empty() ? Event::ended : Event::ended_with_others);
    } else if (has_ended_ && waits_for_session(state_)) {
        look();
    }
}

void Provisioner::look() {
    handle(session_.is_empty() ? Event::session_empty : Event::session_occupied);
}

// Its end is recorded before its output has found a reader, and before anything that follows it.
void Provisioner::record() {
    timer_.stop();
    if (refusal_)
        outcome_ = {LedgerEvent::failed, "reason=not-started", ""};
    else
        outcome_ =
            judge(child_end_, elapsed(), has_timed_out_ ? options().timeout : Milliseconds(0));
    plan_.recorder.end(planned(), outcome_.event, outcome_.details,
                       [this](Result<void> recorded) { on_recorded(std::move(recorded)); });
}

void Provisioner::on_recorded(Result<void> recorded) {
    if (recorded) {
        handle(Event::recorded);
        return;
    }
    Error error = std::move(recorded).error();
    if (state_ == State::closing) {
        log::error("{}", error.text());
    } else if (refusal_) {
        log::error("{}", refusal_->text());
        end_.error = std::move(error);
    } else {
        end_.error = std::move(error).while_doing(
            fmt::format("operation {} {}, and that cannot be recorded", name(), outcome_.text));
    }
    handle(Event::record_failed);
}

void Provisioner::flush() {
    if (refusal_) {
        Error reason = std::move(*refusal_);
        refusal_.reset();
        give_up(std::move(reason));
    } else if (!output_ || output_->finish()) {
        conclude();
    }
}

void Provisioner::conclude() {
    if (outcome_.is_over()) {
        log::info("operation {} {}", name(), outcome_.text);
        tell_end();
        handle(Event::passed);
        return;
    }
    const std::string what = fmt::format("operation {} {}", name(), outcome_.text);
    if (try_again(what)) return;
    tell_end();
    show_last_lines();
    give_up({outcome_.event == LedgerEvent::timed_out ? Fault::operation_timeout
                                                      : Fault::operation_failed,
             0, what, ""});
}

void Provisioner::tell_end() const {
    if (plan_.on_operation) plan_.on_operation({name(), outcome_.event, elapsed(), attempt_});
}

bool Provisioner::try_again(const std::string& what) {
    if (attempt_ > options().retries) return false;
    retry_delay_ = attempt_ == 1 ? options().retry_delay : retry_delay_ * 2;
    retry_delay_ = std::min(retry_delay_, std::max(options().retry_delay, longest_retry_delay));
    ++attempt_;
    log::warn("{}; attempt {} of {} follows in {}", what, attempt_, options().retries + 1,
              format_duration(retry_delay_));
    handle(Event::retry);
    return true;
}

// The operation is over, and not as it should be: so is the start, or not, as it says itself.
void Provisioner::give_up(Error reason) {
    if (options().on_failure == OnFailure::go_on) {
        log::warn("{}; going on (on-failure=continue)", reason.text());
        handle(Event::passed);
        return;
    }
    end_.error = std::move(reason);
    handle(Event::failed);
}

void Provisioner::show_last_lines() {
    if (output_ && output_->last_lines().count() != 0)
        log::error("the last lines of operation {}:\n{}", name(), output_->last_lines().text());
}

void Provisioner::arm(Milliseconds delay) {
    deadline_ = Clock::now() + delay;
    schedule();
}

void Provisioner::arm_run() {
    const Milliseconds limit = options().timeout;
    if (limit.count() == 0)
        arm(plan_.progress_interval);
    else
        arm(std::clamp(limit - elapsed(), Milliseconds(0), plan_.progress_interval));
}

// Neither longer than a stop would have left it, nor than the lock's time.
void Provisioner::arm_loss() {
    Milliseconds limit = std::min(options().kill_after, lost_within_);
    if (state_ == State::stopping)
        limit = std::min(limit, std::chrono::ceil<Milliseconds>(deadline_ - Clock::now()));
    arm(std::max(limit, Milliseconds(0)));
}

// The one timer serves the deadline, and before it the looks at a session that is to become empty:
// the end of a process whose parent is not us makes no signal.
void Provisioner::schedule() {
    const auto left = std::chrono::ceil<Milliseconds>(deadline_ - Clock::now());
    const bool looks = has_ended_ && waits_for_session(state_);
    deadline_is_next_ = !looks || left <= look_delay_;
    timer_.start(deadline_is_next_ ? left : look_delay_);
    if (!deadline_is_next_) look_delay_ = std::min(look_delay_ * 2, longest_look_delay);
}

void Provisioner::on_time() {
    if (!deadline_is_next_) {
        look();
        return;
    }
    const Milliseconds limit = options().timeout;
    if (state_ == State::running && limit.count() != 0 && elapsed() >= limit) {
        has_timed_out_ = true;
        handle(Event::timed_out);
        return;
    }
    handle(Event::deadline);
}

void Provisioner::finish(ProvisionEnd::Kind kind) {
    timer_.stop();
    waiter_.reset();
    if (is_taking_) plan_.ledger->cancel();
    end_.kind = kind;
    if (output_) {
        output_->finish();
        output_->abandon();
    }
    // Others may have the ledger from now on, whatever our caller does next.
    plan_.recorder.release();
    // Both may outlive this object, which may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    const ProvisionEnd end = std::move(end_);
    on_done(end);
}

// What others of its session needed after its end does not make a success undone.
void Provisioner::record_stop() {
    if (!plan_.recorder.is_open()) {
        handle(Event::recorded);
        return;
    }
    OperationOutcome outcome{
        LedgerEvent::cancelled,
        fmt::format("signal={} duration={}", end_.signal, format_duration(elapsed())), ""};
    if (ended_before_stop_)
        outcome =
            judge(child_end_, elapsed(), has_timed_out_ ? options().timeout : Milliseconds(0));
    plan_.recorder.end(planned(), outcome.event, outcome.details,
                       [this](Result<void> recorded) { on_recorded(std::move(recorded)); });
}

std::string Provisioner::name() const { return text::printable(operation().name); }

Milliseconds Provisioner::elapsed() const {
    const auto until = has_ended_ ? ended_ : Clock::now();
    return std::chrono::duration_cast<Milliseconds>(until - started_);
}

}  // namespace kaigara::provision
