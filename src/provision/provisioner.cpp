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

constexpr int status_does_not_apply = 77;

constexpr Milliseconds first_retry_delay{20};
constexpr Milliseconds longest_retry_delay{1'000};
constexpr Milliseconds retry_limit{10'000};
constexpr Milliseconds first_look_delay{10};
constexpr Milliseconds longest_look_delay{250};

bool is_stop(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }

// /dev/null, or where a container has no /dev an empty file, which reads the same.
platform::Fd open_no_input() {
    platform::Fd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (fd.is_open()) return fd;
    auto empty = platform::sealed_memory("no-input", "");
    return empty ? std::move(*empty) : platform::Fd();
}

bool waits_for_session(State state) {
    return state == State::clearing || state == State::sweeping || state == State::stopping ||
           state == State::killing;
}

// As long as a person cares: "12ms", "0.3s", "1m5s".
std::string rounded(Milliseconds duration) {
    if (duration < Milliseconds(100)) return format_duration(duration);
    if (duration < Milliseconds(60'000)) {
        const auto tenths = (duration.count() + 50) / 100;
        return fmt::format("{}.{}s", tenths / 10, tenths % 10);
    }
    return format_duration(std::chrono::duration_cast<std::chrono::seconds>(duration));
}

std::string failure_text(const platform::ChildEnd& end) {
    if (!end.by_signal) return fmt::format("failed with status {}", end.number);
    return fmt::format("was ended by signal {} ({}){}", end.number,
                       platform::signal_name(end.number),
                       end.dumped_core ? " and dumped core" : "");
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
}

void Provisioner::start() {
    if (state_ == State::starting) spawn();
}

void Provisioner::handle(Event event) {
    const Decision decision = decide(state_, event);
    state_ = decision.next;
    perform(decision.actions);
}

// An action that leads to a further event is the last of its rule, and after a finish nothing of
// this object is touched any more: it may be gone.
void Provisioner::perform(Actions actions) {
    if ((actions & action::tell_progress) != 0)
        log::info("operation {} is still running after {}", name(), elapsed());
    if ((actions & action::tell_survivors) != 0)
        log::warn("operation {}: KILL has not ended all of its processes ({} left); they are not "
                  "waited for any longer",
                  name(), session_.count());
    if ((actions & action::send_stop) != 0) send_stop();
    if ((actions & action::terminate) != 0) session_.send(SIGTERM);
    if ((actions & action::kill) != 0) session_.send(SIGKILL);
    if ((actions & action::arm_retry) != 0) arm(retry_delay_);
    if ((actions & action::arm_progress) != 0) arm(plan_.progress_interval);
    if ((actions & action::arm_kill) != 0) arm(plan_.kill_after);
    if ((actions & action::watch) != 0) schedule();
    if ((actions & action::spawn) != 0) spawn();
    if ((actions & action::next) != 0) next();
    if ((actions & action::flush) != 0) flush();
    if ((actions & action::finish_done) != 0) finish(ProvisionEnd::Kind::done);
    if ((actions & action::finish_failed) != 0) finish(ProvisionEnd::Kind::failed);
    if ((actions & action::finish_stopped) != 0) finish(ProvisionEnd::Kind::stopped);
}

void Provisioner::send_stop() {
    log::info("{}: stopping operation {} (KILL after {})", platform::signal_name(end_.signal),
              name(), format_duration(plan_.kill_after));
    session_.send(end_.signal);
}

void Provisioner::next() {
    ++index_;
    retried_for_ = Milliseconds(0);
    spawn();
}

void Provisioner::spawn() {
    if (index_ == plan_.operations.size()) {
        handle(Event::none_left_to_run);
        return;
    }
    has_ended_ = false;
    OperationOutput::Ends ends{1, 2};
    if (output_) {
        auto opened = output_->open(operation().name);
        if (!opened) {
            refuse(opened.error());
            return;
        }
        ends = *opened;
    }
    started_ = Clock::now();
    const auto pid = spawn_child(ends);
    if (output_) output_->close_ends();
    if (pid)
        on_spawned(*pid);
    else
        on_spawn_failure(pid.error());
}

Result<pid_t, platform::SpawnFailure> Provisioner::spawn_child(const OperationOutput::Ends& ends) {
    argv_.clear();
    for (std::string& word : plan_.operations[index_].command) argv_.push_back(word.data());
    argv_.push_back(nullptr);

    const platform::SignalInheritance& born = platform::take_signals();
    platform::SpawnRequest request;
    request.argv = argv_.data();
    request.environment = environment_.of(operation().name);
    request.group = platform::ProcessGroup::own_session;
    request.stdio[0] = no_input_.get();
    request.stdio[1] = ends.out;
    request.stdio[2] = ends.err;
    request.passed = plan_.snapshot;
    request.passed_as = passed_as_;
    request.close_others = true;
    request.mask = born.mask;
    request.ignore_child_signal = born.child_ignored;
    return platform::spawn(request);
}

void Provisioner::on_spawned(pid_t pid) {
    *told_ = std::nullopt;
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
    const Error reason = platform::explain(failure, operation().command.front(), "");
    if (!platform::is_worth_another_try(failure) || retried_for_ >= retry_limit) {
        refuse(reason);
        return;
    }
    if (retried_for_.count() == 0) {
        log::warn("operation {}: {}; trying again for {}", name(), reason.text(),
                  format_duration(retry_limit));
        retry_delay_ = first_retry_delay;
    } else {
        retry_delay_ = std::min(retry_delay_ * 2, longest_retry_delay);
    }
    retried_for_ += retry_delay_;
    handle(Event::spawn_deferred);
}

void Provisioner::refuse(const Error& reason) {
    end_.error =
        Error{Fault::operation_failed, reason.code,
              fmt::format("operation {} cannot be started: {}", name(), reason.text()), ""};
    handle(Event::spawn_refused);
}

void Provisioner::on_signal(const platform::Signal& signal) {
    if (!is_stop(signal.number)) {
        log::debug("{} is held back while operations run", platform::signal_name(signal.number));
        return;
    }
    if (end_.signal == 0) end_.signal = signal.number;
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

void Provisioner::flush() {
    timer_.stop();
    if (!output_ || output_->finish()) conclude();
}

void Provisioner::conclude() {
    const bool succeeded = !child_end_.by_signal && child_end_.number == 0;
    const bool applies = child_end_.by_signal || child_end_.number != status_does_not_apply;
    if (succeeded)
        log::info("operation {} done in {}", name(), elapsed());
    else if (!applies)
        log::info("operation {} does not apply (status 77)", name());
    handle(succeeded || !applies ? Event::succeeded : Event::failed);
}

void Provisioner::arm(Milliseconds delay) {
    deadline_ = Clock::now() + delay;
    schedule();
}

// The one timer serves the deadline, and before it the looks at a session that is to become empty:
// the end of a process whose parent is not us makes no signal.
void Provisioner::schedule() {
    const auto left = std::chrono::ceil<Milliseconds>(deadline_ - Clock::now());
    deadline_is_next_ = !has_ended_ || left <= look_delay_;
    timer_.start(deadline_is_next_ ? left : look_delay_);
    if (!deadline_is_next_) look_delay_ = std::min(look_delay_ * 2, longest_look_delay);
}

void Provisioner::on_time() {
    if (deadline_is_next_)
        handle(Event::deadline);
    else
        look();
}

void Provisioner::finish(ProvisionEnd::Kind kind) {
    timer_.stop();
    end_.kind = kind;
    if (output_) {
        output_->finish();
        output_->abandon();
    }
    if (kind == ProvisionEnd::Kind::failed && end_.error.message.empty()) {
        end_.error = Error{
            Fault::operation_failed, 0,
            fmt::format("operation {} {} after {}", name(), failure_text(child_end_), elapsed()),
            ""};
        if (output_ && output_->last_lines().count() != 0)
            log::error("the last lines of operation {}:\n{}", name(), output_->last_lines().text());
    }
    // Both may outlive this object, which may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    const ProvisionEnd end = std::move(end_);
    on_done(end);
}

std::string Provisioner::name() const { return text::printable(operation().name); }

std::string Provisioner::elapsed() const {
    const auto until = has_ended_ ? ended_ : Clock::now();
    return rounded(std::chrono::duration_cast<Milliseconds>(until - started_));
}

}  // namespace kaigara::provision
