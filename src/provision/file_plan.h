// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which files provisioning makes, and what is to be in them.
//
//     resources/root/      every file; *.tmpl is rendered, others are copied
//     templates:           each entry of kaigara.yml, rendered
//
// Nothing is written here: the result is for TargetSet (provision), Target::examine (plan), or for
// nobody but the errors (check).

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/tree.h"
#include "provision/file_entry.h"
#include "provision/target_set.h"
#include "provision/template.h"

namespace kaigara::provision {

struct PlannedFile {
    TargetFile file;
    std::string source;  // the template's path, or that of the copied file
    std::string check;   // a command for sh; empty for none
    std::string masked;  // the content for eyes; only when it was asked for
    // No eyes but the owner's may see it: the copy of a file that not everybody may read.
    bool is_hidden = false;
};

struct FilePlanRequest {
    std::string resources;  // the directory
    const std::vector<FileEntry>& entries;
    MissingNames missing = MissingNames::are_errors;
    bool with_masked = false;
    // The real paths of all files that templates include are put there, where it is not null.
    std::set<std::string>* included = nullptr;
};

// In the order of the tree's targets, then of the entries; or all that is wrong: templates, sources
// that do not exist, unknown owners.
Result<std::vector<PlannedFile>, Errors> plan_files(const FilePlanRequest& request,
                                                    const metadata::Tree& tree);

}  // namespace kaigara::provision
