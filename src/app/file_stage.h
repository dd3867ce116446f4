// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of stage 2, between the plan and the disk: staged as a set, handed to their checks, put
// in place all or none, and told.

#include <optional>
#include <vector>

#include "base/result.h"
#include "provision/file_checks.h"
#include "provision/file_plan.h"
#include "provision/target_set.h"

namespace kaigara::app {

class FileStage {
public:
    explicit FileStage(std::vector<provision::PlannedFile> planned);

    // All that keeps one of them from being written; then nothing is left behind.
    Errors prepare();
    // Of the files that will change; after prepare().
    std::vector<provision::FileCheck> checks() const;
    // Which of the files will change, in the order of the plan; after prepare(). What goes to a
    // device or a pipe is no change.
    std::vector<bool> changes() const;
    // To be called once. Logs what was written, and the warnings.
    Result<void> commit();

private:
    struct Told {
        std::string target;
        std::string source;
        std::string check;
        std::string where;
    };

    std::vector<provision::PlannedFile> planned_;
    std::vector<Told> told_;
    std::optional<provision::TargetSet> set_;
};

}  // namespace kaigara::app
