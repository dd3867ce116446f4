// SPDX-License-Identifier: Apache-2.0
#include "app/ledger.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/ledger_print.h"
#include "app/operation_set.h"
#include "app/own_loop.h"
#include "app/report.h"
#include "app/resolve.h"
#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/reaper.h"
#include "provision/ledger_file.h"
#include "provision/ledger_wait.h"
#include "provision/operation_condition.h"

namespace kaigara::app {

namespace {

using provision::LedgerEvent;
using provision::LedgerFile;
using provision::OperationPast;

int print(const std::string& text) {
    const auto written = platform::write_all(1, text);
    return written ? exit_ok : report(written.error());
}

class LedgerCommand {
public:
    LedgerCommand(const CommandLine& line, const Settings& settings, char** environment)
        : settings_(settings), environment_(environment), path_(settings.ledger.path),
          name_(line.operands.size() > 1 ? line.operands[1] : std::string_view()) {}

    // The actions.
    int list() {
        auto history = provision::read_ledger(path_);
        if (!history) return report(history.error());
        const bool knows_image = load_image_or_warn();
        auto rows = ledger_rows(*history, image_);
        // What has no end yet is running, where somebody has the ledger's lock.
        if (is_in_use()) {
            for (LedgerRow& row : rows) {
                if (row.state == "interrupted") row.state = "running";
            }
        }
        return print(settings_.as_json ? list_as_json(rows) : list_as_text(rows, knows_image));
    }

    int history() {
        const auto text = provision::read_ledger_text(path_);
        if (!text) return report(text.error());
        if (!*text) return print(no_ledger_yet());
        const auto ledger = provision::parse_ledger(**text, path_);
        if (!ledger) return report(ledger.error());
        const auto past = provision::read_history(*ledger);
        if (!name_.empty() && !past.contains(name_)) return report(unknown_name(past));
        return print(settings_.as_json ? history_as_json(*ledger, name_)
                                       : history_as_text(*ledger, name_));
    }

    int verify() {
        const auto text = provision::read_ledger_text(path_);
        if (!text) return report(text.error());
        if (!*text) return print(no_ledger_yet());
        const auto ledger = provision::parse_ledger(**text, path_);
        if (!ledger) return report(ledger.error());
        if (ledger->is_torn)
            log::warn("{}: its last line is torn; the next start that writes to it sets it aside",
                      path_);
        return print(
            fmt::format("{}: {}, no damage\n", path_, text::counted(ledger->lines.size(), "line")));
    }

    int forget() {
        if (const auto missing = check_presence()) return report(*missing);
        return with_file([this](LedgerFile& file) {
            const auto past = file.history().find(name_);
            if (past == file.history().end()) return report(unknown_name(file.history()));
            if (past->second.success_is_barrier)
                log::warn("operation {} is a barrier: from now on an image without it may start "
                          "on this ledger's data",
                          text::printable(name_));
            return append(file, LedgerEvent::forgotten, name_, "");
        });
    }

    int accept() {
        if (const auto missing = check_presence()) return report(*missing);
        return with_file([this](LedgerFile& file) { return accept_in(file); });
    }

    int baseline() {
        return with_file([this](LedgerFile& file) { return baseline_in(file); });
    }

    int salvage() {
        if (const auto missing = check_presence()) return report(*missing);
        auto lock = take_lock();
        if (!lock) return *failed_;
        const auto text = provision::read_ledger_text(path_);
        if (!text) return report(text.error());
        const std::string content = text->value_or("");
        const auto ledger = provision::parse_ledger(content, path_);
        if (ledger) return print(fmt::format("{}: no damage, nothing is changed\n", path_));
        if (ledger.error().fault == Fault::configuration) return report(ledger.error());
        return replace(std::move(*lock), provision::salvage_ledger(content));
    }

private:
    // The lock; without it the exit status is in failed_.
    std::optional<provision::LedgerLock> take_lock() {
        platform::Reaper reaper;
        OwnLoop loop([&reaper] { reaper.reap(); });
        std::optional<Result<provision::LedgerLock>> lock;
        provision::LedgerWait wait(loop.get(), path_, settings_.lock_timeout,
                                   [&](Result<provision::LedgerLock> result) {
                                       lock = std::move(result);
                                       loop.stop();
                                   });
        wait.start();
        if (const int signal = loop.run(); signal != 0) {
            failed_ = exit_code_of_signal(signal);
            return std::nullopt;
        }
        if (*lock) return std::move(**lock);
        failed_ = report(lock->error());
        return std::nullopt;
    }

