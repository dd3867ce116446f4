// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operations of this start, out of the image, kaigara.yml, the metadata and the ledger: what
// `start` and `provision` run, what `plan` tells, what `check` and `ledger` look at.

#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "metadata/tree.h"
#include "provision/ledger.h"
#include "provision/operation_output.h"
#include "provision/operation_plan.h"

namespace kaigara::app {

// The operations of the image with the options that hold, or everything that is wrong with them.
Result<std::vector<provision::Operation>, Errors> find_operations(const Settings& settings);

// The same with all that is to be known of them before they run, and an --only that is one of them.
// `planned` are files that are about
// to be written, where they are not yet.
Result<std::vector<provision::OperationCandidate>, Errors>
find_candidates(const Settings& settings, const metadata::Tree& tree,
                const provision::OperationInputs::Planned& planned = {});

// What there is to do by what the ledger says. What keeps the operations from running is in the
// plan.
provision::OperationPlan plan_by_ledger(const Settings& settings,
                                        std::vector<provision::OperationCandidate> candidates,
                                        const provision::LedgerState& state);

// Says what a person should know before they run, and why some of them do not.
void tell(const provision::OperationPlan& plan);

// How the output of operations is passed on.
provision::OutputMode output_mode(OperationOutput output) noexcept;

// An operation that calls `kaigara render` must find what this run was told to use, also where that
// came by an option or from kaigara.yml.
std::vector<std::string> operation_environment(const Settings& settings, char** environment);

}  // namespace kaigara::app
