// SPDX-License-Identifier: Apache-2.0
#pragma once

// A scene whose operations say when they begin and when they end, and the law that every crash is
// held against:
//
//   - nothing has run that the ledger does not say was started
//   - the ledger says of nothing that it is done which has not reached its end
//   - the next start runs exactly what is pending by the ledger: nothing that is done again,
//   nothing
//     that is not done is left out, and each that was started without an end is told so
//   - then the ledger holds, all is done, and the start after that runs nothing
//
// The ledger is read by the test's own understanding of it (contract/ledger_scene.h).

#include <map>
#include <string>
#include <vector>

#include "contract/ledger_scene.h"
#include "crash/traced_run.h"

namespace kaigara::test {

// What a ledger says of one operation.
struct Standing {
    std::size_t starts = 0;
    std::size_t successes = 0;
    std::string last;    // event
    bool holds = false;  // it is done
    bool is_interrupted() const { return last == "started"; }
};

struct Ran {
    std::string name;
    bool was_told = false;  // that it had been interrupted
};

class CrashScene : public LedgerScene {
public:
    // 10-a and 20-b are once, 20-b fails at its first attempt and has another; 25-always is not
    // recorded; 30-c is on-change.
    CrashScene();

    std::string directory() const { return folder() / "state"; }
    void remove_operations() const;
    // An operation that says when it begins and ends.
    void add(std::string_view name, std::string_view options, std::string_view script = "") const;

    // A ledger on which 10-a and 30-c are done, the latter with other inputs than now.
    std::string older_ledger();
    // `state` is as it is to be: with this ledger, or without one where the text is empty.
    void begin_with(const std::string& ledger) const;
    void write_ledger(const std::string& text) const;

    TracedEnd traced(const Trouble& trouble,
                     const std::function<void(std::size_t)>& on_call = {}) const;
    TracedEnd traced_command(const Strings& words, const Trouble& trouble) const;

    // Who began, or ended, since begin_with(), `always` aside.
    std::vector<Ran> began() const;
    Strings finished() const;
    void forget_runs() const;
    // The whole lines of the ledger, by operation; a torn end is allowed.
    std::map<std::string, Standing> standings() const;

    // The law, after a run that began with this ledger; CHECKs.
    void check_nothing_unrecorded(const std::string& before) const;
    void check_recovery() const;

private:
    std::string old_inputs_;
};

// A loss of power in place of a kill: what was not on disk yet is gone, in each way it may be. The
// law holds for what is left. How many ways there were.
std::size_t check_power_loss(const CrashScene& scene, const TracedEnd& end,
                             const std::string& before);

}  // namespace kaigara::test
