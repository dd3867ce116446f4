// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_local.h"

#include <algorithm>

#include "provision/ledger_file.h"

namespace kaigara::provision {

namespace {

class HeldFile : public HeldLedger {
public:
    HeldFile(LedgerLock lock, LedgerFile file) : lock_(std::move(lock)), file_(std::move(file)) {}

    const LedgerHistory& history() const noexcept override { return file_.history(); }
    void append(const LedgerRecord& record, Recorded on_done) override {
        on_done(file_.append(record));
    }
    void on_lost(OnLost /*on_lost*/) override {}

private:
    LedgerLock lock_;
    LedgerFile file_;
};

// An operation without an end is interrupted, or another kaigara runs it at this moment. That one
// has the lock then; where nobody has, nothing can change while we look once more.
Result<LedgerState> read_state(const std::string& path) {
    KG_LET(history, read_ledger(path));
    const bool may_be_running = std::ranges::any_of(
        history, [](const auto& entry) { return entry.second.is_interrupted(); });
    if (!may_be_running) return LedgerState{std::move(history), false};
    auto lock = LedgerLock::open_existing(path);
    const auto had = lock ? lock->try_lock() : Result<bool>(true);
    if (lock && had && !*had) return LedgerState{std::move(history), true};
    KG_LET(again, read_ledger(path));
    return LedgerState{std::move(again), false};
}

Result<TakenLedger> hold(Result<LedgerLock> lock, const std::string& path) {
    if (!lock) return std::move(lock).error();
    KG_LET(file, LedgerFile::open(path));
    TakenLedger taken;
    taken.state.history = file.history();
    taken.held = std::make_unique<HeldFile>(std::move(*lock), std::move(file));
    return taken;
}

// `lock` is had until we return.
Result<SalvageReport> mend(Result<LedgerLock> lock, const std::string& path) {
    if (!lock) return std::move(lock).error();
    KG_LET(text, read_ledger_text(path));
    const std::string content = text.value_or("");
    const auto ledger = parse_ledger(content, path);
    SalvageReport report;
    report.was_whole = ledger.has_value();
    if (ledger) return report;
    if (ledger.error().fault == Fault::configuration) return ledger.error();
    const SalvagedText salvaged = salvage_ledger(content);
    if (salvaged.is_newer) return salvage_with_newer(path);
    if (salvaged.kept == 0) return nothing_to_salvage(path);
    report.kept = salvaged.kept;
    report.lost = salvaged.lost;
    report.doubled = salvaged.doubled;
    KG_LET(copy, LedgerFile::replace(path, salvaged.text));
    report.copy = std::move(copy);
    KG_LET(file, LedgerFile::open(path));
    KG_TRY(file.append({LedgerEvent::salvaged, "", describe_salvage(report)}));
    return report;
}

}  // namespace

void LocalLedger::read_text(OnText on_done) { on_done(read_ledger_text(path_)); }

void LocalLedger::read(OnState on_done) { on_done(read_state(path_)); }

template <class T>
void LocalLedger::with_lock(Milliseconds limit,
                            Result<T> (*act)(Result<LedgerLock>, const std::string&),
                            std::function<void(Result<T>)> on_done) {
    auto on_lock = [this, act, on_done = std::move(on_done)](Result<LedgerLock> lock) {
        const auto over = std::move(wait_);  // until we return: it is our caller
        on_done(act(std::move(lock), path_));
    };
    wait_ = std::make_unique<LedgerWait>(loop_, path_, limit, std::move(on_lock));
    wait_->start();
}

// Who has the lock has it for a moment, and who waits for it is told by nobody that it is not
// needed any more: it is had, and looked at then.
void LocalLedger::take(Milliseconds limit, StillNeeded /*still_needed*/, OnTaken on_done) {
    with_lock<TakenLedger>(limit, hold, std::move(on_done));
}

void LocalLedger::salvage(Milliseconds limit, OnSalvaged on_done) {
    with_lock<SalvageReport>(limit, mend, std::move(on_done));
}

}  // namespace kaigara::provision
