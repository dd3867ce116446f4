// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_candidate.h"

namespace kaigara::provision {

namespace {

Result<OperationCandidate> examine(Operation operation, const metadata::Tree& tree,
                                   const OperationInputs::Planned& planned) {
    OperationCandidate candidate;
    candidate.applies = applies(operation.options.when, tree);
    if (operation.options.is_recorded()) {
        KG_LET(digests, digest_operation(operation.path));
        candidate.digests = std::move(digests);
        candidate.inputs = OperationInputs(operation.options.inputs, tree);
        KG_LET(inputs, candidate.inputs.digest(planned));
        candidate.digests.inputs = std::move(inputs);
    }
    candidate.operation = std::move(operation);
    return candidate;
}

}  // namespace

Result<bool> OperationCandidate::refresh() {
    if (!inputs.has_files()) return false;
    KG_LET(now, inputs.digest());
    if (now == digests.inputs) return false;
    digests.inputs = std::move(now);
    return true;
}

Result<std::vector<OperationCandidate>, Errors>
examine_operations(std::vector<Operation> operations, const metadata::Tree& tree,
                   const OperationInputs::Planned& planned) {
    std::vector<OperationCandidate> candidates;
    Errors errors;
    for (Operation& operation : operations) {
        const std::string path = operation.path;
        auto candidate = examine(std::move(operation), tree, planned);
        if (candidate) {
            candidates.push_back(std::move(*candidate));
            continue;
        }
        Error error = std::move(candidate).error();
        error.fault = Fault::configuration;
        if (error.where.empty()) error.where = path;
        errors.push_back(std::move(error));
    }
    if (!errors.empty()) return errors;
    return candidates;
}

}  // namespace kaigara::provision