    template <class Change>
    int with_file(Change change) {
        auto lock = take_lock();
        if (!lock) return *failed_;
        auto held = provision::HeldLedger::open(std::move(*lock), path_);
        if (!held) return report(held.error());
        return change(held->file);
    }

    int append(LedgerFile& file, LedgerEvent event, const std::string& name,
               const std::string& details) {
        const auto written = file.append({event, name, details});
        if (!written) return report(written.error());
        return print(fmt::format("{} {}\n", provision::event_word(event), text::printable(name)));
    }

    int accept_in(LedgerFile& file) {
        if (const auto failed = load_image()) return *failed;
        const KnownOperation* known = find_known();
        if (known == nullptr) return report(unknown_operation());
        if (!known->operation.options.is_recorded()) return report(not_recorded());
        provision::PlannedOperation planned;
        if (const auto failed = decide(file, *known, planned)) return *failed;
        const bool is_waiting = planned.past && planned.past->is_interrupted();
        const bool differs =
            planned.past && planned.past->has_succeeded && planned.past->ended_in_success() &&
            (planned.runs() || planned.is_blocked() || !planned.decision.warning.empty());
        if (!is_waiting && !differs)
            return report(refusal("is neither interrupted nor edited, so there is nothing to "
                                  "accept; 'kaigara ledger list' shows where it stands, and "
                                  "'baseline' takes one as done that has not succeeded"));
        return record(file, LedgerEvent::accepted, *known);
    }

    int baseline_in(LedgerFile& file) {
        if (const auto failed = load_image()) return *failed;
        if (!name_.empty()) {
            const KnownOperation* known = find_known();
            if (known == nullptr) return report(unknown_operation());
            if (!known->operation.options.is_recorded()) return report(not_recorded());
            return baseline_one(file, *known);
        }
        for (const KnownOperation& known : image_) {
            if (!known.operation.options.is_recorded()) continue;
            if (const int failed = baseline_one(file, known); failed != exit_ok) return failed;
        }
        return exit_ok;
    }

    int baseline_one(LedgerFile& file, const KnownOperation& known) {
        provision::PlannedOperation planned;
        if (const auto failed = decide(file, known, planned)) return *failed;
        if (!planned.runs() && !planned.is_blocked())
            return print(
                fmt::format("{} is done already\n", text::printable(known.operation.name)));
        return record(file, LedgerEvent::baselined, known);
    }

    // What a start would do with it now, its condition aside; the exit status where that fails.
    std::optional<int> decide(const LedgerFile& file, const KnownOperation& known,
                              provision::PlannedOperation& planned) {
        planned.candidate.operation = known.operation;
        planned.candidate.digests = known.digests;
        if (const auto failed = digest_inputs(known, planned.candidate.digests)) return failed;
        planned.decide(file.history());
        return std::nullopt;
    }

    // Writes that an operation is done as it is now, inputs included.
    int record(LedgerFile& file, LedgerEvent event, const KnownOperation& known) {
        provision::OperationDigests digests = known.digests;
        if (const auto failed = digest_inputs(known, digests)) return *failed;
        const auto& options = known.operation.options;
        return append(file, event, known.operation.name,
                      provision::describe_operation(digests, options.barrier));
    }

