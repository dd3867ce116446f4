// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of the tree resources/root/, which mirrors "/":
//
//     resources/root/etc/nginx/nginx.conf.tmpl   ->  /etc/nginx/nginx.conf, a template
//     resources/root/root/.bashrc                ->  /root/.bashrc, a copy
//
// Everything in the tree is a file that its author wants, dot files and all, except for names that
// begin with "..": so the mount of a ConfigMap keeps its versions (..data, ..2026_01_02), and the
// names that are meant are links to the files in there. Links are followed, also those to
// directories. Directories without files are not told.
//
// What cannot be meant is an error: a link to nothing, links in a circle, anything that is neither
// a file nor a directory, two sources of one target.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "provision/made_directories.h"

namespace kaigara::provision {

struct RootFile {
    std::string source;  // its path in the tree
    std::string target;  // absolute, without the suffix .tmpl
    bool is_template = false;
    mode_t mode = 0;  // the permission bits of the source
    // Those between "/" and the file, outermost first, with the mode that they have in the tree.
    std::vector<RootDirectory> directories;
};

// In the bytewise order of the targets; none when the tree is absent. All errors, each with the
// path in the tree as `where`: Fault::configuration, for all of them are for the author to mend.
Result<std::vector<RootFile>, Errors> find_root_files(const std::string& root);

}  // namespace kaigara::provision
