// SPDX-License-Identifier: Apache-2.0
#include "app/ledger.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/ledger_access.h"
#include "app/ledger_print.h"
#include "app/operation_set.h"
#include "app/report.h"
#include "app/resolve.h"
#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"
#include "provision/ledger.h"
#include "provision/operation_condition.h"

namespace kaigara::app {

namespace {

using provision::HeldLedger;
using provision::LedgerEvent;

int print(const std::string& text) {
    const auto written = platform::write_all(1, text);
    return written ? exit_ok : report(written.error());
}

class LedgerCommand {
public:
    LedgerCommand(const CommandLine& line, const Settings& settings, char** environment)
        : settings_(settings), environment_(environment),
          operand_(line.operands.size() > 1 ? line.operands[1] : std::string_view()) {}

    // The actions.
    int list() {
        if (const auto failed = open()) return *failed;
        auto state = client_->read();
        if (!state) return stopped();
        if (!*state) return report(state->error());
        const bool knows_image = load_image_or_warn();
        auto rows = ledger_rows((*state)->history, image_);
        // What has no end yet is running, where somebody has the ledger's lock.
        if ((*state)->in_use) {
            for (LedgerRow& row : rows) {
                if (row.state == "interrupted") row.state = "running";
            }
        }
        return print(settings_.as_json ? list_as_json(rows) : list_as_text(rows, knows_image));
    }

    int history() {
        std::string text;
        if (const auto ended = read_text(text)) return *ended;
        const auto ledger = provision::parse_ledger(text, name());
        if (!ledger) return report(ledger.error());
        const auto past = provision::read_history(*ledger);
        if (!operand_.empty() && !past.contains(operand_)) return report(unknown_name(past));
        return print(settings_.as_json ? history_as_json(*ledger, operand_)
                                       : history_as_text(*ledger, operand_));
    }

    int verify() {
        std::string text;
        if (const auto ended = read_text(text)) return *ended;
        const auto ledger = provision::parse_ledger(text, name());
        if (!ledger) return report(ledger.error());
        if (ledger->is_torn)
            log::warn("{}: its last line is torn; the next start that writes to it sets it aside",
                      name());
        return print(fmt::format("{}: {}, no damage\n", name(),
                                 text::counted(ledger->lines.size(), "line")));
    }

    int forget() {
        if (const auto failed = check_presence()) return *failed;
        return with_ledger([this](HeldLedger& held) {
            const auto past = held.history().find(operand_);
            if (past == held.history().end()) return report(unknown_name(held.history()));
            if (past->second.success_is_barrier)
                log::warn("operation {} is a barrier: from now on an image without it may start "
                          "on this ledger's data",
                          text::printable(operand_));
            return append(held, LedgerEvent::forgotten, operand_, "");
        });
    }

    // All that takes its time is done before the lock is asked for: nobody waits for our sources.
    int accept() {
        if (const auto failed = check_presence()) return *failed;
        if (const auto failed = load_image()) return *failed;
        KnownOperation* known = nullptr;
        if (const auto failed = find_recorded(known)) return *failed;
        if (const auto failed = digest_inputs(*known)) return *failed;
        return with_ledger([this, known](HeldLedger& held) { return accept_in(held, *known); });
    }

    int baseline() {
        if (const auto failed = load_image()) return *failed;
        std::vector<KnownOperation*> wanted;
        if (!operand_.empty()) {
            if (const auto failed = find_recorded(wanted.emplace_back())) return *failed;
        } else {
            for (KnownOperation& known : image_) {
                if (known.operation.options.is_recorded()) wanted.push_back(&known);
            }
        }
        for (KnownOperation* known : wanted) {
            if (const auto failed = digest_inputs(*known)) return *failed;
        }
        return with_ledger([this, &wanted](HeldLedger& held) {
            for (const KnownOperation* known : wanted) {
                if (const int failed = baseline_one(held, *known); failed != exit_ok) return failed;
            }
            return int{exit_ok};
        });
    }

