// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tests of running operations share: a directory of scripts, a loop with its reaper and signal
// reader, and everything that was logged.
//
// From the first scene on, every signal is blocked in the test program, as it is in kaigara.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/loop.h"
#include "platform/reaper.h"
#include "platform/signals.h"
#include "provision/ledger_local.h"
#include "provision/provisioner.h"
#include "support/scratch.h"

namespace kaigara::test {

// Collects what is logged, down to debug, as long as it lives.
class LogCapture {
public:
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    static const std::string& text();
    static bool has(std::string_view part) { return text().find(part) != std::string::npos; }
};

class Scene {
public:
    // As PID 1 does, a scene adopts the orphans of its operations, unless it is told not to.
    explicit Scene(bool adopts_orphans = true);
    ~Scene();
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    // Writes an executable operation of /bin/sh. `body` starts in the scratch directory, as $DIR.
    void script(std::string_view name, std::string_view body);
    // All operations by their annotations and the ledger, with their output in the files `out` and
    // `err`. Where one of them is pending, the plan holds the ledger.
    provision::ProvisionPlan plan();
    std::string ledger() const { return files / "ledger"; }
    // What the ledger has, a text for each line: "10-a failed status=3".
    std::vector<std::string> events() const;

    void start(provision::ProvisionPlan plan);
    // Serves the loop until `condition` holds; a test that waits for too long fails.
    void serve_until(const std::function<bool()>& condition);
    // Serves it until the provisioner is done.
    const provision::ProvisionEnd& finish();
    const provision::ProvisionEnd& run(provision::ProvisionPlan plan);

    bool is_done() const { return end_.has_value(); }
    void signal(int number);  // as if it came from outside
    // The pid that an operation wrote into a file.
    pid_t pid_in(std::string_view file) const;

    ScratchDir files;
    platform::Loop loop;
    platform::Reaper reaper;
    LogCapture log;
    std::unique_ptr<provision::Provisioner> provisioner;
    bool destroys_when_done = false;

private:
    provision::LedgerHistory history_of_ledger() const;
    std::unique_ptr<provision::HeldLedger> hold_ledger();

    provision::LocalLedger ledger_;
    platform::SignalReader signals_;
    std::optional<provision::ProvisionEnd> end_;
    int out_ = -1;
    int err_ = -1;
};

// From TERM to KILL, for all operations of a plan.
void set_kill_after(provision::ProvisionPlan& plan, Milliseconds delay);

// Whether there is a process of that number that is more than a zombie.
bool is_alive(pid_t pid);

}  // namespace kaigara::test