    std::optional<int> digest_inputs(const KnownOperation& known,
                                     provision::OperationDigests& digests) {
        const auto& inputs = known.operation.options.inputs;
        if (inputs.empty()) return std::nullopt;
        if (!tree_) {
            auto tree = resolve_or_inherit(settings_, environment_);
            if (!tree) return report(tree.error());
            tree_ = std::move(*tree);
        }
        auto digest = provision::OperationInputs(inputs, *tree_).digest();
        if (!digest) return report(digest.error());
        digests.inputs = std::move(*digest);
        return std::nullopt;
    }

    int replace(provision::LedgerLock lock, const provision::SalvagedText& salvaged) {
        if (salvaged.is_newer)
            return report(Error{Fault::configuration, 0,
                                "holds what a newer kaigara wrote: salvage it with that one",
                                path_});
        if (salvaged.kept == 0)
            return report(Error{Fault::bad_data, 0,
                                "has no line that holds, so there is nothing to keep: if it is a "
                                "ledger, move it away yourself, and every operation runs again",
                                path_});
        const auto copy = LedgerFile::replace(path_, salvaged.text);
        if (!copy) return report(copy.error());
        auto held = provision::HeldLedger::open(std::move(lock), path_);
        if (!held) return report(held.error());
        const auto written = held->file.append(
            {LedgerEvent::salvaged, "",
             fmt::format("kept={} lost={} copy={}", salvaged.kept, salvaged.lost,
                         provision::encode_name(copy->substr(copy->rfind('/') + 1)))});
        if (!written) return report(written.error());
        const std::string doubled =
            salvaged.doubled == 0 ? ""
                                  : fmt::format(", {} that stood there twice", salvaged.doubled);
        return print(fmt::format(
            "{}: {} kept, {} lost{}; the damaged file is {}\n"
            "What was lost is not known: look at 'kaigara ledger list' before the next start, and "
            "say 'kaigara ledger baseline NAME' for each operation that is done.\n",
            path_, text::counted(salvaged.kept, "line"), salvaged.lost, doubled, *copy));
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

    const KnownOperation* find_known() const {
        const auto found = std::ranges::find(image_, name_, [](const KnownOperation& known) {
            return std::string_view(known.operation.name);
        });
        return found == image_.end() ? nullptr : &*found;
    }

    Error refusal(std::string_view why) const {
        return {Fault::configuration, 0,
                fmt::format("operation {} {}", text::printable(name_), why), ""};
    }

    Error not_recorded() const {
        return refusal("runs at each start (run=always), so nothing is recorded of it");
    }

    bool is_in_use() const {
        auto lock = provision::LedgerLock::open_existing(path_);
        const auto had = lock ? lock->try_lock() : Result<bool>(true);
        return had && !*had;
    }

    std::string no_ledger_yet() const { return fmt::format("{}: there is no ledger yet\n", path_); }

    // What is changed has to be there: a misspelt path shall make nothing.
    std::optional<Error> check_presence() const {
        if (platform::exists(path_)) return std::nullopt;
        return Error{Fault::configuration, ENOENT, "there is no ledger", path_};
    }

    Error unknown_operation() const {
        std::vector<std::string_view> names;
        for (const KnownOperation& known : image_) names.push_back(known.operation.name);
        return {Fault::configuration, 0,
                fmt::format("no operation '{}' in {}{}", text::printable(name_),
                            settings_.operations.path, text::did_you_mean(name_, names)),
                ""};
    }

    Error unknown_name(const provision::LedgerHistory& history) const {
        std::vector<std::string_view> names;
        for (const auto& [name, past] : history) names.push_back(name);
        return {Fault::configuration, 0,
                fmt::format("the ledger knows no operation '{}'{}", text::printable(name_),
                            text::did_you_mean(name_, names)),
                path_};
    }

    const Settings& settings_;
    char** environment_;
    std::string path_;
    std::string name_;
    std::vector<KnownOperation> image_;
    std::optional<metadata::Tree> tree_;
    std::optional<int> failed_;
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