    int salvage() {
        if (const auto failed = check_presence()) return *failed;
        const auto report_of_it = client_->salvage(settings_.lock_timeout);
        if (!report_of_it) return stopped();
        if (!*report_of_it) return report(report_of_it->error());
        const provision::SalvageReport& done = **report_of_it;
        if (done.was_whole)
            return print(fmt::format("{}: no damage, nothing is changed\n", name()));
        const std::string doubled =
            done.doubled == 0 ? "" : fmt::format(", {} that stood there twice", done.doubled);
        return print(fmt::format(
            "{}: {} kept, {} lost{}; what was damaged is {}\n"
            "What was lost is not known: look at 'kaigara ledger list' before the next start, and "
            "say 'kaigara ledger baseline NAME' for each operation that is done.\n",
            name(), text::counted(done.kept, "line"), done.lost, doubled, done.copy));
    }

private:
    const std::string& name() { return client_->name(); }
    int stopped() const { return exit_code_of_signal(client_->stop_signal()); }

    // The exit status where that fails.
    std::optional<int> open() {
        if (client_) return std::nullopt;
        auto client = LedgerClient::open(settings_, environment_);
        if (!client) return report(client.error());
        client_ = std::move(*client);
        return std::nullopt;
    }

    // The lines of a ledger that there is; the exit status of the command otherwise.
    std::optional<int> read_text(std::string& text) {
        if (const auto failed = open()) return failed;
        auto read = client_->read_text();
        if (!read) return stopped();
        if (!*read) return report(read->error());
        if (!**read) return print(fmt::format("{}: there is no ledger yet\n", name()));
        text = std::move(***read);
        return std::nullopt;
    }

    // What is changed has to be there: a misspelt path shall make nothing.
    std::optional<int> check_presence() {
        if (const auto failed = open()) return failed;
        const auto read = client_->read_text();
        if (!read) return stopped();
        if (!*read) return report(read->error());
        if (**read) return std::nullopt;
        return report(Error{Fault::configuration, ENOENT, "there is no ledger", name()});
    }

    template <class Change>
    int with_ledger(Change change) {
        if (const auto failed = open()) return *failed;
        const auto taken = client_->take(settings_.lock_timeout);
        if (!taken) return stopped();
        if (!*taken) return report(taken->error());
        return change(*(*taken)->held);
    }

    int append(HeldLedger& held, LedgerEvent event, const std::string& name,
               const std::string& details) {
        const auto written = client_->append(held, {event, name, details});
        if (!written) return stopped();
        if (!*written) return report(written->error());
        return print(fmt::format("{} {}\n", provision::event_word(event), text::printable(name)));
    }

    int accept_in(HeldLedger& held, const KnownOperation& known) {
        const provision::PlannedOperation planned = decide(held, known);
        const bool is_waiting = planned.past && planned.past->is_interrupted();
        const bool differs =
            planned.past && planned.past->has_succeeded && planned.past->ended_in_success() &&
            (planned.runs() || planned.is_blocked() || !planned.decision.warning.empty());
        if (!is_waiting && !differs)
            return report(refusal("is neither interrupted nor edited, so there is nothing to "
                                  "accept; 'kaigara ledger list' shows where it stands, and "
                                  "'baseline' takes one as done that has not succeeded"));
        return record(held, LedgerEvent::accepted, known);
    }

    int baseline_one(HeldLedger& held, const KnownOperation& known) {
        const provision::PlannedOperation planned = decide(held, known);
        if (!planned.runs() && !planned.is_blocked())
            return print(
                fmt::format("{} is done already\n", text::printable(known.operation.name)));
        return record(held, LedgerEvent::baselined, known);
    }

    // What a start would do with it now, its condition aside.
    static provision::PlannedOperation decide(const HeldLedger& held, const KnownOperation& known) {
        provision::PlannedOperation planned;
        planned.candidate.operation = known.operation;
        planned.candidate.digests = known.digests;
        planned.decide(held.history());
        return planned;
    }

    // Writes that an operation is done as it is now, inputs included.
    int record(HeldLedger& held, LedgerEvent event, const KnownOperation& known) {
        return append(
            held, event, known.operation.name,
            provision::describe_operation(known.digests, known.operation.options.barrier));
    }

    // The exit status where that fails.
    std::optional<int> digest_inputs(KnownOperation& known) {
        const auto& inputs = known.operation.options.inputs;
        if (inputs.empty()) return std::nullopt;
        if (!tree_) {
            client_.reset();  // the sources are waited for on a loop of their own
            auto tree = resolve_or_inherit(settings_, environment_);
            if (!tree) return report(tree.error());
            tree_ = std::move(*tree);
        }
        auto digest = provision::OperationInputs(inputs, *tree_).digest();
        if (!digest) return report(digest.error());
        known.digests.inputs = std::move(*digest);
        return std::nullopt;
    }

