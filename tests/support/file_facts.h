// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stat() tells of a file: whether it is the very same one, untouched, as it was before.
//
//     const FileFacts before = facts_of(path);
//     ...
//     CHECK(is_untouched(path, before));
//
// A file that was written again with the same bytes has another time, one that was replaced has
// another inode, and the change time tells even what chmod and utimes do.

#include <string>
#include <vector>

#include <sys/types.h>

namespace kaigara::test {

struct FileFacts {
    ino_t inode;
    long long modified;  // in nanoseconds
    long long changed;
    mode_t mode;  // the kind of the file too
    uid_t owner;
    gid_t group;

    mode_t permissions() const noexcept { return mode & 07777U; }
    bool is_link() const noexcept;
};

// Of the name itself, also when it is a symbolic link. Throws where there is none.
FileFacts facts_of(const std::string& path);
bool is_untouched(const std::string& path, const FileFacts& before);

// Of all that is below a directory, name, inode, time and mode each, sorted: no file came, went or
// changed.
std::vector<std::string> listing_of(const std::string& directory);
// Names alone, of one directory, sorted: nothing was left beside a file.
std::vector<std::string> names_in(const std::string& directory);

}  // namespace kaigara::test
