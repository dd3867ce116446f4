// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_candidate.h"

#include "provision/operation_condition.h"

namespace kaigara::provision {

namespace {

Result<OperationDigests> digest(const Operation& operation, const metadata::Tree& tree) {
    if (!operation.options.is_recorded()) return OperationDigests{};
    KG_LET(digests, digest_operation(operation.path));
    if (!operation.options.inputs.empty()) {
        KG_LET(inputs, digest_inputs(operation.options.inputs, tree));
        digests.inputs = std::move(inputs);
    }
    return digests;
}

}  // namespace

Result<std::vector<OperationCandidate>, Errors>
examine_operations(std::vector<Operation> operations, const metadata::Tree& tree) {
    std::vector<OperationCandidate> candidates;
    Errors errors;
    for (Operation& operation : operations) {
        auto digests = digest(operation, tree);
        if (!digests) {
            Error error = std::move(digests).error();
            error.fault = Fault::configuration;
            if (error.where.empty()) error.where = operation.path;
            errors.push_back(std::move(error));
            continue;
        }
        const bool applies = kaigara::provision::applies(operation.options.when, tree);
        candidates.push_back({std::move(operation), applies, std::move(*digests)});
    }
    if (!errors.empty()) return errors;
    return candidates;
}

}  // namespace kaigara::provision
