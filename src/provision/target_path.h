// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the path of a target leads.

#include <optional>
#include <string>

#include "base/result.h"

namespace kaigara::provision {

// The path behind all symbolic links of its last part; what it names need not exist. Links that
// are no real ones, the descriptors in /proc, are not followed: what they tell to readlink(2) is
// not always a path. Fault::cannot_create.
Result<std::string> follow_links(const std::string& path);

// The descriptor that a path names: 1 for /dev/stdout and /proc/self/fd/1.
std::optional<int> own_descriptor(const std::string& path);

// Whether a path names a descriptor of some process: /proc/1/fd/2.
bool is_descriptor_of_a_process(const std::string& path);

// "." for a path without a slash.
std::string directory_of(const std::string& path);

// What stands behind its last slash.
std::string name_of(const std::string& path);

// Whether the effective user may write to it, and its file system lets anybody.
bool may_write(const std::string& path);

}  // namespace kaigara::provision
