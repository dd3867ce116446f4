// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether an operation runs at this start, and why: a pure function of what it asks for, what it is
// like now, and what the ledger says of it.
//
//   | run       | the ledger says                  | decision                                    |
//   | --------- | -------------------------------- | ------------------------------------------- |
//   | (any)     | (anything), and `when` is false  | skip                                        |
//   | always    | (never asked)                    | run                                         |
//   | once      | started, no end                  | run as interrupted; interrupted=fail: block |
//   | once      | succeeded, code as it was        | skip                                        |
//   | once      | succeeded, code edited           | on-edit: skip with a warning, block, or run |
//   | once      | anything else, or nothing        | run                                         |
//   | on-change | started, no end                  | run as interrupted                          |
//   | on-change | last a success, all as it was    | skip                                        |
//   | on-change | last a success, something new    | run                                         |
//   | on-change | anything else, or nothing        | run                                         |
//
// A success of a `once` operation holds until it is forgotten, whatever came after it; only where
// on-edit=rerun has made it run again does that later run count. A success of an on-change
// operation counts only while it is the last word: a later run that failed half-way has left
// neither the old state nor the new one.

#include <string>

#include "provision/ledger_history.h"
#include "provision/operation_options.h"

namespace kaigara::provision {

struct OperationDecision {
    enum class Action : std::uint8_t {
        run,
        skip,
        block_interrupted,  // interrupted=fail
        block_edited,       // on-edit=fail
    };
    Action action = Action::run;
    std::string why;           // for the plan, without the operation's name: "has not run yet"
    std::string warning;       // empty, or what a person should know; without the name, too
    bool interrupted = false;  // it runs, and the end of its last run is unknown
    bool is_first = false;     // it runs, and has never succeeded before
};

// `past` is null where the ledger does not know it. `applies` is what its `when` says now.
OperationDecision decide_operation(const OperationOptions& options, const OperationDigests& now,
                                   const OperationPast* past, bool applies);

// The same while another kaigara has the ledger: what is started and has no end is being run by
// that one. Who wants to run it waits for the lock, and decides again by what the ledger says then.
OperationDecision decide_in_use(const OperationOptions& options, const OperationDigests& now,
                                const OperationPast* past, bool applies);

}  // namespace kaigara::provision