    // The operation that is asked for; the exit status where it is none that is recorded.
    std::optional<int> find_recorded(KnownOperation*& found) {
        const auto known = std::ranges::find(image_, operand_, [](const KnownOperation& one) {
            return std::string_view(one.operation.name);
        });
        if (known == image_.end()) return report(unknown_operation());
        if (!known->operation.options.is_recorded())
            return report(refusal("runs at each start (run=always), so nothing is recorded of it"));
        found = &*known;
        return std::nullopt;
    }

    // The operations of the image with their digests; the exit status where that fails.
    std::optional<int> load_image() {
        auto operations = find_operations(settings_);
        if (!operations) return report(operations.error());
        for (provision::Operation& operation : *operations) {
            KnownOperation known;
            if (operation.options.is_recorded()) {
                auto digests = provision::digest_operation(operation.path);
                if (!digests) return report(digests.error());
                known.digests = std::move(*digests);
            }
            known.operation = std::move(operation);
            image_.push_back(std::move(known));
        }
        return std::nullopt;
    }

    // For a list that is of use without them. Whether they are known.
    bool load_image_or_warn() {
        if (!platform::exists(settings_.operations.path)) return false;
        if (!load_image()) return true;
        log::warn("the operations of the image cannot be read, so this is the ledger alone");
        image_.clear();
        return false;
    }

    Error refusal(std::string_view why) const {
        return {Fault::configuration, 0,
                fmt::format("operation {} {}", text::printable(operand_), why), ""};
    }

    Error unknown_operation() const {
        std::vector<std::string_view> names;
        for (const KnownOperation& known : image_) names.push_back(known.operation.name);
        return {Fault::configuration, 0,
                fmt::format("no operation '{}' in {}{}", text::printable(operand_),
                            settings_.operations.path, text::did_you_mean(operand_, names)),
                ""};
    }

    Error unknown_name(const provision::LedgerHistory& history) const {
        std::vector<std::string_view> names;
        for (const auto& [name, past] : history) names.push_back(name);
        return {Fault::configuration, 0,
                fmt::format("the ledger knows no operation '{}'{}", text::printable(operand_),
                            text::did_you_mean(operand_, names)),
                client_->name()};
    }

    const Settings& settings_;
    char** environment_;
    std::string operand_;
    std::vector<KnownOperation> image_;
    std::optional<metadata::Tree> tree_;
    std::unique_ptr<LedgerClient> client_;
};

struct Action {
    std::string_view name;
    int (LedgerCommand::*perform)();
    enum class Operand : std::uint8_t { none, may, must } operand;
};

constexpr std::array<Action, 7> actions = {{
    {"list", &LedgerCommand::list, Action::Operand::none},
    {"history", &LedgerCommand::history, Action::Operand::may},
    {"forget", &LedgerCommand::forget, Action::Operand::must},
    {"baseline", &LedgerCommand::baseline, Action::Operand::may},
    {"accept", &LedgerCommand::accept, Action::Operand::must},
    {"verify", &LedgerCommand::verify, Action::Operand::none},
    {"salvage", &LedgerCommand::salvage, Action::Operand::none},
}};

Error usage(std::string message) { return {Fault::usage, 0, std::move(message), ""}; }

}  // namespace

int run_ledger(const CommandLine& line, const Settings& settings, char** environment) {
    log::settings().stage = log::Stage::provision;
    const std::string_view word = line.operands[0];
    const auto action = std::ranges::find(actions, word, &Action::name);
    if (action == actions.end()) {
        std::array<std::string_view, actions.size()> names;
        std::ranges::transform(actions, names.begin(), &Action::name);
        return report(
            usage(fmt::format("unknown action '{}' of 'ledger'{}; see 'kaigara help "
                              "ledger'",
                              text::printable(word, 60), text::did_you_mean(word, names))));
    }
    const bool has_name = line.operands.size() > 1;
    if (has_name && action->operand == Action::Operand::none)
        return report(usage(fmt::format("'ledger {}' takes no name", word)));
    if (!has_name && action->operand == Action::Operand::must)
        return report(usage(fmt::format("'ledger {}' needs the name of an operation", word)));
    LedgerCommand command(line, settings, environment);
    return (command.*(action->perform))();
}

}  // namespace kaigara::app
