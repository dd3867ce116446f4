// SPDX-License-Identifier: Apache-2.0
#pragma once

// Directories that are made for files, and are gone again when the files do not come.
//
// A directory that exists stays as it is, whatever its mode. A new one has exactly the mode that it
// was told, whatever the umask is, and never a wider one in between; only its owner's bits are all
// set until keep(), since a user who is not root could put no file into a directory without them.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kaigara::provision {

struct RootDirectory {
    std::string path;
    mode_t mode = 0755;
    bool operator==(const RootDirectory&) const = default;
};

// The directories that the file at `path` lies in, outermost first, with the mode that a new one
// has.
std::vector<RootDirectory> directories_above(std::string_view path);

class MadeDirectories {
public:
    MadeDirectories() = default;
    MadeDirectories(MadeDirectories&&) = default;
    MadeDirectories& operator=(MadeDirectories&&) = delete;
    MadeDirectories(const MadeDirectories&) = delete;
    MadeDirectories& operator=(const MadeDirectories&) = delete;
    ~MadeDirectories() { remove(); }

    // Fault::cannot_create, or input_output for want of room, with the path as `where`.
    Result<void> make(const RootDirectory& directory);

    const std::vector<RootDirectory>& made() const noexcept { return made_; }

    // Removes what was made and not kept, the innermost first; what is not empty stays.
    void remove() noexcept;
    // They stay, with their final mode.
    Result<void> keep();

private:
    std::vector<RootDirectory> made_;
};

}  // namespace kaigara::provision
