// SPDX-License-Identifier: Apache-2.0
#include "app/staged_run.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/exports.h"
#include "app/file_stage.h"
#include "app/ledger_access.h"
#include "app/operation_set.h"
#include "app/outlets.h"
#include "app/report.h"
#include "app/resolve.h"
#include "app/supervise_stage.h"
#include "base/text.h"
#include "metadata/gatherer.h"
#include "metadata/snapshot.h"
#include "platform/files.h"
#include "platform/hidden_memory.h"
#include "platform/loop.h"
#include "platform/memory.h"
#include "platform/reaper.h"
#include "provision/file_checks.h"
#include "provision/file_plan.h"
#include "provision/provisioner.h"

namespace kaigara::app {

namespace {

// Of giving the ledger back.
constexpr Milliseconds longest_settling{1'000};
constexpr Milliseconds stopped_settling{400};

class StagedRun {
public:
    StagedRun(const CommandLine& line, const Settings& settings, char** environment)
        : line_(line), settings_(settings), environment_(environment),
          signals_(
              loop_, [this](const platform::Signal& signal) { on_signal(signal); },
              [this] { on_child(); }),
          outlets_(loop_, reaper_, line.command, settings) {}

    int run() {
        reaper_.reap();  // what was dead before we began: no CHLD will come for it any more
        if (const auto opened = outlets_.open(); !opened) return report(opened.error());
        const int status = run_stages();
        outlets_.close();
        return status;
    }

private:
    int run_stages() {
        if (line_.command == command::exec) {
            program_ = line_.program;
            return supervise_stage();
        }
        if (line_.command == command::start && !find_program())
            return report(Error{Fault::usage, 0,
                                "'start' needs a program: kaigara start PROGRAM [ARG]..., or "
                                "application.command in kaigara.yml",
                                ""});
        const auto ended = provision_stage();
        settle_ledger();
        if (ended) return *ended;
        // One that came in the same moment as the end of the last operation.
        if (stop_signal_ != 0) return exit_code_of_signal(stop_signal_);
        if (line_.command == command::provision) return exit_ok;
        // What stages 1 and 2 used goes back to the kernel: PID 1 is to be small from now on.
        platform::return_freed_memory();
        platform::show_memory();
        return supervise_stage();
    }

    bool find_program() {
        program_ = line_.program;
        if (program_ != nullptr) return true;
        for (const std::string& word : settings_.command)
            words_.push_back(const_cast<char*>(word.c_str()));  // execve(2) takes it as it is
        words_.push_back(nullptr);
        program_ = words_.data();
        return program_[0] != nullptr;
    }

    // Stages 1 and 2: the exit status where they end the run. The tree and the snapshot are gone
    // when it returns.
    std::optional<int> provision_stage() {
        log::settings().stage = log::Stage::resolve;
        outlets_.enter(Status::Stage::resolve, Status::State::resolving);
        metadata::Tree tree;
        if (const auto failed = resolve_metadata(tree)) return failed;
        if (const auto stopped = look_for_stop()) return stopped;
        if (const auto failed = export_metadata(tree)) return failed;
        log::settings().stage = log::Stage::provision;
        outlets_.enter(Status::Stage::provision, Status::State::provisioning);
        if (const auto missing = check_resources(settings_)) return report(*missing);
        auto candidates = find_candidates(settings_, tree);
        if (!candidates) return report(candidates.error());
        auto access = LedgerAccess::open(loop_, settings_, environment_);
        if (!access) return report(access.error());
        ledger_.emplace(std::move(*access));
        // Before anything is written: the ledger may say that nothing must be.
        if (const auto refused = look_at_ledger(*candidates)) return refused;
        if (const auto failed = write_files(tree)) return failed;
        if (const auto stopped = look_for_stop()) return stopped;
        provision::OperationPlan plan;
        provision::OperationRecorder recorder;
        if (const auto failed = plan_operations(std::move(*candidates), plan, recorder))
            return failed;
        tell(plan);
        if (std::ranges::none_of(plan.operations, &provision::PlannedOperation::runs))
            return std::nullopt;
        auto snapshot =
            platform::sealed_memory("kaigara-snapshot", metadata::snapshot::encode(tree));
        if (!snapshot) return report(snapshot.error());
        return run_operations(std::move(plan), std::move(recorder), snapshot->get());
    }

    std::optional<int> look_at_ledger(const std::vector<provision::OperationCandidate>& all) {
        provision::LedgerState state;
        if (const auto failed = read_ledger(state)) return failed;
        const auto plan = plan_by_ledger(settings_, all, state);
        if (!plan.blocked.empty()) return report(plan.blocked);
        return std::nullopt;
    }

    std::optional<int> read_ledger(provision::LedgerState& state) {
        std::optional<Result<provision::LedgerState>> read;
        ledger_->get().read([this, &read](Result<provision::LedgerState> answer) {
            read = std::move(answer);
            loop_.stop();
        });
        await(read);
        ledger_->get().cancel();
        if (!read) return exit_code_of_signal(stop_signal_);
        if (!*read) return report(read->error());
        state = std::move(**read);
        return std::nullopt;
    }

    // What there is to do, now that the files are written: some of them may be inputs. With the
    // ledger in the recorder where something is to be recorded.
    std::optional<int> plan_operations(std::vector<provision::OperationCandidate> candidates,
                                       provision::OperationPlan& plan,
                                       provision::OperationRecorder& recorder) {
        for (provision::OperationCandidate& candidate : candidates) {
            if (const auto read = candidate.refresh(); !read) return report(read.error());
        }
        provision::LedgerState state;
        if (const auto failed = read_ledger(state)) return failed;
        plan = plan_by_ledger(settings_, candidates, state);
        if (!plan.blocked.empty()) return report(plan.blocked);
        if (!plan.needs_lock()) return std::nullopt;
        return take_ledger(plan, std::move(candidates), recorder);
    }

    // Waits for the ledger, and plans anew by what it says then: another kaigara may have done the
    // work meanwhile.
    std::optional<int> take_ledger(provision::OperationPlan& plan,
                                   std::vector<provision::OperationCandidate> candidates,
                                   provision::OperationRecorder& recorder) {
        // Whoever has it may do the work, or leave something that keeps this image from running.
        const auto is_needed = [this, &candidates](const provision::LedgerState& state) {
            const auto now = plan_by_ledger(settings_, candidates, state);
            return now.blocked.empty() && now.needs_lock();
        };
        std::optional<Result<provision::TakenLedger>> taken;
        ledger_->get().take(settings_.lock_timeout, is_needed,
                            [this, &taken](Result<provision::TakenLedger> answer) {
                                taken = std::move(answer);
                                loop_.stop();
                            });
        await(taken);
        ledger_->get().cancel();
        if (stop_signal_ != 0) return exit_code_of_signal(stop_signal_);
        if (!*taken) return report(taken->error());
        plan = plan_by_ledger(settings_, std::move(candidates), (*taken)->state);
        if (!plan.blocked.empty()) return report(plan.blocked);
        if (plan.needs_lock() && (*taken)->held)
            recorder = provision::OperationRecorder(std::move((*taken)->held));
        return std::nullopt;
    }

    // Gives others the ledger, before anything that takes its time. That is over in a moment, or
    // soon enough where a cluster does not answer; a stop does not wait for it.
    void settle_ledger() {
        if (!ledger_) return;
        provision::Ledger& ledger = ledger_->get();
        const int before = stop_signal_;
        bool is_late = false;
        platform::Timer late(loop_, [this, &is_late] {
            is_late = true;
            loop_.stop();
        });
        ledger.on_settled([this] { loop_.stop(); });
        if (!ledger.is_settled()) late.start(before == 0 ? longest_settling : stopped_settling);
        while (!ledger.is_settled() && !is_late && stop_signal_ == before) loop_.run();
        ledger_.reset();
    }

    std::optional<int> resolve_metadata(metadata::Tree& tree) {
        std::optional<Result<metadata::Gathered, Errors>> gathered;
        gatherer_ = std::make_unique<metadata::Gatherer>(
            loop_, reaper_, gather_plan(settings_, environment_), environment_,
            [this, &gathered](Result<metadata::Gathered, Errors> answer) {
                gathered = std::move(answer);
                loop_.stop();
            });
        gatherer_->start();
        await(gathered);
        gatherer_.reset();
        if (!gathered) return exit_code_of_signal(stop_signal_);
        if (!*gathered) return report(gathered->error());
        tree = accept(std::move(**gathered));
        outlets_.add_sources(settings_.sources);
        return std::nullopt;
    }

    // Between two pieces of work that take their time and do not serve the loop.
    std::optional<int> look_for_stop() {
        loop_.run_ready();
        if (stop_signal_ == 0) return std::nullopt;
        return exit_code_of_signal(stop_signal_);
    }

    // Serves the loop until there is an answer, or a stop.
    template <class T>
    void await(const std::optional<T>& answer) {
        while (!answer && stop_signal_ == 0) loop_.run();
    }

    // What the application gets of the metadata, for the tree is gone by then.
    std::optional<int> export_metadata(const metadata::Tree& tree) {
        if (line_.command != command::start) return std::nullopt;
        auto entries = exported_variables(settings_, tree);
        if (!entries) return report(entries.error());
        exported_ = std::move(*entries);
        return std::nullopt;
    }

    std::optional<int> write_files(const metadata::Tree& tree) {
        auto planned = provision::plan_files({settings_.resources.path, settings_.files}, tree);
        if (!planned) return report(planned.error());
        if (planned->empty()) return std::nullopt;
        FileStage files(std::move(*planned));
        if (const auto failed = files.prepare(); !failed.empty()) return report(failed);
        if (const auto stopped = look_for_stop()) return stopped;
        if (const auto failed =
                check_files({files.checks(), environment_, metadata::Redaction(tree)}))
            return failed;
        if (const auto stopped = look_for_stop()) return stopped;
        if (const auto written = files.commit(); !written) return report(written.error());
        return std::nullopt;
    }

    std::optional<int> check_files(provision::FileChecksRequest request) {
        std::optional<Errors> refused;
        checks_ = std::make_unique<provision::FileChecks>(loop_, reaper_, std::move(request),
                                                          [this, &refused](Errors errors) {
                                                              refused = std::move(errors);
                                                              loop_.stop();
                                                          });
        checks_->start();
        await(refused);
        checks_.reset();
        if (!refused) return exit_code_of_signal(stop_signal_);
        if (!refused->empty()) return report(*refused);
        return std::nullopt;
    }

    std::optional<int> run_operations(provision::OperationPlan operations,
                                      provision::OperationRecorder recorder, int snapshot) {
        provision::ProvisionPlan plan;
        plan.operations = std::move(operations.operations);
        plan.recorder = std::move(recorder);
        plan.ledger = &ledger_->get();
        plan.lock_timeout = settings_.lock_timeout;
        plan.environment = operation_environment(settings_, environment_);
        plan.snapshot = snapshot;
        plan.output = output_mode(settings_.operation_output);
        plan.on_operation = [this](const provision::EndedOperation& operation) {
            outlets_.add_operation({operation.name,
                                    std::string(provision::event_word(operation.result)),
                                    operation.duration, operation.attempts});
        };
        std::optional<provision::ProvisionEnd> end;
        provisioner_ = std::make_unique<provision::Provisioner>(
            loop_, reaper_, std::move(plan), [this, &end](const provision::ProvisionEnd& reached) {
                end = reached;
                is_provisioned_ = true;
                loop_.stop();
            });
        provisioner_->start();
        while (!end) loop_.run();
        provisioner_.reset();
        switch (end->kind) {
        case provision::ProvisionEnd::Kind::done: return std::nullopt;
        case provision::ProvisionEnd::Kind::failed: return report(end->error);
        case provision::ProvisionEnd::Kind::stopped: break;
        }
        stop_signal_ = end->signal;
        return exit_code_of_signal(end->signal);
    }

    int supervise_stage() {
        supervision_ = std::make_unique<SuperviseStage>(
            loop_, reaper_,
            SuperviseRequest{line_, settings_, program_, environment_, std::move(exported_),
                             [this] { outlets_.changed(); }});
        outlets_.follow(supervision_.get());
        return supervision_->run();
    }

    void on_signal(const platform::Signal& signal) {
        if (supervision_) {
            supervision_->on_signal(signal);
        } else if (provisioner_ && !is_provisioned_) {
            provisioner_->on_signal(signal);
            if (provisioner_->is_stopping()) outlets_.stopping();
        } else if (signal.number == SIGTERM || signal.number == SIGINT ||
                   signal.number == SIGQUIT) {
            if (stop_signal_ == 0) stop_signal_ = signal.number;
            outlets_.stopping();
            loop_.stop();  // a source or a check that is waited for is given up
        } else {
            log::debug("{} has come before the application runs: dropped",
                       platform::signal_name(signal.number));
        }
    }

    void on_child() {
        reaper_.reap();
        if (supervision_) {
            supervision_->on_reaped();
        } else if (provisioner_ && !is_provisioned_) {
            provisioner_->on_reaped();
        } else if (gatherer_) {
            gatherer_->on_reaped();
        } else if (checks_) {
            checks_->on_reaped();
        }
    }

    const CommandLine& line_;
    const Settings& settings_;
    char** environment_;
    char** program_ = nullptr;
    std::vector<char*> words_;

    platform::Loop loop_;
    platform::Reaper reaper_;
    platform::SignalReader signals_;
    std::optional<LedgerAccess> ledger_;  // of stage 2
    std::unique_ptr<metadata::Gatherer> gatherer_;
    std::unique_ptr<provision::FileChecks> checks_;
    std::vector<std::string> exported_;
    std::unique_ptr<provision::Provisioner> provisioner_;
    std::unique_ptr<SuperviseStage> supervision_;
    Outlets outlets_;
    bool is_provisioned_ = false;  // the provisioner has said so; what comes now is not for it
    int stop_signal_ = 0;          // that came when no stage was there to act on it
};

}  // namespace

int run_stages(const CommandLine& line, const Settings& settings, char** environment) {
    return StagedRun(line, settings, environment).run();
}

}  // namespace kaigara::app
