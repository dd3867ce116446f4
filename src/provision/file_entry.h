// SPDX-License-Identifier: Apache-2.0
#pragma once

// One entry of `templates:` in kaigara.yml: a template of the resources directory and the file that
// it becomes.

#include <sys/types.h>

#include <optional>
#include <string>

namespace kaigara::provision {

struct FileEntry {
    std::string source;  // a template's name, as of `kaigara render`
    std::string target;  // an absolute path
    std::optional<mode_t> mode;
    std::string owner;      // "user[:group]"; empty: as it is, or kaigara's
    std::string check;      // for sh -c, with {{target}} for the path of the new content
    std::string on_change;  // what a running application needs when the file changes, with --watch
    std::string where;      // "kaigara.yml:12:5"
};

}  // namespace kaigara::provision
