// SPDX-License-Identifier: Apache-2.0
#pragma once

// An operation of the image with all that is to be known of it before it may run.

#include <vector>

#include "base/result.h"
#include "metadata/tree.h"
#include "provision/operation.h"
#include "provision/operation_condition.h"
#include "provision/operation_digest.h"

namespace kaigara::provision {

struct OperationCandidate {
    Operation operation;
    bool applies = true;  // what its `when` says
    OperationInputs inputs;
    OperationDigests digests;  // empty for one that is not recorded

    // Reads the inputs that are files again. Whether they have changed since they were last read.
    Result<bool> refresh();
};

// Reads what is recorded of each operation, and its inputs, and asks its `when`. All errors in one
// go; Fault::configuration, with the file as `where`. `planned` is what is about to be written.
Result<std::vector<OperationCandidate>, Errors>
examine_operations(std::vector<Operation> operations, const metadata::Tree& tree,
                   const OperationInputs::Planned& planned = {});

}  // namespace kaigara::provision
